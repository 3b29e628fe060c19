//! `GET /registry/actions`.

use axum::{Json, extract::State};

use super::{list_integrations::is_of, wire::ActionSummary};
use crate::{
    app::App,
    http::{
        error::ApiError,
        extract::Query,
        page::{ListQuery, Page},
    },
};

/// Actions that can be executed, in the order of their integrations' ids.
#[utoipa::path(get, path = "/registry/actions", tag = "registry", params(ListQuery), responses(
    (status = OK, description = "a part of the list", body = Page<ActionSummary>),
))]
pub(in crate::http) async fn list_actions(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<ActionSummary>>, ApiError> {
    let snapshot = app.registry().snapshot();
    let definitions = snapshot.active().map(|active| &active.definition).filter(|definition| is_of(definition, &query));
    let actions =
        definitions.flat_map(|definition| definition.actions.iter().map(move |action| (&definition.id, action)));
    let chosen = actions.filter(|(_, action)| match &query.provider {
        Some(provider) => action.provider.as_ref().is_some_and(|used| used.as_str() == provider),
        None => true,
    });
    Ok(Json(query.page(chosen, |(integration, action)| ActionSummary::new(integration, action))?))
}
