//! A workflow's listing as the marketplace knows it. Pure data: no wire shape, no database.

use std::{collections::BTreeMap, fmt, str::FromStr};

use workway_model::Timestamp;
use workway_workflow::SourceFormat;

use super::screenshot::ScreenshotInfo;

/// A listing's integer key in the database. It is never given to another listing.
pub type Doc = u32;

/// Begins every listing's id. No slug has an underscore, so that an id is never taken for one.
const ID_PREFIX: &str = "wf_";

/// Where a listing stands. Only what is published can be seen by others, and be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Draft,
    Published,
    /// Taken out by its owner or the operator. What is installed goes on.
    Unpublished,
    /// Taken out for good. What is installed goes on.
    Deleted,
}

/// Who may see a published listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Visibility {
    Public,
    /// The owner alone.
    Private,
}

/// What an installation costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PricingModel {
    Free,
    OneTime,
    Monthly,
}

/// A text that is none of the possible ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownValue(&'static str);

macro_rules! named {
    ($type:ty, $all:literal, $($text:literal => $value:path),+ $(,)?) => {
        impl $type {
            pub fn as_str(self) -> &'static str {
                match self {
                    $($value => $text),+
                }
            }
        }

        impl FromStr for $type {
            type Err = UnknownValue;

            fn from_str(text: &str) -> Result<Self, UnknownValue> {
                match text {
                    $($text => Ok($value),)+
                    _ => Err(UnknownValue($all)),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

named!(
    Status, "draft, published, unpublished, deleted",
    "draft" => Self::Draft, "published" => Self::Published, "unpublished" => Self::Unpublished, "deleted" => Self::Deleted,
);
named!(Visibility, "public, private", "public" => Self::Public, "private" => Self::Private);
named!(
    PricingModel, "free, one-time, monthly",
    "free" => Self::Free, "one-time" => Self::OneTime, "monthly" => Self::Monthly,
);

/// A price in whole cents of US dollars; 0 if and only if the model is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pricing {
    pub model: PricingModel,
    pub cents: u32,
}

impl Pricing {
    pub const FREE: Self = Self { model: PricingModel::Free, cents: 0 };
}

/// Whose a listing is, as everybody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeveloperRef {
    pub id: String,
    pub slug: String,
    pub name: String,
}

/// What is counted of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Users who ever installed it.
    pub installs: u32,
    /// Users who have it now.
    pub active_installs: u32,
    pub rating_sum: u64,
    pub reviews: u32,
}

impl Counts {
    /// The exact average, 1 to 5. None without a review.
    pub fn average_rating(&self) -> Option<f64> {
        // Both are far below 2^53: at most 2^32 reviews of at most 5.
        #[expect(clippy::cast_precision_loss, reason = "a sum of ratings is below 2^35")]
        (self.reviews > 0).then(|| self.rating_sum as f64 / f64::from(self.reviews))
    }
}

/// What lists show of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its number in the database.
    pub doc: Doc,
    pub id: String,
    pub slug: String,
    pub name: String,
    pub tagline: String,
    pub category: String,
    pub tags: Vec<String>,
    pub pricing: Pricing,
    pub visibility: Visibility,
    pub status: Status,
    /// Computed from the definition when it was last checked, sorted.
    pub required_providers: Vec<String>,
    pub developer: DeveloperRef,
    pub counts: Counts,
    /// Its place among the featured ones.
    pub featured: Option<u32>,
    /// The workflow version that new installations get.
    pub workflow_version: u32,
    /// Grows with every write of the owner.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub published_at: Option<Timestamp>,
}

/// A listing whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    pub summary: Summary,
    pub description: String,
    /// The definition's JSON.
    pub definition: String,
    /// The text of the definition, unless the current version is from before texts were stored.
    pub source: Option<Source>,
    pub screenshots: Vec<ScreenshotInfo>,
}

impl Summary {
    /// Whether everybody may see it.
    pub fn is_public(&self) -> bool {
        self.status == Status::Published && self.visibility == Visibility::Public
    }
}

/// The text of a definition as its author sent it, with its comments and order. At most
/// [`MAX_BYTES`](workway_workflow::bounds::MAX_BYTES), as everything that is read as a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub format: SourceFormat,
    pub text: String,
}

/// A workflow version that is about to be stored, and never changes then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVersion {
    pub number: u32,
    /// The definition's JSON.
    pub definition: String,
    /// SHA-256 of the definition's text, in hexadecimal.
    pub content_hash: String,
    pub changelog: String,
    /// The text of the definition, if there is one.
    pub source: Option<Source>,
}

/// What is shown of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionInfo {
    pub number: u32,
    pub content_hash: String,
    pub changelog: String,
    pub created_at: Timestamp,
}

/// What a user thinks of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    pub user: String,
    /// 1 to 5.
    pub rating: u8,
    pub text: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One of the kinds that listings are sorted into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    pub id: String,
    pub name: String,
}

/// Counts over all public listings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    pub listings: u64,
    /// Developers with at least one listing.
    pub developers: u64,
    pub installs: u64,
    pub active_installs: u64,
    pub reviews: u64,
    /// Listings of each category that has any.
    pub categories: BTreeMap<String, u64>,
}

/// A new listing's id. They sort by the time they were made.
pub(super) fn new_listing_id() -> String {
    format!("{ID_PREFIX}{}", uuid::Uuid::now_v7().simple())
}
