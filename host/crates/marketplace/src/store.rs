//! What the marketplace needs of a database. The rules are not here: a store keeps what it is told and counts exactly.

use async_trait::async_trait;

use super::{
    index::{Doc, Entry},
    listing::{Category, Installation, Listing, NewVersion, Review, Summary, VersionInfo},
    screenshot::{Screenshot, ScreenshotInfo},
};

/// Why a store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is full or busy.
    #[error("{0}")]
    Unavailable(String),
    /// Another listing has it.
    #[error("this {0} is taken: choose another")]
    Taken(TakenField),
    #[error("there are {0} already, and no more are possible: delete one first")]
    TooMany(&'static str),
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

/// What has become of a listing that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    pub doc: Doc,
    pub revision: u64,
    /// None if it is not public.
    pub entry: Option<Entry>,
}

/// What became of a review.
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

    /// The latest revision.
    async fn revision(&self) -> Result<u64, StoreError>;

    /// Public listings by number from behind `after`, at most `limit`.
    async fn public_entries(&self, after: Doc, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// Listings that changed after a revision, in the order of their last changes, at most `limit`.
    async fn changes(&self, after: u64, limit: u32) -> Result<Vec<Changed>, StoreError>;

    /// The public ones of these, in any order.
    async fn public_summaries(&self, docs: &[Doc]) -> Result<Vec<Summary>, StoreError>;

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
    async fn update(&self, listing: &Listing, version: Option<&NewVersion>, now: i64) -> Result<bool, StoreError>;

    /// What of a listing's name and slug another public one has.
    async fn taken(&self, listing: &Summary) -> Result<Vec<TakenField>, StoreError>;

    /// Versions of a listing, newest first, and how many there are.
    async fn versions(&self, listing: Doc, limit: usize, offset: usize) -> Result<(Vec<VersionInfo>, u64), StoreError>;

    /// Installs a listing that still has this version, or finds it installed. True if it is new or active again; none if
    /// its owner has changed the listing since.
    async fn install(
        &self,
        listing: Doc,
        version: u64,
        user: &str,
        now: i64,
    ) -> Result<Option<(Installation, bool)>, StoreError>;

    /// Answers whether it was installed.
    async fn uninstall(&self, listing: &str, user: &str, now: i64) -> Result<bool, StoreError>;

    /// A user's installation of a listing by the listing's id, deleted listings included, with the definition that it runs.
    async fn installation(&self, listing: &str, user: &str) -> Result<Option<(Installation, String)>, StoreError>;

    async fn review(
        &self,
        listing: Doc,
        user: &str,
        rating: u8,
        text: &str,
        now: i64,
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
