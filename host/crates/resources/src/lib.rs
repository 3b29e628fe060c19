//! What work may take of the machine: one byte budget for the process, a share of it for each client, and places for work
//! that occupies a core.
//!
//! Work takes bytes before it allocates them, and gives them back when it drops what it holds. Nothing here measures what
//! was really allocated: callers ask for an upper bound of what they are about to use.

mod machine;
mod memory;
mod share;

pub use machine::available_memory;
pub use memory::{HeldMemory, OutOfMemory};
pub use share::{Cancelled, Resources, Share};
