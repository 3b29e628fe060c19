//! Tries a developer's own workflow without an installation: the definition has to be whole and valid, and the inputs and
//! connections have to fit it, as if it were installed. Nothing is stored.

use serde_json::{Map, Value};
use workway_workflow::{Problem, WorkflowDefinition};

use super::{
    Actor, WorkflowRegistry,
    prepare::{InstallationChange, Prepared, Present},
};
use crate::{
    error::MarketplaceError,
    inputs::Secrets,
    installation::{Connections, StoredDefinition},
};

/// A workflow that its developer can try.
#[derive(Clone, Debug)]
pub struct RunnableDraft {
    /// The listing's id.
    pub listing: String,
    pub definition: WorkflowDefinition,
    /// An object of the inputs that are not secret.
    pub inputs: Value,
    pub secrets: Secrets,
    pub connections: Connections,
}

impl WorkflowRegistry {
    /// One of the actor's own workflows, in any state, with inputs and connections that fit its newest version.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`], [`MarketplaceError::NotOwner`]; [`MarketplaceError::Invalid`] if something is wrong
    /// with the definition; [`MarketplaceError::InvalidInputs`]; the store fails.
    pub async fn runnable_draft(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        inputs: Map<String, Value>,
        connections: Connections,
    ) -> Result<RunnableDraft, MarketplaceError> {
        let listing = self.get_workflow(id_or_slug, Some(actor)).await?;
        if !actor.owns(&listing.summary) {
            return Err(MarketplaceError::NotOwner);
        }
        // It was JSON when it was stored.
        let value: Value = serde_json::from_str(&listing.definition).unwrap_or_default();
        self.checked(&value, listing.source.as_ref()).await?.map_err(MarketplaceError::Invalid)?;
        let (text, given) = (listing.definition.clone(), connections.clone());
        let change = InstallationChange { inputs: Some(inputs), connections: Some(connections) };
        let (definition, prepared) = self
            .checking(move |known| {
                let stored = StoredDefinition::parse(&text, known)?;
                let prepared = Prepared::check(&stored, Present::default(), change)?;
                Ok::<_, Vec<Problem>>((stored.workflow, prepared))
            })
            .await?
            .map_err(MarketplaceError::InvalidInputs)?;
        self.check_owned(actor, &given).await?;
        let (inputs, secrets, connections) = prepared.into_parts();
        Ok(RunnableDraft { listing: listing.summary.id.clone(), definition, inputs, secrets, connections })
    }
}
