//! Messages to a run from outside, and the events that they become.

use serde::{Deserialize, Serialize};
use workway_reducer::{EventKind, Record, Resolution, StepPath};

use crate::{
    InboxMessage, RunId,
    history::{History, HistoryError},
};

/// The kind of a request to cancel, which has no body.
pub const CANCEL: &str = "cancel";
/// The kind of a [`Resolved`].
pub(crate) const RESOLVE: &str = "resolve";

/// What came of an attempt with an unknown outcome, as its owner says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Resolved {
    pub(crate) path: StepPath,
    pub(crate) attempt: u32,
    pub(crate) resolution: Resolution,
}

pub(crate) fn seal(history: &History, run: &RunId, resolved: &Resolved) -> Result<Vec<u8>, HistoryError> {
    let text = serde_json::to_vec(resolved);
    let text = text.map_err(|error| HistoryError::Damaged { run: run.clone(), reason: error.to_string() })?;
    history.seal_text(run, &[RESOLVE], &text)
}

/// The event that a message becomes.
pub(crate) async fn record(history: &History, run: &RunId, message: &InboxMessage) -> Result<Record, HistoryError> {
    let damaged = |reason: String| HistoryError::Damaged { run: run.clone(), reason };
    match message.kind.as_str() {
        CANCEL => Ok(Record { path: StepPath::RUN, attempt: 0, kind: EventKind::CancelRequested }),
        RESOLVE => {
            let text = history.open_text(run, &[RESOLVE], &message.body).await?;
            let Resolved { path, attempt, resolution } =
                serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
            Ok(Record { path, attempt, kind: EventKind::Resolved(resolution) })
        }
        other => Err(damaged(format!("an unknown message {other:?}"))),
    }
}
