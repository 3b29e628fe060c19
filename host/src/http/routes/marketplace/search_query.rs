//! The query of `GET /marketplace`.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use workway_marketplace::bounds::MAX_QUERY_CHARS;

use super::wire::WirePricingModel;
use crate::http::error::ApiError;

/// The longest name of a category, a tag and so on, in characters.
const MAX_FILTER_CHARS: usize = 100;

/// Which workflows, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct SearchQuery {
    /// Words that must all be in the name, tags, tagline or description. A word of two letters or more also finds words that
    /// begin with it. Case and accents are ignored, and small typos in names are forgiven.
    #[param(max_length = 200)]
    pub(super) q: Option<String>,
    /// A category's id.
    #[param(max_length = 100)]
    pub(super) category: Option<String>,
    #[param(inline)]
    pub(super) pricing: Option<WirePricingModel>,
    /// The lowest average rating.
    #[param(minimum = 1, maximum = 5)]
    pub(super) min_rating: Option<f64>,
    /// A developer's id or slug.
    #[param(max_length = 100)]
    pub(super) developer: Option<String>,
    /// A provider at which an account is needed.
    #[param(max_length = 100)]
    pub(super) provider: Option<String>,
    #[param(max_length = 100)]
    pub(super) tag: Option<String>,
    /// Default: `relevance` with a `q`, else `popular`. Relevance ranks an exact name first, then matches in name, tags,
    /// tagline and description. With a `q`, popularity is compared in steps of an eighth: workflows whose numbers of installs
    /// differ by less may come in any order. Without one, every order is exact.
    #[param(inline)]
    pub(super) sort_by: Option<SortBy>,
    /// `asc` for `name`, else `desc`.
    #[param(inline)]
    pub(super) order: Option<Order>,
    /// Items in the answer, 1 to 100. Default: 20.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(super) limit: Option<usize>,
    /// Items to skip, at most 1,000,000.
    #[param(minimum = 0, maximum = 1_000_000, default = 0)]
    pub(super) offset: Option<usize>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum SortBy {
    Popular,
    Recent,
    Rating,
    Name,
    Relevance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum Order {
    Asc,
    Desc,
}

impl SearchQuery {
    /// Refuses what is out of bounds; the page's are its own.
    ///
    /// # Errors
    /// 400 `invalid-query`.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let refused = |detail: String| Err(ApiError::bad_request("invalid-query", detail));
        if self.min_rating.is_some_and(|rating| !(1.0..=5.0).contains(&rating)) {
            return refused("minRating must be between 1 and 5".to_owned());
        }
        let bounded = [
            ("q", &self.q, MAX_QUERY_CHARS),
            ("category", &self.category, MAX_FILTER_CHARS),
            ("developer", &self.developer, MAX_FILTER_CHARS),
            ("provider", &self.provider, MAX_FILTER_CHARS),
            ("tag", &self.tag, MAX_FILTER_CHARS),
        ];
        for (name, value, most) in bounded {
            let chars = value.as_ref().map_or(0, |text| text.chars().count());
            if chars > most {
                return refused(format!("{name} must have at most {most} characters (got {chars})"));
            }
        }
        Ok(())
    }
}
