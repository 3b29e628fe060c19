//! `GET /marketplace`.

use axum::{extract::State, http::HeaderMap, response::Response};
use workway_marketplace::{ListFilter, ListPage, Sort};

use super::{
    developer::developer_id,
    problems::ListProblems,
    search_query::{Order, SearchQuery, SortBy},
    wire::{PageQuery, WorkflowPage},
};
use crate::{
    app::App,
    http::{
        error::ApiError,
        etag::{Audience, tagged},
        extract::Query,
    },
};

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
