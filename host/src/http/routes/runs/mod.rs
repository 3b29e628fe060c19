//! Runs of workflows: starting, reading, following and steering them, and the addresses of webhooks.

mod convert;

pub(in crate::http) mod control;
pub(in crate::http) mod events;
pub(in crate::http) mod read;
pub(in crate::http) mod start;
pub(in crate::http) mod webhooks;

use workway_api::error::ErrorCode;
use workway_reducer::{StepPath, StepPathError};
use workway_runs::{RunHistory, RunId, RunSummary};

use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, extract::clipped, middleware::admission::RequestMemory},
};

/// Bytes of memory for each byte of a history: its sealed events, its values, and their text in the answer.
const HISTORY_FACTOR: u64 = 6;

/// One of the caller's runs.
async fn own_run(app: &App, caller: &Caller, id: &str) -> Result<RunSummary, ApiError> {
    Ok(app.runs().find(&caller.user, &RunId::from_text(id)).await?)
}

/// One of the caller's runs, with memory for its whole history.
async fn own_run_in_memory(
    app: &App,
    caller: &Caller,
    id: &str,
    memory: &RequestMemory,
) -> Result<RunSummary, ApiError> {
    let summary = own_run(app, caller, id).await?;
    memory.take(summary.bytes.saturating_mul(HISTORY_FACTOR)).await?;
    Ok(summary)
}

/// The history of one of the caller's runs.
async fn own_history(app: &App, caller: &Caller, id: &str, memory: &RequestMemory) -> Result<RunHistory, ApiError> {
    let summary = own_run_in_memory(app, caller, id, memory).await?;
    Ok(app.runs().history(&caller.user, &summary.id).await?)
}

/// The path of a step that a caller names.
fn step_path(text: &str) -> Result<StepPath, ApiError> {
    text.parse().map_err(|error: StepPathError| ApiError::not_found(ErrorCode::StepNotFound, error.to_string()))
}

fn unknown_value(path: &str) -> ApiError {
    let detail = match path {
        "" => "the run has no such value".to_owned(),
        path => format!("the step \"{}\" has no such value, or never began", clipped(path)),
    };
    ApiError::not_found(ErrorCode::StepNotFound, detail)
}
