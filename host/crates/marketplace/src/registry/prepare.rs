//! Makes a write of an installation from what a user sent: it has to fit the definition that the installation runs then.

use serde_json::{Map, Value};
use workway_workflow::Problem;

use super::{Actor, WorkflowRegistry};
use crate::{
    error::MarketplaceError,
    inputs::{CheckedInputs, Secrets},
    installation::{Connections, InstallationWrite, Installed, StoredDefinition, connection_pointer},
    webhook,
};

/// What a user changes of an installation. What is none stays.
#[derive(Clone, Default)]
pub struct InstallationChange {
    /// All inputs. Secrets that are left out stay.
    pub inputs: Option<Map<String, Value>>,
    /// All connections.
    pub connections: Option<Connections>,
}

/// What an installation has before a write.
#[derive(Clone, Default)]
pub(super) struct Present {
    pub(super) inputs: Map<String, Value>,
    pub(super) secrets: Secrets,
    pub(super) connections: Connections,
    pub(super) has_webhook: bool,
}

/// Inputs and connections that fit a definition.
pub(super) struct Prepared {
    inputs: CheckedInputs,
    connections: Connections,
    has_webhook: bool,
}

impl InstallationChange {
    pub(super) fn is_empty(&self) -> bool {
        self.inputs.is_none() && self.connections.is_none()
    }
}

impl Prepared {
    /// Checks a change against the definition that the installation runs with it.
    pub(super) fn check(
        definition: &StoredDefinition,
        present: Present,
        change: InstallationChange,
    ) -> Result<Self, Vec<Problem>> {
        let inputs = change.inputs.unwrap_or(present.inputs);
        let checked = CheckedInputs::check(&definition.workflow, inputs, present.secrets);
        let (connections, mut problems) = match change.connections {
            Some(given) => {
                let problems = definition.check_connections(&given);
                (given, problems)
            }
            None => {
                let kept = present.connections.into_iter();
                (kept.filter(|(provider, _)| definition.providers.contains(provider)).collect(), Vec::new())
            }
        };
        match checked {
            Ok(inputs) if problems.is_empty() => {
                Ok(Self { inputs, connections, has_webhook: definition.has_webhook() })
            }
            checked => {
                problems.extend(checked.err().into_iter().flatten());
                Err(problems)
            }
        }
    }

    /// The inputs that are not secret, those that are, and the connections.
    pub(super) fn into_parts(self) -> (Value, Secrets, Connections) {
        let (plain, secrets) = self.inputs.into_parts();
        (plain, secrets, self.connections)
    }
}

impl WorkflowRegistry {
    /// What is there of an installation, its secrets opened.
    pub(super) fn present(&self, installed: &Installed) -> Result<Present, MarketplaceError> {
        let installation = &installed.installation;
        Ok(Present {
            inputs: installed.inputs.plain(),
            secrets: installed.inputs.open(&self.0.vault, &installation.owner, &installation.listing)?,
            connections: installation.connections.clone(),
            has_webhook: installed.webhook.is_some(),
        })
    }

    /// The write that makes a change of the actor's installation of a listing, which runs this definition then.
    pub(super) async fn prepare(
        &self,
        actor: &Actor,
        listing: &str,
        definition: &str,
        present: Present,
        change: InstallationChange,
    ) -> Result<InstallationWrite, MarketplaceError> {
        let had_webhook = present.has_webhook;
        let given = change.connections.clone().unwrap_or_default();
        let definition = definition.to_owned();
        let prepared = self
            .checking(move |known| Prepared::check(&StoredDefinition::parse(&definition, known)?, present, change))
            .await?
            .map_err(MarketplaceError::InvalidInputs)?;
        self.check_owned(actor, &given).await?;
        let (vault, user) = (&self.0.vault, &actor.user);
        let webhook = match (had_webhook, prepared.has_webhook) {
            (false, true) => Some(Some(webhook::new_token(vault, user, listing)?)),
            (true, false) => Some(None),
            _ => None,
        };
        Ok(InstallationWrite {
            inputs: Some(prepared.inputs.seal(vault, user, listing)?),
            connections: Some(prepared.connections),
            webhook,
            ..InstallationWrite::default()
        })
    }

    /// Whether the connections are the actor's own, each of its provider.
    pub(super) async fn check_owned(&self, actor: &Actor, connections: &Connections) -> Result<(), MarketplaceError> {
        let mut problems = Vec::new();
        for (provider, id) in connections {
            if !self.0.store.has_connection(actor.user.as_str(), provider, id).await? {
                let message = format!("unknown connection {id:?} of {provider}: GET /oauth/connections lists yours");
                problems.push(Problem::new(&connection_pointer(provider), message));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(MarketplaceError::InvalidInputs(problems)) }
    }
}
