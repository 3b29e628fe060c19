//! Integrations and their actions.

pub(in crate::http) mod actions;
pub(in crate::http) mod activation;
pub(in crate::http) mod events;
pub(in crate::http) mod integrations;
pub(in crate::http) mod stats;

use std::time::Duration;

use workway_api::registry::{LoadError, LoadPhases};
use workway_registry::{LoadFailure, Phases};

fn load_phases(phases: Phases) -> LoadPhases {
    LoadPhases {
        read_ms: milliseconds(phases.read),
        compile_ms: milliseconds(phases.compile),
        link_ms: milliseconds(phases.link),
        describe_ms: milliseconds(phases.describe),
        swap_ms: milliseconds(phases.swap),
    }
}

fn load_error(failure: &LoadFailure) -> LoadError {
    LoadError { message: failure.message.clone(), at: failure.at }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
