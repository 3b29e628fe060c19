//! Runs components: one engine, and for every call a fresh store with limits, a deadline and the capabilities that the
//! caller hands in. Knows nothing of files, grants, users' rights or HTTP, and keeps nothing between calls.

mod component;
mod engine;
mod error;
mod inspect;
mod invocation;
mod limits;
mod output;
mod state;

pub use component::{LinkedComponent, LoadError};
pub use engine::{Runtime, RuntimeError};
pub use error::{CallError, Limit};
pub use inspect::{Inspection, Refusal, inspect};
pub use invocation::{Call, DESCRIBE_LIMITS};
