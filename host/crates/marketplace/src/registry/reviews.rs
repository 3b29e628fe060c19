//! Reviewing: what users think of the listings that they installed.

use workway_model::Timestamp;

use super::{Actor, WorkflowRegistry};
use crate::{
    bounds::MAX_REVIEW_CHARS,
    error::MarketplaceError,
    fields::{longer, nul, problem},
    listing::Review,
    store::Reviewed,
};

impl WorkflowRegistry {
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
