//! Screenshots of a listing: encoding takes a core, so only a few are taken at once.

use std::sync::Arc;

use super::{Actor, WorkflowRegistry, read::clipped};
use crate::{
    error::MarketplaceError,
    screenshot::{Screenshot, ScreenshotInfo},
};

impl WorkflowRegistry {
    /// Takes an image (PNG, JPEG or WebP) as the listing's last screenshot, encoded anew.
    ///
    /// # Errors
    /// [`MarketplaceError::Image`], [`MarketplaceError::Busy`]; see [`Self::save_workflow`].
    pub async fn add_screenshot(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        bytes: bytes::Bytes,
    ) -> Result<ScreenshotInfo, MarketplaceError> {
        let listing = self.own(actor, id_or_slug, false).await?;
        let waiting = Arc::clone(&self.0.waiting).try_acquire_owned().map_err(|_| MarketplaceError::Busy)?;
        let encoding = Arc::clone(&self.0.encoding).acquire_owned().await.map_err(|_| MarketplaceError::Busy)?;
        // Its places are given back when it has ended, not when the client has gone.
        let encoded = tokio::task::spawn_blocking(move || {
            let encoded = Screenshot::encode(&bytes);
            drop((waiting, encoding));
            encoded
        })
        .await;
        let encoded = encoded.unwrap_or_else(|error| Err(error.to_string())).map_err(MarketplaceError::Image)?;
        let info = self.0.store.add_screenshot(listing.summary.doc, &encoded).await?;
        self.invalidate_cache();
        Ok(info)
    }

    /// A screenshot of a listing that the caller may see.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownScreenshot`]; see [`Self::get_workflow`].
    pub async fn get_screenshot(
        &self,
        id_or_slug: &str,
        actor: Option<&Actor>,
        id: &str,
    ) -> Result<Screenshot, MarketplaceError> {
        let listing = self.get_workflow(id_or_slug, actor).await?;
        // An image is megabytes: a few at once leave the database to others.
        let _reading = self.0.reading_images.acquire().await.map_err(|_| MarketplaceError::Busy)?;
        let found = self.0.store.screenshot(listing.summary.doc, id).await?;
        found.ok_or_else(|| MarketplaceError::UnknownScreenshot(clipped(id)))
    }

    /// # Errors
    /// [`MarketplaceError::UnknownScreenshot`]; see [`Self::save_workflow`].
    pub async fn remove_screenshot(&self, actor: &Actor, id_or_slug: &str, id: &str) -> Result<(), MarketplaceError> {
        let listing = self.own(actor, id_or_slug, false).await?;
        if !self.0.store.remove_screenshot(listing.summary.doc, id).await? {
            return Err(MarketplaceError::UnknownScreenshot(clipped(id)));
        }
        self.invalidate_cache();
        Ok(())
    }
}
