//! Installing, uninstalling and reviewing: what users do with the listings of others.

use std::sync::Arc;

use workway_model::Timestamp;

use super::{
    Actor, MAX_ATTEMPTS, WorkflowRegistry,
    read::{clipped, unknown},
};
use crate::{
    bounds::MAX_REVIEW_CHARS,
    error::MarketplaceError,
    fields::{longer, nul, problem},
    listing::{Installation, InstalledDefinition, PricingModel, Review, Status, Summary},
    store::{Reviewed, StoreError},
};

impl WorkflowRegistry {
    /// Installs a workflow for the actor, and counts a user who never had it. Installing what is installed changes
    /// nothing; true if anything did.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`], [`MarketplaceError::NotPublished`] (an own one),
    /// [`MarketplaceError::PaymentRequired`]; the store fails.
    pub async fn increment_install_count(
        &self,
        actor: &Actor,
        id_or_slug: &str,
    ) -> Result<(Installation, bool), MarketplaceError> {
        let mut listing = self.get_workflow(id_or_slug, Some(actor)).await?;
        for _ in 0..MAX_ATTEMPTS {
            let summary = &listing.summary;
            check_installable(actor, summary)?;
            let (doc, version) = (summary.doc, summary.version);
            if let Some(installed) = self.0.store.install(doc, version, actor.user.as_str(), Timestamp::now()).await? {
                if installed.1 {
                    self.invalidate_cache();
                }
                return Ok(installed);
            }
            // Its owner changed it since it was read, perhaps so that it cannot be installed any more.
            let found = self.0.store.find(&summary.id, actor.sight()).await?;
            listing = found.map(Arc::new).ok_or_else(|| unknown(id_or_slug))?;
        }
        Err(StoreError::Unavailable("the workflow is being changed: try again".to_owned()).into())
    }

    /// Uninstalls a workflow by its id, also one that is no longer there. What is not installed stays so.
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

    /// The actor's installation of a workflow, by the workflow's id (or slug, as long as it is listed), with the
    /// definition that it runs.
    ///
    /// # Errors
    /// [`MarketplaceError::NotInstalled`]; the store fails.
    pub async fn get_installation(
        &self,
        actor: &Actor,
        id_or_slug: &str,
    ) -> Result<(Installation, InstalledDefinition), MarketplaceError> {
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
