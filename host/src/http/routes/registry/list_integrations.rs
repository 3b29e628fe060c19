//! `GET /registry/integrations`.

use axum::{Json, extract::State};
use workway_model::Definition;

use super::wire::IntegrationSummary;
use crate::{
    app::App,
    http::{
        error::ApiError,
        extract::Query,
        page::{ListQuery, Page},
    },
};

/// Integrations in the order of their ids.
#[utoipa::path(get, path = "/registry/integrations", tag = "registry", params(ListQuery), responses(
    (status = OK, description = "a part of the list", body = Page<IntegrationSummary>),
))]
pub(in crate::http) async fn list_integrations(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<IntegrationSummary>>, ApiError> {
    let snapshot = app.registry().snapshot();
    let known = snapshot.integrations.values().filter_map(|entry| Some((entry.definition()?, entry)));
    let chosen = known.filter(|(definition, _)| is_of(definition, &query) && uses(definition, &query));
    Ok(Json(query.page(chosen, |(definition, entry)| IntegrationSummary::new(definition, entry))?))
}

pub(super) fn is_of(definition: &Definition, query: &ListQuery) -> bool {
    query.category.as_ref().is_none_or(|category| definition.categories.contains(category))
}

fn uses(definition: &Definition, query: &ListQuery) -> bool {
    query.provider.as_ref().is_none_or(|provider| definition.providers().any(|used| used.as_str() == provider))
}
