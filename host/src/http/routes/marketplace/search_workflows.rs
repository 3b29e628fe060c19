//! `GET /marketplace`.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    developer::developer_id,
    problems::ListProblems,
    wire::{PageQuery, WirePricingModel, WorkflowPage},
};
use crate::{
    app::App,
    http::{
        error::ApiError,
        etag::{Audience, tagged},
        extract::Query,
    },
    marketplace::{ListFilter, ListPage, Sort, bounds::MAX_QUERY_CHARS},
};

/// The longest name of a category, a tag and so on, in characters.
const MAX_FILTER_CHARS: usize = 100;

/// Which workflows, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct SearchQuery {
    /// Words that all have to be in name, tagline, description or tags; a word finds those that begin with it. Case and
    /// accents do not count, and small slips in a name are forgiven.
    #[param(max_length = 200)]
    q: Option<String>,
    /// A category's id.
    #[param(max_length = 100)]
    category: Option<String>,
    #[param(inline)]
    pricing: Option<WirePricingModel>,
    /// At least this average rating.
    #[param(minimum = 1, maximum = 5)]
    min_rating: Option<f64>,
    /// A developer's id or slug.
    #[param(max_length = 100)]
    developer: Option<String>,
    /// A provider at which an account is needed.
    #[param(max_length = 100)]
    provider: Option<String>,
    #[param(max_length = 100)]
    tag: Option<String>,
    /// `relevance` if there is a `q`, else `popular`.
    #[param(inline)]
    sort_by: Option<SortBy>,
    /// `asc` for `name`, else `desc`.
    #[param(inline)]
    order: Option<Order>,
    /// Items in the answer, 1 to 100; 20 unless said.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<usize>,
    /// Items to leave out first.
    #[param(minimum = 0, maximum = 4294967295_u64, default = 0)]
    offset: Option<u32>,
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

/// Searches the workflows that everybody may see.
#[utoipa::path(get, path = "/marketplace", tag = "marketplace", params(SearchQuery), responses(
    (status = OK, description = "a part of the list", body = WorkflowPage<'static>),
    (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
    ListProblems,
))]
pub(in crate::http) async fn search_workflows(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<SearchQuery>,
) -> Result<Response, ApiError> {
    query.check()?;
    let (limit, offset) = PageQuery { limit: query.limit, offset: query.offset }.bounds()?;
    let text = query.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let sort = match query.sort_by {
        Some(SortBy::Popular) => Sort::Popular,
        Some(SortBy::Recent) => Sort::Recent,
        Some(SortBy::Rating) => Sort::Rating,
        Some(SortBy::Name) => Sort::Name,
        Some(SortBy::Relevance) => Sort::Relevance,
        None if text.is_some() => Sort::Relevance,
        None => Sort::Popular,
    };
    let developer = match &query.developer {
        Some(named) => match developer_id(&app, named).await? {
            Some(id) => Some(id),
            None => {
                let nothing = ListPage::default();
                return tagged(&headers, Audience::Everybody, None, &WorkflowPage::new(&nothing, limit, offset));
            }
        },
        None => None,
    };
    let filter = ListFilter {
        category: query.category,
        pricing: query.pricing.map(Into::into),
        min_rating: query.min_rating.map(f64::to_bits),
        developer,
        provider: query.provider,
        tag: query.tag,
        sort,
        descending: query.order.map(|order| order == Order::Desc),
        limit,
        offset,
    };
    let page = app.marketplace().search_workflows(text, filter).await?;
    tagged(&headers, Audience::Everybody, None, &WorkflowPage::new(&page, limit, offset))
}

impl SearchQuery {
    fn check(&self) -> Result<(), ApiError> {
        let refused = |detail: String| Err(ApiError::bad_request("invalid-query", detail));
        if self.min_rating.is_some_and(|rating| !(1.0..=5.0).contains(&rating)) {
            return refused("minRating is 1 to 5".to_owned());
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
                return refused(format!("{name} has {chars} characters, possible are {most}"));
            }
        }
        Ok(())
    }
}
