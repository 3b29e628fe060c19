//! Searching workflows: `GET /marketplace`.

use axum::{extract::State, http::HeaderMap, response::Response};
use workway_api::{
    error::ErrorCode,
    marketplace::{ListingPage, ListingQuery, SortBy, SortOrder},
    page::PageQuery,
};
use workway_marketplace::{ListFilter, ListPage, Sort, bounds::MAX_QUERY_CHARS};

use super::{
    actor::developer_id,
    convert::{listing_page, pricing_model},
    problems::ListProblems,
};
use crate::{
    app::App,
    http::{
        error::ApiError,
        etag::{Audience, tagged},
        extract::Query,
        page::bounds,
    },
};

/// The longest category, tag, developer or provider in a query, in characters.
const MAX_FILTER_CHARS: usize = 100;

/// Searches the public workflows.
#[utoipa::path(get, path = "/marketplace", tag = "marketplace", params(ListingQuery), responses(
    (status = OK, description = "a part of the list", body = ListingPage),
    (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ListProblems,
))]
pub(in crate::http) async fn search_workflows(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<ListingQuery>,
) -> Result<Response, ApiError> {
    check(&query)?;
    let (limit, offset) = bounds(PageQuery { limit: query.limit, offset: query.offset })?;
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
                return tagged(&headers, Audience::Everyone, None, &listing_page(&nothing, limit, offset));
            }
        },
        None => None,
    };
    let filter = ListFilter {
        category: query.category,
        pricing: query.pricing.map(pricing_model),
        min_rating: query.min_rating.map(f64::to_bits),
        developer,
        provider: query.provider,
        tag: query.tag,
        sort,
        descending: query.order.map(|order| order == SortOrder::Desc),
        limit,
        offset,
    };
    let page = app.marketplace().search_workflows(text, filter).await?;
    tagged(&headers, Audience::Everyone, None, &listing_page(&page, limit, offset))
}

/// Checks everything but `limit` and `offset`.
///
/// # Errors
/// 400 `invalid-query`.
fn check(query: &ListingQuery) -> Result<(), ApiError> {
    let refused = |detail: String| Err(ApiError::bad_request(ErrorCode::InvalidQuery, detail));
    if let Some(rating) = query.min_rating.filter(|rating| !(1.0..=5.0).contains(rating)) {
        return refused(format!("minRating must be between 1 and 5 (got {rating})"));
    }
    let bounded = [
        ("q", &query.q, MAX_QUERY_CHARS),
        ("category", &query.category, MAX_FILTER_CHARS),
        ("developer", &query.developer, MAX_FILTER_CHARS),
        ("provider", &query.provider, MAX_FILTER_CHARS),
        ("tag", &query.tag, MAX_FILTER_CHARS),
    ];
    for (name, value, most) in bounded {
        let chars = value.as_ref().map_or(0, |text| text.chars().count());
        if chars > most {
            return refused(format!("{name} must have at most {most} characters (got {chars})"));
        }
    }
    Ok(())
}
