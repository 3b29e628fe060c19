//! Installing, uninstalling and reviewing: what users do with the listings of others.

use std::sync::Arc;

use serde_json::{Map, Value};
use workway_model::Timestamp;

use super::{
    Actor, MAX_ATTEMPTS, WorkflowRegistry,
    read::{clipped, unknown},
};
use crate::{
    bounds::MAX_REVIEW_CHARS,
    error::MarketplaceError,
    fields::{longer, nul, problem},
    inputs::{CheckedInputs, Secrets},
    listing::{Installation, Installed, PricingModel, Review, Status, Summary},
    store::{Reviewed, StoreError},
};

impl WorkflowRegistry {
    /// Installs a workflow for the actor with these inputs, and counts a user who never had it. Of what is installed only the
    /// inputs are replaced: without any, nothing changes, and a secret that is left out stays. True if it was not installed.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`], [`MarketplaceError::NotPublished`] (an own one),
    /// [`MarketplaceError::PaymentRequired`], [`MarketplaceError::InvalidInputs`]; a secret of before cannot be opened, or the
    /// store fails.
    pub async fn increment_install_count(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        inputs: Option<Map<String, Value>>,
    ) -> Result<(Installation, bool), MarketplaceError> {
        let mut listing = self.get_workflow(id_or_slug, Some(actor)).await?;
        for _ in 0..MAX_ATTEMPTS {
            let summary = &listing.summary;
            check_installable(actor, summary)?;
            let found = self.0.store.installation(&summary.id, actor.user.as_str()).await?;
            let before = found.as_ref().map(|installed| installed.inputs.revision);
            let active = found.filter(|installed| installed.installation.uninstalled_at.is_none());
            let (definition, kept) = match (&active, &inputs) {
                (Some(installed), None) => return Ok((installed.installation.clone(), false)),
                // It stays on the version that it runs.
                (Some(installed), Some(_)) => (&installed.definition.json, self.open(actor, installed)?),
                (None, _) => (&listing.definition, Secrets::new()),
            };
            let (definition, given) = (definition.clone(), inputs.clone().unwrap_or_default());
            let checked = self.checking(move |_| CheckedInputs::check(&definition, given, kept)).await?;
            let checked = checked.map_err(MarketplaceError::InvalidInputs)?;
            let sealed = checked.seal(&self.0.vault, &actor.user, &summary.id)?;
            let (doc, version, user) = (summary.doc, summary.version, actor.user.as_str());
            match self.0.store.install(doc, version, user, &sealed, before, Timestamp::now()).await {
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

    /// The inputs of the actor's installation for a run of it: an object of those that are not secret, and those that are. The
    /// object never holds a secret. See [`Self::get_installation`].
    ///
    /// # Errors
    /// [`MarketplaceError::NotInstalled`], also for what was uninstalled; a secret cannot be opened, or the store fails.
    pub async fn installation_inputs(
        &self,
        actor: &Actor,
        id_or_slug: &str,
    ) -> Result<(Value, Secrets), MarketplaceError> {
        let installed = self.get_installation(actor, id_or_slug).await?;
        if installed.installation.uninstalled_at.is_some() {
            return Err(MarketplaceError::NotInstalled);
        }
        // It was JSON when it was stored.
        let plain = serde_json::from_str(&installed.inputs.plain).unwrap_or_default();
        Ok((plain, self.open(actor, &installed)?))
    }

    fn open(&self, actor: &Actor, installed: &Installed) -> Result<Secrets, MarketplaceError> {
        Ok(installed.inputs.open(&self.0.vault, &actor.user, &installed.installation.listing)?)
    }

    /// Uninstalls a workflow by its id, also one that is no longer there, and deletes its inputs. What is not installed stays so.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`] for what the actor never could install; the store fails.
    pub async fn decrement_active_install_count(
        &self,
        actor: &Actor,
        id_or_slug: &str,
    ) -> Result<(), MarketplaceError> {
        let id = match self.get_workflow(id_or_slug, Some(actor)).await {
            Ok(listing) => listing.summary.id.clone(),
            Err(MarketplaceError::UnknownListing(_)) => {
                self.get_installation(actor, id_or_slug).await.map_err(|_| unknown(id_or_slug))?;
                id_or_slug.to_owned()
            }
            Err(error) => return Err(error),
        };
        if self.0.store.uninstall(&id, actor.user.as_str(), Timestamp::now()).await? {
            self.invalidate_cache();
        }
        Ok(())
    }

    /// The actor's installation of a workflow, by the workflow's id (or slug, as long as it is listed), with the definition that
    /// it runs and its inputs.
    ///
    /// # Errors
    /// [`MarketplaceError::NotInstalled`]; the store fails.
    pub async fn get_installation(&self, actor: &Actor, id_or_slug: &str) -> Result<Installed, MarketplaceError> {
        let id = match self.get_workflow(id_or_slug, Some(actor)).await {
            Ok(listing) => listing.summary.id.clone(),
            Err(MarketplaceError::UnknownListing(_)) => clipped(id_or_slug),
            Err(error) => return Err(error),
        };
        self.0.store.installation(&id, actor.user.as_str()).await?.ok_or(MarketplaceError::NotInstalled)
    }

    /// Stores what the actor thinks of a workflow; a second review takes the place of the first. True if it is new.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`], [`MarketplaceError::OwnListing`],
    /// [`MarketplaceError::ReviewWithoutInstallation`], [`MarketplaceError::Invalid`]; the store fails.
    pub async fn review_workflow(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        rating: u8,
        text: &str,
    ) -> Result<(Review, bool), MarketplaceError> {
        let mut problems = Vec::from_iter(longer("/text", text, MAX_REVIEW_CHARS));
        if !(1..=5).contains(&rating) {
            problems.push(problem("/rating", format!("rating must be between 1 and 5 (got {rating})")));
        }
        problems.extend(nul("/text", text));
        if !problems.is_empty() {
            return Err(MarketplaceError::Invalid(problems));
        }
        let listing = self.get_workflow(id_or_slug, Some(actor)).await?;
        let summary = &listing.summary;
        if actor.owns(summary) {
            return Err(MarketplaceError::OwnListing);
        }
        let reviewed =
            self.0.store.review(summary.doc, actor.user.as_str(), rating, text.trim(), Timestamp::now()).await?;
        match reviewed {
            (reviewed @ (Reviewed::Created | Reviewed::Replaced), Some(review)) => {
                self.invalidate_cache();
                Ok((review, reviewed == Reviewed::Created))
            }
            _ => Err(MarketplaceError::ReviewWithoutInstallation),
        }
    }
}

/// Whether the actor, who sees a listing, can install it as it is.
fn check_installable(actor: &Actor, listing: &Summary) -> Result<(), MarketplaceError> {
    if listing.status != Status::Published {
        return Err(MarketplaceError::NotPublished(listing.status));
    }
    if listing.pricing.model != PricingModel::Free && !actor.owns(listing) {
        return Err(MarketplaceError::PaymentRequired { cents: listing.pricing.cents });
    }
    Ok(())
}
