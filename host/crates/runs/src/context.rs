//! What a run is driven with beside its history: secrets and accounts of its installation, or what a draft was tried with.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use workway_model::ProviderId;
use workway_reducer::Event;

use crate::{
    Installations, RunId, RunStoreError, StoredEvent,
    history::{History, HistoryError},
};

/// The kind of the event of a draft's run that holds a [`Draft`]. The reducer never sees it.
pub(crate) const DRAFT: &str = "draft";

/// What a draft is tried with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// Outputs by the ids of steps. With them no action is called: a step without one fails.
    pub mocks: Option<BTreeMap<String, Value>>,
    pub connections: BTreeMap<ProviderId, String>,
    /// Secret inputs. The event that holds them is sealed, and shown to nobody.
    pub secrets: BTreeMap<String, String>,
}

/// What a run is driven with.
#[derive(Default)]
pub(crate) struct RunContext {
    pub(crate) secrets: BTreeMap<String, SecretString>,
    pub(crate) connections: BTreeMap<ProviderId, String>,
    pub(crate) mocks: Option<BTreeMap<String, Value>>,
}

impl RunContext {
    /// The context of a run. None if its installation is gone: the run is to be cancelled.
    pub(crate) async fn find(
        installations: &dyn Installations,
        installation: Option<&str>,
        draft: Option<Draft>,
    ) -> Result<Option<Self>, RunStoreError> {
        let Some(id) = installation else {
            let Draft { mocks, connections, secrets } = draft.unwrap_or_default();
            let secrets = secrets.into_iter().map(|(name, secret)| (name, secret.into())).collect();
            return Ok(Some(Self { secrets, connections, mocks }));
        };
        let found = installations.find(id).await?.filter(|found| !found.is_uninstalled);
        Ok(found.map(|found| Self { secrets: found.secrets, connections: found.connections, mocks: None }))
    }

    /// Opens the events of a run, and takes out the one that is for drafts.
    pub(crate) async fn split(
        history: &History,
        run: &RunId,
        stored: &[StoredEvent],
    ) -> Result<(Option<Draft>, Vec<Event>), HistoryError> {
        let (drafts, stored): (Vec<StoredEvent>, Vec<StoredEvent>) =
            stored.iter().cloned().partition(|stored| stored.event.kind == DRAFT);
        let draft = match drafts.first() {
            None => None,
            Some(stored) => {
                let text = history.open_text(run, &[DRAFT], &stored.event.body).await?;
                let damaged =
                    |error: serde_json::Error| HistoryError::Damaged { run: run.clone(), reason: error.to_string() };
                Some(serde_json::from_slice(&text).map_err(damaged)?)
            }
        };
        Ok((draft, history.open_all(run, &stored).await?))
    }
}
