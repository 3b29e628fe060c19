//! A user's installation of a workflow: what is stored of it, what a write changes, and how its definition is read. Pure data: no
//! wire shape, no database.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use serde_json::Value;
use workway_model::{Timestamp, UserId};
use workway_vault::Sealed;
use workway_workflow::{
    ActionCatalogue, Problem, Trigger, WorkflowDefinition, parse, required_providers, required_scopes,
};

use super::{
    bounds::MAX_CONNECTION_ID_BYTES,
    inputs::{NewInputs, Secrets, StoredInputs},
    listing::Source,
};
use crate::fields::problem;

/// Where the connections stand in what a client sends.
const CONNECTIONS: &str = "/connections";

/// Which account an installation uses: the connection's id, by the provider's id. For a provider that is not there, it is the
/// user's default connection.
pub type Connections = BTreeMap<String, String>;

/// A user's installation. It stays when the listing goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    pub id: String,
    pub owner: UserId,
    /// The listing's id.
    pub listing: String,
    /// The listing's name.
    pub name: String,
    /// The workflow version that it runs.
    pub number: u32,
    /// The listing's current version, if its owner can see the listing.
    pub newest: Option<u32>,
    pub connections: Connections,
    pub installed_at: Timestamp,
    /// None while it is not paused.
    pub paused_at: Option<Timestamp>,
    /// None while it is installed.
    pub uninstalled_at: Option<Timestamp>,
    /// Grows with every write. Never falls, not even when it is uninstalled and installed again.
    pub revision: u64,
}

/// Whether an installation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstallationState {
    Active,
    Paused,
    Uninstalled,
}

/// Which of a user's installations to list, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstallationFilter {
    /// Only of the listing with this id.
    pub listing: Option<String>,
    /// Only in this state. None keeps all that are installed.
    pub state: Option<InstallationState>,
}

/// A page of installations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstallationPage {
    pub installations: Vec<Installation>,
    /// The id after which the next page begins; none on the last one.
    pub next: Option<String>,
}

/// The definition that an installation runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledDefinition {
    /// Its JSON.
    pub json: String,
    /// The author's text, if it was stored.
    pub source: Option<Source>,
}

/// An installation as it is stored, with everything that a run of it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    pub installation: Installation,
    pub definition: InstalledDefinition,
    pub inputs: StoredInputs,
    /// The secret part of the webhook's address, sealed.
    pub webhook: Option<Vec<u8>>,
}

/// An installation as its owner sees it.
#[derive(Clone, Debug)]
pub struct InstallationDetail {
    pub installation: Installation,
    pub definition: InstalledDefinition,
    /// A JSON object of the inputs that are not secret.
    pub inputs: String,
    /// The names of the secret inputs that have a value.
    pub secret_inputs: Vec<String>,
    /// The secret part of the webhook's address, if the workflow has a webhook.
    pub webhook: Option<SecretString>,
}

/// An installation as runs of it need it.
#[derive(Clone, Debug)]
pub struct RunnableInstallation {
    pub id: String,
    pub owner: UserId,
    /// The listing's id.
    pub listing: String,
    /// The workflow version that it runs.
    pub number: u32,
    /// The definition's JSON.
    pub definition: String,
    /// An object of the inputs that are not secret.
    pub inputs: Value,
    pub secrets: Secrets,
    pub connections: Connections,
    pub state: InstallationState,
    /// Grows with every write: what follows from an older revision is out of date.
    pub revision: u64,
    /// The secret part of the webhook's address, if the workflow has a webhook.
    pub webhook: Option<SecretString>,
}

/// What a write changes of an installation. Everything else stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct InstallationWrite {
    /// The workflow version that it runs.
    pub number: Option<u32>,
    pub inputs: Option<NewInputs>,
    pub connections: Option<Connections>,
    /// When it was paused; `Some(None)` resumes it.
    pub paused_at: Option<Option<Timestamp>>,
    /// The secret part of the webhook's address; `Some(None)` removes it.
    pub webhook: Option<Option<Sealed>>,
}

impl InstallationState {
    fn of(paused_at: Option<Timestamp>, uninstalled_at: Option<Timestamp>) -> Self {
        match (paused_at, uninstalled_at) {
            (_, Some(_)) => Self::Uninstalled,
            (Some(_), None) => Self::Paused,
            (None, None) => Self::Active,
        }
    }
}

impl Installation {
    pub fn state(&self) -> InstallationState {
        InstallationState::of(self.paused_at, self.uninstalled_at)
    }
}

/// A definition that was stored, with the providers at which a user needs an account, as far as the catalogue knows.
pub(super) struct StoredDefinition {
    pub(super) workflow: WorkflowDefinition,
    pub(super) providers: Vec<String>,
    /// The scopes that it needs, by provider.
    pub(super) scopes: BTreeMap<String, BTreeSet<String>>,
}

impl StoredDefinition {
    pub(super) fn parse(json: &str, known: &dyn ActionCatalogue) -> Result<Self, Vec<Problem>> {
        // It was JSON when it was stored.
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        // Rules that are newer than the version.
        let workflow = parse(&value).map_err(|_| {
            let message = "this version of the workflow breaks a rule of definitions that is newer than it: ask its \
                           developer for a new version";
            vec![Problem::new("", message)]
        })?;
        let providers = required_providers(&workflow, known).iter().map(ToString::to_string).collect();
        let scopes =
            required_scopes(&workflow, known).into_iter().map(|(provider, scopes)| (provider.to_string(), scopes));
        let scopes = scopes.collect();
        Ok(Self { workflow, providers, scopes })
    }

    pub(super) fn has_webhook(&self) -> bool {
        matches!(self.workflow.trigger, Trigger::Webhook { .. })
    }

    /// Everything that is wrong with the form of connections that a user chose.
    pub(super) fn check_connections(&self, connections: &Connections) -> Vec<Problem> {
        let wrong = |(provider, id): (&String, &String)| {
            let message = if !self.providers.contains(provider) {
                let uses = self.providers.join(", ");
                match self.providers.len() {
                    0 => "this version of the workflow uses no connections: leave it out".to_owned(),
                    _ => format!("this version of the workflow uses connections of {uses}, and not of this provider"),
                }
            } else if id.is_empty() || id.len() > MAX_CONNECTION_ID_BYTES {
                format!("a connection's id must have 1 to {MAX_CONNECTION_ID_BYTES} bytes (got {})", id.len())
            } else {
                return None;
            };
            Some(problem(&connection_pointer(provider), message))
        };
        connections.iter().filter_map(wrong).collect()
    }
}

/// Whether a stored definition has a webhook.
pub(super) fn has_webhook(json: &str, known: &dyn ActionCatalogue) -> bool {
    StoredDefinition::parse(json, known).is_ok_and(|definition| definition.has_webhook())
}

/// Where the connection of a provider stands in what a client sends.
pub(super) fn connection_pointer(provider: &str) -> String {
    workway_model::child(CONNECTIONS, provider)
}
