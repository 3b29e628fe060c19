//! Starts the runs of schedules when their time has come, and keeps triggers in line with the installations that they belong to.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio_util::sync::CancellationToken;
use workway_model::Timestamp;
use workway_workflow::{Trigger, WorkflowDefinition};

use crate::{
    Installation, Origin, RunStoreError, TriggerKind, TriggerRow,
    engine::Engine,
    start::{NewStart, StartError},
};

/// How often schedules are looked at without being told: another process may have changed one, and the clock may be set.
const LOOK: Duration = Duration::from_secs(1);
/// Schedules that are started in one round.
const AT_ONCE: u32 = 100;
/// Installations that are compared at once.
const COMPARED_AT_ONCE: u32 = 500;
/// How often all installations are compared with their triggers.
const SWEEP: Duration = Duration::from_secs(600);
