//! What work may take of the machine: one byte budget for the process, a share of it for each client, and places for work
//! that occupies a core.
//!
//! Work reserves bytes before it allocates them, and returns them when it drops the reservation. Nothing here measures
//! allocations: callers reserve an upper bound of what they are about to use.

mod machine;
mod memory;
mod share;

pub use machine::available_memory;
pub use memory::{HeldMemory, OutOfMemory};
pub use share::{Cancelled, Resources, Share};
