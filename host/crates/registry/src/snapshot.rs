//! What is registered at one moment. Never changed: a writer makes the next one from it.

use std::{collections::BTreeMap, sync::Arc};

use workway_capability::fetch::{EgressPolicy, FetchClient};
use workway_model::{Definition, FileName, IntegrationId, Permissions, Timestamp};
use workway_sandbox::{CallLimits, LinkedComponent};

use super::{Phases, admission::Share, meter::Meter};

/// All integrations, and the files that never became one.
#[derive(Clone, Default)]
pub struct Snapshot {
    pub integrations: BTreeMap<IntegrationId, Arc<RegisteredIntegration>>,
    /// Files whose integration is unknown or belongs to another file.
    pub failures: BTreeMap<FileName, LoadFailure>,
}

/// One integration: at least one of `active` and `pending` is there.
#[derive(Clone)]
pub struct RegisteredIntegration {
    pub file: FileName,
    /// The version that answers calls.
    pub active: Option<Arc<Active>>,
    /// A version that waits for the operator.
    pub pending: Option<Arc<Pending>>,
    /// Why the file's current content is not what answers.
    pub last_error: Option<LoadFailure>,
}

/// What an integration's entry amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    /// Its newest version asks for more than was granted. An older one may still answer.
    PendingApproval,
}

/// A version that answers calls.
pub struct Active {
    pub definition: Definition,
    /// SHA-256 of the component's file.
    pub hash: [u8; 32],
    pub loaded_at: Timestamp,
    pub(super) component: LinkedComponent,
    /// The same permissions as in the definition, shared with running calls.
    pub(super) permissions: Arc<Permissions>,
    pub(super) egress: Arc<EgressPolicy>,
    /// Its own connections and share of name lookups. Kept across reloads, like `share`.
    pub(super) fetch: FetchClient,
    pub(super) limits: CallLimits,
    pub(super) share: Share,
    /// In the order of the definition's actions.
    pub(super) meters: Vec<Meter>,
}

/// A version that is known and waits for the operator.
pub struct Pending {
    pub definition: Definition,
    /// What it asks for beyond the grant, in words.
    pub asks: Vec<String>,
    pub(super) loaded: Loaded,
}

impl Pending {
    /// SHA-256 of the component's file.
    pub fn hash(&self) -> [u8; 32] {
        self.loaded.hash
    }
}

/// A component that was read, linked and described, and is not registered yet.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) definition: Definition,
    pub(super) component: LinkedComponent,
    pub(super) hash: [u8; 32],
    pub(super) phases: Phases,
}

/// A file that could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadFailure {
    pub message: String,
    pub at: Timestamp,
    /// The id that another file holds: when it is free, this file may have it.
    pub blocked_by: Option<IntegrationId>,
}

impl Snapshot {
    /// The integration that a file holds.
    pub fn of_file(&self, file: &FileName) -> Option<(&IntegrationId, &Arc<RegisteredIntegration>)> {
        self.integrations.iter().find(|(_, entry)| entry.file == *file)
    }

    /// The versions that answer calls.
    pub fn active(&self) -> impl Iterator<Item = &Arc<Active>> {
        self.integrations.values().filter_map(|entry| entry.active.as_ref())
    }
}

impl RegisteredIntegration {
    pub fn status(&self) -> Status {
        if self.pending.is_some() { Status::PendingApproval } else { Status::Active }
    }

    /// The definition that the entry is known by: of the version that answers, or else of the one that waits.
    pub fn definition(&self) -> Option<&Definition> {
        let active = self.active.as_ref().map(|active| &active.definition);
        active.or_else(|| self.pending.as_ref().map(|pending| &pending.definition))
    }

    pub(super) fn newest_hash(&self) -> Option<[u8; 32]> {
        let pending = self.pending.as_ref().map(|pending| pending.loaded.hash);
        pending.or_else(|| self.active.as_ref().map(|active| active.hash))
    }
}
