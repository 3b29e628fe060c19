//! What the marketplace needs from a database. The rules are elsewhere: a store keeps, counts and finds.

use async_trait::async_trait;
use workway_model::Timestamp;

use super::{
    installation::{Installation, InstallationFilter, InstallationWrite, Installed},
    listing::{Category, Doc, Listing, NewVersion, Review, Stats, Summary, VersionInfo},
    query::{ListFilter, ListPage, SearchText, SearchWord},
    screenshot::{Screenshot, ScreenshotInfo},
};

/// Why a store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is full or busy.
    #[error("{0}")]
    Unavailable(String),
    /// Another listing has it.
    #[error("this {0} is already taken: choose another")]
    Taken(TakenField),
    #[error("the limit of {most} {what} is reached")]
    TooMany { what: &'static str, most: u32 },
    /// The keys were rotated since a record was sealed.
    #[error("the keys were rotated, and this host has none of the new ones: restart it with the new key")]
    StaleKey,
}

/// What two listings cannot both have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenField {
    Name,
    Slug,
}

impl std::fmt::Display for TakenField {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Name => "name",
            Self::Slug => "slug",
        })
    }
}

/// Which listings somebody sees who asks for one: the public ones, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sight<'a> {
    /// Those of the developer with this id, too.
    pub developer: Option<&'a str>,
    /// Everybody's, by their ids.
    pub everything: bool,
}

impl Sight<'_> {
    pub const PUBLIC: Self = Self { developer: None, everything: false };
    pub const EVERYTHING: Self = Self { developer: None, everything: true };
}

/// The result of writing a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reviewed {
    Created,
    Replaced,
    /// The user never installed it.
    NotInstalled,
}

/// Listings, their versions, installations, reviews and screenshots.
#[async_trait]
pub trait ListingStore: Send + Sync {
    async fn categories(&self) -> Result<Vec<Category>, StoreError>;

    /// Grows with every change of a listing, whichever process makes it.
    async fn revision(&self) -> Result<u64, StoreError>;

    /// Makes some of the public listings searchable that are not yet, and returns how many: 0 if there are none. Writes keep
    /// their own listing searchable; this is for rows that were written by something else.
    async fn index_pending(&self) -> Result<u64, StoreError>;

    /// A page of the public listings that have every word of the text and pass the filter.
    ///
    /// Relevance ranks an exact name first, then name, tags, tagline and description. With a text, stores may compare
    /// popularity in steps.
    async fn search(&self, text: Option<&SearchText>, filter: &ListFilter) -> Result<ListPage, StoreError>;

    /// Whether any public listing has this word.
    async fn has_word(&self, word: &SearchWord) -> Result<bool, StoreError>;

    /// Folded names of public listings, with a blank before and after each, that contain one of the parts; most popular first,
    /// at most [`MAX_COMPARED_NAMES`](super::bounds::MAX_COMPARED_NAMES).
    async fn names_with(&self, parts: &[String]) -> Result<Vec<String>, StoreError>;

    /// A page of the featured public listings, by position.
    async fn featured(&self, limit: usize, offset: usize) -> Result<ListPage, StoreError>;

    /// Counts over all public listings: exact.
    async fn stats(&self) -> Result<Stats, StoreError>;

    /// A developer's listings, newest first, deleted ones left out, and how many there are.
    async fn summaries_of_developer(
        &self,
        developer: &str,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<Summary>, u64), StoreError>;

    /// A listing by id or slug. Of several with one slug the public one, then the developer's own; deleted ones are not found.
    async fn find(&self, id_or_slug: &str, sight: Sight<'_>) -> Result<Option<Listing>, StoreError>;

    /// Stores a listing that is not there yet, with its first version. The numbers of `listing` are chosen here.
    async fn insert(&self, listing: &Listing, version: &NewVersion) -> Result<(), StoreError>;

    /// Replaces what owners may change, if the row's version still is `listing.summary.version`, and adds a workflow
    /// version. Answers whether it was.
    async fn update(&self, listing: &Listing, version: Option<&NewVersion>, now: Timestamp)
    -> Result<bool, StoreError>;

    /// What of a listing's name and slug another public one has.
    async fn taken(&self, listing: &Summary) -> Result<Vec<TakenField>, StoreError>;

    /// Versions of a listing, newest first, and how many there are.
    async fn versions(&self, listing: Doc, limit: usize, offset: usize) -> Result<(Vec<VersionInfo>, u64), StoreError>;

    /// Installs a listing that still has this version, or changes what is installed. The workflow version of a new one is the
    /// listing's, unless the write has another, and it is not paused. True if it is new or active again; none if the listing's
    /// owner has changed the listing since, or another write the installation: `before` is its revision, if there is one, active
    /// or not.
    async fn install(
        &self,
        listing: Doc,
        version: u64,
        user: &str,
        write: &InstallationWrite,
        before: Option<u64>,
        now: Timestamp,
    ) -> Result<Option<(Installation, bool)>, StoreError>;

    /// Changes an installation that is installed and still has this revision. Answers whether it was.
    async fn change_installation(&self, id: &str, revision: u64, write: &InstallationWrite)
    -> Result<bool, StoreError>;

    /// Deletes inputs, connections and the webhook's address as well. With a revision, only if the installation still has it.
    /// Answers whether it was installed.
    async fn uninstall(
        &self,
        listing: &str,
        user: &str,
        revision: Option<u64>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// A user's installation of a listing by the listing's id, deleted listings included.
    async fn installation(&self, listing: &str, user: &str) -> Result<Option<Installed>, StoreError>;

    /// Anybody's installation by its id.
    async fn installation_by_id(&self, id: &str) -> Result<Option<Installed>, StoreError>;

    /// A user's installations that pass the filter, the newest first, after the one with this id.
    async fn installations(
        &self,
        user: &str,
        filter: &InstallationFilter,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Installation>, StoreError>;

    /// The ids and revisions of all users' installations, in the order of ids, after an id.
    async fn installation_revisions(&self, after: &str, most: usize) -> Result<Vec<(String, u64)>, StoreError>;

    /// Whether a user has this connection of a provider.
    async fn has_connection(&self, user: &str, provider: &str, connection: &str) -> Result<bool, StoreError>;

    async fn review(
        &self,
        listing: Doc,
        user: &str,
        rating: u8,
        text: &str,
        now: Timestamp,
    ) -> Result<(Reviewed, Option<Review>), StoreError>;

    /// Reviews of a listing, newest first, and how many there are.
    async fn reviews(&self, listing: Doc, limit: usize, offset: usize) -> Result<(Vec<Review>, u64), StoreError>;

    /// Puts a listing among the featured ones, or takes it out.
    async fn feature(&self, listing: Doc, position: Option<u32>) -> Result<(), StoreError>;

    async fn add_screenshot(&self, listing: Doc, screenshot: &Screenshot) -> Result<ScreenshotInfo, StoreError>;

    /// A listing's screenshot, by both ids.
    async fn screenshot(&self, listing: Doc, id: &str) -> Result<Option<Screenshot>, StoreError>;

    /// Answers whether there was one.
    async fn remove_screenshot(&self, listing: Doc, id: &str) -> Result<bool, StoreError>;
}
