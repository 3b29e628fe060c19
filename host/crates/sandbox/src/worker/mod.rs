//! Compiles components in a process of its own, with limits on what a compile may use. The process is started on demand,
//! stays warm for the next small component, and is killed at a limit.
//!
//! This bounds hangs, memory and crashes of the compiler. It does not contain a compiler that a component has taken over:
//! the host maps and runs the code that it is sent.
//!
//! | file | which side | what for |
//! | --- | --- | --- |
//! | `limits` | both | what a compile may use, by the size of the component |
//! | `protocol` | both | what the two say to each other |
//! | `pool` | the host | which processes there are, and what the end of one means |
//! | `process` | the host | one process |
//! | `child` | the worker | the loop of the worker |
//! | `confine` | the worker | the limits that the system enforces |

mod child;
mod confine;
mod limits;
mod pool;
mod process;
mod protocol;

#[cfg(test)]
mod tests;

use std::{ffi::OsString, path::PathBuf};

pub use child::run_compile_worker;
pub use limits::CompileLimits;
pub use protocol::MAX_COMPONENT_BYTES;

pub(crate) use pool::{Compiled, WorkerPool};

/// The program that compiles components. It has to call [`run_compile_worker`], and has to be of the same build as the
/// host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileWorker {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub limits: CompileLimits,
}

impl CompileWorker {
    /// The program that is running right now, also after its file was replaced.
    pub fn this_program(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self::program("/proc/self/exe", arguments)
    }

    /// A program, with the usual limits.
    pub fn program(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.into(), arguments, limits: CompileLimits::default() }
    }
}
