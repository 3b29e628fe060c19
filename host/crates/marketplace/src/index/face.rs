//! What the index is told and asked, and what it answers: plain data. Nothing here computes.

use std::collections::BTreeMap;

/// A listing's integer key in the database. It is never given to another listing.
pub type Doc = u32;

/// What the index is told of one public listing. The texts are cut into words and not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub doc: Doc,
    pub name: String,
    pub tagline: String,
    pub description: String,
    /// As they are shown; compared folded (see [`fold`](super::super::text::fold)).
    pub tags: Vec<String>,
    pub category: String,
    /// The developer's id.
    pub developer: String,
    /// The pricing model.
    pub pricing: String,
    pub providers: Vec<String>,
    /// How often it was ever installed: what "popular" goes by.
    pub installs: u32,
    pub active_installs: u32,
    /// All stars of all reviews.
    pub rating_sum: u64,
    /// How many reviews there are; with none the rating counts as unknown, whatever the sum.
    pub reviews: u32,
    /// Unix time in milliseconds.
    pub published_at: i64,
    /// The position among what is featured, if it is.
    pub featured: Option<u32>,
}

/// What is searched for. Every condition that is there has to hold; without any all listings are found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Every word has to be found, at most the first [`MAX_WORDS`](super::MAX_WORDS) different ones of the first
    /// [`MAX_TEXT_BYTES`](super::MAX_TEXT_BYTES). Blank text is no condition; text without a word, such as "!!!", finds nothing.
    /// No text is an error.
    pub text: Option<String>,
    /// Compared exactly, as are `pricing`, `developer` and `provider`.
    pub category: Option<String>,
    pub pricing: Option<String>,
    pub developer: Option<String>,
    pub provider: Option<String>,
    /// Compared folded.
    pub tag: Option<String>,
    /// The average has to be at least this. A listing without a review never is.
    pub min_rating: Option<f64>,
    pub sort: Sort,
    /// None is the sort's own direction; the other one is its exact reverse.
    pub descending: Option<bool>,
    /// The most listings that are answered; the total is right for 0 too.
    pub limit: usize,
    /// How many listings are passed over first.
    pub offset: usize,
}

/// The order of listings. Each is total: what is equal is sorted by the listing's key, ascending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Most installs first.
    #[default]
    Popular,
    /// Last published first.
    Recent,
    /// Best average first, then most reviews; without a review last.
    Rating,
    /// Folded name, ascending.
    Name,
    /// Best match first, then most installs. Without a text it is [`Sort::Popular`].
    Relevance,
}

impl Sort {
    /// Whether the sort's own direction counts as descending: all do but the one by name.
    pub(super) fn descends(self) -> bool {
        self != Self::Name
    }
}

/// Part of what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In order.
    pub docs: Vec<Doc>,
    /// How many were found in all: exact.
    pub total: u64,
}

/// Counts over all public listings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    pub listings: u64,
    /// Those who have at least one listing.
    pub developers: u64,
    pub installs: u64,
    pub active_installs: u64,
    pub reviews: u64,
    /// How many listings each category has; those without one are not here.
    pub categories: BTreeMap<String, u64>,
}
