//! The marketplace's tables. What may be written is decided elsewhere; here counts and rows change together.

mod expression;
mod installs;
mod listings;
mod reviews;
mod row;
mod screenshots;
mod search;
mod search_index;

#[cfg(test)]
mod input_tests;
#[cfg(test)]
mod installation_tests;
#[cfg(test)]
mod search_tests;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use workway_marketplace::{
    Category, Doc, Installation, InstallationFilter, InstallationWrite, Installed, ListFilter, ListPage, Listing,
    ListingStore, NewVersion, Review, Reviewed, Screenshot, ScreenshotInfo, SearchText, SearchWord, Sight, Stats,
    StoreError, Summary, TakenField, VersionInfo,
};
use workway_model::Timestamp;

use super::{
    Database,
    pool::{is_stale_key, unavailable},
};

/// Listings in the database.
#[derive(Clone, Debug)]
pub struct SqliteListings {
    database: Database,
}

/// Why a write was not done.
enum WriteError {
    TooMany { what: &'static str, most: u32 },
    Database(sqlx::Error),
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<WriteError> for StoreError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::TooMany { what, most } => Self::TooMany { what, most },
            WriteError::Database(error) => taken(&error).map_or_else(|| failed(error), Self::Taken),
        }
    }
}

impl SqliteListings {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl ListingStore for SqliteListings {
    async fn categories(&self) -> Result<Vec<Category>, StoreError> {
        self.all_categories().await.map_err(failed)
    }

    async fn revision(&self) -> Result<u64, StoreError> {
        self.latest_revision().await.map_err(failed)
    }

    async fn index_pending(&self) -> Result<u64, StoreError> {
        self.index_batch().await.map_err(failed)
    }

    async fn search(&self, text: Option<&SearchText>, filter: &ListFilter) -> Result<ListPage, StoreError> {
        self.matching_page(text, filter).await.map_err(failed)
    }

    async fn has_word(&self, word: &SearchWord) -> Result<bool, StoreError> {
        self.is_word_known(word).await.map_err(failed)
    }

    async fn names_with(&self, parts: &[String]) -> Result<Vec<String>, StoreError> {
        self.names_containing(parts).await.map_err(failed)
    }

    async fn featured(&self, limit: usize, offset: usize) -> Result<ListPage, StoreError> {
        self.featured_page(limit, offset).await.map_err(failed)
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.totals().await.map_err(failed)
    }

    async fn summaries_of_developer(
        &self,
        developer: &str,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<Summary>, u64), StoreError> {
        self.rows_of_developer(developer, limit, offset).await.map_err(failed)
    }

    async fn find(&self, id_or_slug: &str, sight: Sight<'_>) -> Result<Option<Listing>, StoreError> {
        self.one(id_or_slug, sight).await.map_err(failed)
    }

    async fn insert(&self, listing: &Listing, version: &NewVersion) -> Result<(), StoreError> {
        Ok(self.insert_listing(listing, version).await?)
    }

    async fn update(
        &self,
        listing: &Listing,
        version: Option<&NewVersion>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.update_listing(listing, version, now).await?)
    }

    async fn taken(&self, listing: &Summary) -> Result<Vec<TakenField>, StoreError> {
        self.taken_fields(listing).await.map_err(failed)
    }

    async fn versions(&self, listing: Doc, limit: usize, offset: usize) -> Result<(Vec<VersionInfo>, u64), StoreError> {
        self.versions_of(listing, limit, offset).await.map_err(failed)
    }

    async fn install(
        &self,
        listing: Doc,
        version: u64,
        user: &str,
        write: &InstallationWrite,
        before: Option<u64>,
        now: Timestamp,
    ) -> Result<Option<(Installation, bool)>, StoreError> {
        self.install_for(listing, version, user, write, before, now).await.map_err(failed)
    }

    async fn change_installation(
        &self,
        id: &str,
        revision: u64,
        write: &InstallationWrite,
    ) -> Result<bool, StoreError> {
        self.write_if_unchanged(id, revision, write).await.map_err(failed)
    }

    async fn uninstall(
        &self,
        listing: &str,
        user: &str,
        revision: Option<u64>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.uninstall_for(listing, user, revision, now).await.map_err(failed)
    }

    async fn installation(&self, listing: &str, user: &str) -> Result<Option<Installed>, StoreError> {
        self.installation_of(listing, user).await.map_err(failed)
    }

    async fn installation_by_id(&self, id: &str) -> Result<Option<Installed>, StoreError> {
        self.installation_with_id(id).await.map_err(failed)
    }

    async fn installations(
        &self,
        user: &str,
        filter: &InstallationFilter,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Installation>, StoreError> {
        self.installations_of(user, filter, after, most).await.map_err(failed)
    }

    async fn installation_revisions(&self, after: &str, most: usize) -> Result<Vec<(String, u64)>, StoreError> {
        self.revisions_after(after, most).await.map_err(failed)
    }

    async fn has_connection(&self, user: &str, provider: &str, connection: &str) -> Result<bool, StoreError> {
        self.is_connected(user, provider, connection).await.map_err(failed)
    }

    async fn review(
        &self,
        listing: Doc,
        user: &str,
        rating: u8,
        text: &str,
        now: Timestamp,
    ) -> Result<(Reviewed, Option<Review>), StoreError> {
        self.review_by(listing, user, rating, text, now).await.map_err(failed)
    }

    async fn reviews(&self, listing: Doc, limit: usize, offset: usize) -> Result<(Vec<Review>, u64), StoreError> {
        self.reviews_of(listing, limit, offset).await.map_err(failed)
    }

    async fn feature(&self, listing: Doc, position: Option<u32>) -> Result<(), StoreError> {
        self.set_featured(listing, position).await.map_err(failed)
    }

    async fn add_screenshot(&self, listing: Doc, screenshot: &Screenshot) -> Result<ScreenshotInfo, StoreError> {
        Ok(self.insert_screenshot(listing, screenshot).await?)
    }

    async fn screenshot(&self, listing: Doc, id: &str) -> Result<Option<Screenshot>, StoreError> {
        self.one_screenshot(listing, id).await.map_err(failed)
    }

    async fn remove_screenshot(&self, listing: Doc, id: &str) -> Result<bool, StoreError> {
        self.delete_screenshot(listing, id).await.map_err(failed)
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    if is_stale_key(&error) {
        return StoreError::StaleKey;
    }
    StoreError::Unavailable(unavailable(&error))
}

/// Which field two listings cannot both have, by the unique index that says so: SQLite names its columns.
fn taken(error: &sqlx::Error) -> Option<TakenField> {
    let error = error.as_database_error().filter(|error| error.is_unique_violation())?;
    let message = error.message();
    if message.contains("marketplace_integrations.name_key") {
        Some(TakenField::Name)
    } else if message.contains("marketplace_integrations.slug") {
        Some(TakenField::Slug)
    } else {
        None
    }
}
