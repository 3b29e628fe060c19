//! Why a call gave no output, with the party to blame in the type.

use wasmtime::{PoolConcurrencyLimitError, Trap};
use workway_model::Failure;

use super::state::GuestState;

/// The longest account of a trap, in characters.
const MAX_TRAP_TEXT: usize = 1_000;

/// A call that gave no output.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The guest said so, in the contract's terms.
    #[error("{}: {}", .0.kind.as_str(), .0.message)]
    Failed(Failure),
    /// The guest wanted more than it was given.
    #[error("{0}")]
    Limit(Limit),
    /// The guest broke: it trapped, exited, or handed over something that is no value of its type.
    #[error("the integration crashed: {0}")]
    Trapped(String),
    /// The guest's output is not JSON.
    #[error("the integration's output is not JSON: {0}")]
    BadOutput(String),
    /// The component does not export the interface that was to be called.
    #[error("the integration does not export the interface `{0}`")]
    NotOffered(&'static str),
    /// The guest kept its limits, but the host has no memory left for it.
    #[error("the host's memory is in use (limits.total_memory): try again later")]
    NoMemory,
    /// Every slot of the pool is taken.
    #[error("the host is at its limit of concurrent calls: try again later")]
    Busy,
    /// This host's own fault.
    #[error("the host failed: {0:#}")]
    Host(wasmtime::Error),
}

/// Which bound a call ran into. The texts name the setting that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    #[error("the integration used up its CPU time (limits.cpu_ms)")]
    Cpu,
    #[error("the call took too long (limits.wall_ms)")]
    Wall,
    #[error("the integration used up its memory (limits.memory_bytes)")]
    Memory,
    #[error("the integration used up its stack")]
    Stack,
    #[error("the integration passed more data than the host accepts (limits.body_bytes)")]
    Transfer,
}

/// How far a call had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Instantiating,
    Running,
}

impl CallError {
    /// Reads what the runtime reports together with what the store noted.
    pub(super) fn read(error: wasmtime::Error, stage: Stage, state: &GuestState) -> Self {
        let last_words = state.last_words();
        if error.is::<PoolConcurrencyLimitError>() {
            return Self::Busy;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => return Self::Limit(Limit::Stack),
            Some(Trap::Interrupt) => return Self::Limit(Limit::Cpu),
            _ => {}
        }
        if state.memory.starved() {
            return Self::NoMemory;
        }
        if state.memory.refused() {
            return Self::Limit(Limit::Memory);
        }
        // The runtime has no type for this one; a test of ours breaks if the words change.
        if error.root_cause().to_string().contains("fuel allocated for hostcalls") {
            return Self::Limit(Limit::Transfer);
        }
        if stage == Stage::Instantiating && !error.is::<Trap>() {
            return Self::Host(error);
        }
        let mut text = error.root_cause().to_string();
        if !last_words.is_empty() {
            text = format!("{text}; it last wrote: {last_words}");
        }
        Self::Trapped(text.chars().take(MAX_TRAP_TEXT).collect())
    }
}
