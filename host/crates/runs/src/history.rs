//! Events as they are stored: the body of each is JSON, sealed for its place in its run.

use std::sync::Arc;

use workway_reducer::{Event, EventKind, StepPath};
use workway_vault::{DataKeys, VaultError};

use crate::{NewEvent, RunId, RunStoreError, StoredEvent};

/// Seals events and opens them again.
#[derive(Clone, Debug)]
pub(crate) struct History {
    keys: Arc<DataKeys>,
}

/// Why an event was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error("an event of {run} cannot be read or written: {source}")]
    Sealed { run: RunId, source: VaultError },
    #[error("an event of {run} makes no sense: {reason}")]
    Damaged { run: RunId, reason: String },
}

impl From<HistoryError> for RunStoreError {
    fn from(error: HistoryError) -> Self {
        match error {
            // The key may come, and random numbers too.
            HistoryError::Sealed { source: VaultError::OtherKey { .. } | VaultError::Seal(_), .. } => {
                Self::Unavailable(error.to_string())
            }
            HistoryError::Sealed { .. } | HistoryError::Damaged { .. } => Self::Damaged(error.to_string()),
        }
    }
}

impl History {
    pub(crate) fn new(keys: Arc<DataKeys>) -> Self {
        Self { keys }
    }

    pub(crate) fn seal(&self, run: &RunId, event: &Event) -> Result<NewEvent, HistoryError> {
        let (path, kind) = (event.path.to_string(), event.kind.name());
        let damaged = |reason: String| HistoryError::Damaged { run: run.clone(), reason };
        let text = serde_json::to_vec(&event.kind).map_err(|error| damaged(error.to_string()))?;
        let body = self.seal_text(run, &[&path, &event.attempt.to_string(), kind], &text)?;
        Ok(NewEvent { path, attempt: event.attempt, kind: kind.to_owned(), at: event.at, body })
    }

    pub(crate) async fn open(&self, run: &RunId, stored: &StoredEvent) -> Result<Event, HistoryError> {
        let NewEvent { path, attempt, kind, at, body } = &stored.event;
        let text = self.open_text(run, &[path, &attempt.to_string(), kind], body).await?;
        let damaged = |reason: String| HistoryError::Damaged { run: run.clone(), reason };
        let kind: EventKind = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let path: StepPath =
            path.parse().map_err(|error: workway_reducer::StepPathError| damaged(error.to_string()))?;
        Ok(Event { path, attempt: *attempt, at: *at, kind })
    }

    /// Opens events in their order.
    pub(crate) async fn open_all(&self, run: &RunId, stored: &[StoredEvent]) -> Result<Vec<Event>, HistoryError> {
        let mut events = Vec::with_capacity(stored.len());
        for one in stored {
            events.push(self.open(run, one).await?);
        }
        Ok(events)
    }

    /// Seals a text of a run that is no event.
    pub(crate) fn seal_text(&self, run: &RunId, place: &[&str], text: &[u8]) -> Result<Vec<u8>, HistoryError> {
        let sealed = self.keys.seal(&context(run, place), text);
        sealed.map_err(|source| HistoryError::Sealed { run: run.clone(), source })
    }

    pub(crate) async fn open_text(&self, run: &RunId, place: &[&str], body: &[u8]) -> Result<Vec<u8>, HistoryError> {
        let context = context(run, place);
        let mut opened = self.keys.open(&context, body);
        // Another process may have added a key.
        if matches!(opened, Err(VaultError::OtherKey { .. })) && self.keys.refresh().await.is_ok() {
            opened = self.keys.open(&context, body);
        }
        opened.map(|text| text.to_vec()).map_err(|source| HistoryError::Sealed { run: run.clone(), source })
    }
}

fn context<'a>(run: &'a RunId, place: &[&'a str]) -> Vec<&'a str> {
    [&["run", run.as_str()], place].concat()
}
