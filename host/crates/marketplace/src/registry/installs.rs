//! Installing and uninstalling by the workflow: what users do with the listings of others. `installations` changes what is
//! installed.

use std::sync::Arc;

use workway_model::Timestamp;

use super::{
    Actor, MAX_ATTEMPTS, WorkflowRegistry,
    prepare::{InstallationChange, Present},
    read::{clipped, unknown},
};
use crate::{
    error::MarketplaceError,
    installation::{Installation, InstallationDetail},
    listing::{PricingModel, Status, Summary},
    store::StoreError,
};

impl WorkflowRegistry {
    /// Installs a workflow for the actor with these inputs and connections, and counts a user who never had it. Of what is
    /// installed only the inputs and connections are replaced that are given: without any, nothing changes, and a secret that is
    /// left out stays. True if it was not installed.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`], [`MarketplaceError::NotPublished`] (an own one),
    /// [`MarketplaceError::PaymentRequired`], [`MarketplaceError::InvalidInputs`]; a secret of before cannot be opened, or the
    /// store fails.
    pub async fn increment_install_count(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        change: InstallationChange,
    ) -> Result<(Installation, bool), MarketplaceError> {
        let mut listing = self.get_workflow(id_or_slug, Some(actor)).await?;
        for _ in 0..MAX_ATTEMPTS {
            let summary = &listing.summary;
            check_installable(actor, summary)?;
            let found = self.0.store.installation(&summary.id, actor.user.as_str()).await?;
            let before = found.as_ref().map(|installed| installed.installation.revision);
            let active = found.filter(|installed| installed.installation.uninstalled_at.is_none());
            let write = match &active {
                Some(installed) if change.is_empty() => return Ok((installed.installation.clone(), false)),
                // It stays on the version that it runs.
                Some(installed) => self.write_change(actor, installed, change.clone()).await?,
                None => {
                    self.prepare(actor, &summary.id, &listing.definition, Present::default(), change.clone()).await?
                }
            };
            let (doc, version, user) = (summary.doc, summary.version, actor.user.as_str());
            match self.0.store.install(doc, version, user, &write, before, Timestamp::now()).await {
                Ok(Some(installed)) => {
                    if installed.1 {
                        self.invalidate_cache();
                    }
                    return Ok(installed);
                }
                // Its owner changed it since it was read, perhaps so that it cannot be installed any more.
                Ok(None) => {}
                Err(StoreError::StaleKey) if self.0.vault.catch_up().await => {}
                Err(error) => return Err(error.into()),
            }
            let found = self.0.store.find(&summary.id, actor.sight()).await?;
            listing = found.map(Arc::new).ok_or_else(|| unknown(id_or_slug))?;
        }
        Err(StoreError::Unavailable("the workflow is being changed: try again".to_owned()).into())
    }

    /// Uninstalls a workflow by its id, also one that is no longer there, and deletes its inputs. What is not installed stays so.
    /// Returns the id of the actor's installation, if there ever was one.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`] for what the actor never could install; the store fails.
    pub async fn decrement_active_install_count(
        &self,
        actor: &Actor,
        id_or_slug: &str,
    ) -> Result<Option<String>, MarketplaceError> {
        let id = match self.get_workflow(id_or_slug, Some(actor)).await {
            Ok(listing) => listing.summary.id.clone(),
            Err(MarketplaceError::UnknownListing(_)) => {
                self.get_installation(actor, id_or_slug).await.map_err(|_| unknown(id_or_slug))?;
                id_or_slug.to_owned()
            }
            Err(error) => return Err(error),
        };
        if self.0.store.uninstall(&id, actor.user.as_str(), None, Timestamp::now()).await? {
            self.invalidate_cache();
        }
        let installed = self.0.store.installation(&id, actor.user.as_str()).await?;
        Ok(installed.map(|installed| installed.installation.id))
    }

    /// The actor's installation of a workflow, by the workflow's id (or slug, as long as it is listed), with the definition that
    /// it runs and its inputs.
    ///
    /// # Errors
    /// [`MarketplaceError::NotInstalled`]; the store fails.
    pub async fn get_installation(
        &self,
        actor: &Actor,
        id_or_slug: &str,
    ) -> Result<InstallationDetail, MarketplaceError> {
        let id = match self.get_workflow(id_or_slug, Some(actor)).await {
            Ok(listing) => listing.summary.id.clone(),
            Err(MarketplaceError::UnknownListing(_)) => clipped(id_or_slug),
            Err(error) => return Err(error),
        };
        let found = self.0.store.installation(&id, actor.user.as_str()).await?;
        self.detail(found.ok_or(MarketplaceError::NotInstalled)?)
    }
}

/// Whether the actor, who sees a listing, can install it as it is.
pub(super) fn check_installable(actor: &Actor, listing: &Summary) -> Result<(), MarketplaceError> {
    if listing.status != Status::Published {
        return Err(MarketplaceError::NotPublished(listing.status));
    }
    if listing.pricing.model != PricingModel::Free && !actor.owns(listing) {
        return Err(MarketplaceError::PaymentRequired { cents: listing.pricing.cents });
    }
    Ok(())
}
