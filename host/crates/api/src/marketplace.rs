//! The marketplace: lists of workflows, their search, and totals.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::listings::{Listing, PricingModel};

/// A part of a list of workflows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListingPage {
    /// The workflows, at most `limit`.
    pub items: Vec<Listing>,
    /// Number of workflows in the whole list: exact up to 1,000. A longer list has 1000 here.
    pub total: u64,
    /// Whether the list has more workflows than `total`.
    pub total_is_lower_bound: bool,
    /// The limit of the request, or the default.
    pub limit: usize,
    /// The offset of the request, or 0.
    pub offset: usize,
}

/// Searches workflows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListingQuery {
    /// Words that must all be in the name, tagline, description or tags; a word also matches longer words that start with
    /// it. Case and accents do not matter, and small typos in a name are tolerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 200)]
    pub q: Option<String>,
    /// Only workflows of this category.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    pub category: Option<String>,
    /// Only workflows that are paid this way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub pricing: Option<PricingModel>,
    /// Only workflows with at least this average rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 5)]
    pub min_rating: Option<f64>,
    /// Only workflows of this developer, by id or slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    pub developer: Option<String>,
    /// Only workflows that need an account at this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    pub provider: Option<String>,
    /// Only workflows with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    pub tag: Option<String>,
    /// The order of the list. By default `relevance` with `q`, and `popular` without. Relevance ranks an exact name first,
    /// then matches in name, tags, tagline and description. With `q`, popularity is compared in steps of an eighth: workflows
    /// whose numbers of installs differ by less may come in any order. Without `q`, every order is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub sort_by: Option<SortBy>,
    /// By default `asc` for `name`, and `desc` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub order: Option<SortOrder>,
    /// Number of items to return.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<usize>,
    /// Number of items to skip.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0, maximum = 1_000_000, default = 0)]
    pub offset: Option<usize>,
}

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SortBy {
    /// Number of installations.
    Popular,
    /// Time of publication.
    Recent,
    /// Average rating.
    Rating,
    /// Name.
    Name,
    /// How well it matches `q`.
    Relevance,
}

/// The direction of a list's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SortOrder {
    /// Lowest first.
    Asc,
    /// Highest first.
    Desc,
}

/// Totals of the public workflows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MarketplaceStats {
    /// Number of workflows.
    pub workflows: u64,
    /// Number of developers with at least one workflow.
    pub developers: u64,
    /// Number of installations, including uninstalled ones.
    pub installs: u64,
    /// Number of current installations.
    pub active_installs: u64,
    /// Number of reviews.
    pub reviews: u64,
    /// All categories, including empty ones.
    pub categories: Vec<CategoryStats>,
}

/// A category and its number of workflows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryStats {
    /// The category's id.
    #[schema(example = "productivity")]
    pub id: String,
    /// The name to show to people.
    pub name: String,
    /// Number of workflows.
    pub workflows: u64,
}
