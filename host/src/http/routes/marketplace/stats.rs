//! `GET /marketplace/stats`.

use axum::{extract::State, http::HeaderMap, response::Response};
use workway_api::marketplace::{CategoryStats, MarketplaceStats};

use super::problems::ListProblems;
use crate::{
    app::App,
    http::{
        error::ApiError,
        etag::{Audience, tagged},
    },
};

/// Returns totals of the public workflows, and their number by category.
#[utoipa::path(get, path = "/marketplace/stats", tag = "marketplace", responses(
    (status = OK, description = "the totals", body = MarketplaceStats),
    (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ListProblems,
))]
pub(in crate::http) async fn get_marketplace_stats(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let categories = app.marketplace().get_categories().await?;
    let stats = app.marketplace().get_stats().await?;
    let counted = |id: &str| stats.categories.get(id).copied().unwrap_or(0);
    let categories = categories.into_iter().map(|category| {
        let workflows = counted(&category.id);
        CategoryStats { id: category.id, name: category.name, workflows }
    });
    let body = MarketplaceStats {
        workflows: stats.listings,
        developers: stats.developers,
        installs: stats.installs,
        active_installs: stats.active_installs,
        reviews: stats.reviews,
        categories: categories.collect(),
    };
    tagged(&headers, Audience::Everyone, None, &body)
}
