//! Reading integrations: `GET /registry/integrations` and `GET /registry/integrations/{id}`.

use axum::{Json, extract::State};
use workway_api::{
    error::ErrorCode,
    registry::{
        ConnectionPermission, Integration, IntegrationDetail, IntegrationPage, IntegrationStatus, PendingVersion,
        Permissions, RegistryQuery, Trigger, TriggerKind,
    },
};
use workway_model as integration;
use workway_model::{Definition, IntegrationId};
use workway_registry::{RegisteredIntegration, Status, UnknownIntegration};

use super::{actions::action, load_error};
use crate::{
    app::App,
    http::{
        error::ApiError,
        extract::{Path, Query, clipped},
        page,
    },
};

/// Lists integrations, ordered by id.
#[utoipa::path(get, path = "/registry/integrations", tag = "registry", params(RegistryQuery), responses(
    (status = OK, description = "a part of the list", body = IntegrationPage),
))]
pub(in crate::http) async fn list_integrations(
    State(app): State<App>,
    Query(query): Query<RegistryQuery>,
) -> Result<Json<IntegrationPage>, ApiError> {
    let snapshot = app.registry().snapshot();
    let known = snapshot.integrations.values().filter_map(|entry| Some((entry.definition()?, entry)));
    let chosen = known.filter(|(definition, _)| has_category(definition, &query) && uses_provider(definition, &query));
    Ok(Json(page::of(&query, chosen, |(definition, entry)| integration(definition, entry))?))
}

/// Returns an integration with its permissions, actions and triggers.
#[utoipa::path(get, path = "/registry/integrations/{id}", tag = "registry",
    params(("id" = String, Path, description = "the integration's id", example = "slack")),
    responses((status = OK, description = "the integration", body = IntegrationDetail)))]
pub(in crate::http) async fn get_integration(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<IntegrationDetail>, ApiError> {
    let id = integration_id(&id)?;
    let snapshot = app.registry().snapshot();
    let entry = snapshot.integrations.get(&id).ok_or_else(|| UnknownIntegration(id.clone()))?;
    let detail = integration_detail(entry).ok_or(UnknownIntegration(id))?;
    Ok(Json(detail))
}

/// Parses an integration's id. A text that is not an id names no integration.
pub(super) fn integration_id(text: &str) -> Result<IntegrationId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::not_found(ErrorCode::IntegrationNotFound, format!("unknown integration {:?}", clipped(text)))
    })
}

pub(super) fn has_category(definition: &Definition, query: &RegistryQuery) -> bool {
    query.category.as_ref().is_none_or(|category| definition.categories.contains(category))
}

fn uses_provider(definition: &Definition, query: &RegistryQuery) -> bool {
    query.provider.as_ref().is_none_or(|provider| definition.providers().any(|used| used.as_str() == provider))
}

fn integration(definition: &Definition, entry: &RegisteredIntegration) -> Integration {
    Integration {
        id: definition.id.to_string(),
        name: definition.name.clone(),
        version: definition.version.to_string(),
        description: definition.description.clone(),
        categories: definition.categories.clone(),
        status: match entry.status() {
            Status::Active => IntegrationStatus::Active,
            Status::PendingApproval => IntegrationStatus::PendingApproval,
        },
        callable: entry.active.is_some(),
        providers: definition.providers().map(ToString::to_string).collect(),
        actions_count: definition.actions.len(),
        triggers_count: definition.triggers.len(),
    }
}

fn integration_detail(entry: &RegisteredIntegration) -> Option<IntegrationDetail> {
    let definition = entry.definition()?;
    let active = entry.active.as_ref();
    Some(IntegrationDetail {
        summary: integration(definition, entry),
        permissions: permissions(&definition.permissions),
        actions: definition.actions.iter().map(|one| action(&definition.id, one)).collect(),
        triggers: definition.triggers.iter().map(trigger).collect(),
        file: entry.file.to_string(),
        sha256: active.map(|active| hex::encode(active.hash)),
        loaded_at: active.map(|active| active.loaded_at),
        pending: entry.pending.as_ref().map(|pending| PendingVersion {
            version: pending.definition.version.to_string(),
            sha256: hex::encode(pending.hash()),
            asks: pending.asks.clone(),
            permissions: permissions(&pending.definition.permissions),
        }),
        last_error: entry.last_error.as_ref().map(load_error),
    })
}

fn permissions(permissions: &integration::Permissions) -> Permissions {
    let connections = permissions.connections.iter().map(|need| ConnectionPermission {
        provider: need.provider.to_string(),
        scopes: need.scopes.iter().cloned().collect(),
        required: need.required,
    });
    Permissions {
        hosts: permissions.hosts.iter().map(ToString::to_string).collect(),
        connections: connections.collect(),
        storage: permissions.storage,
        reveal_token: permissions.reveal_token,
    }
}

fn trigger(trigger: &integration::Trigger) -> Trigger {
    Trigger {
        id: trigger.id.to_string(),
        name: trigger.name.clone(),
        description: trigger.description.clone(),
        kind: match trigger.kind {
            integration::TriggerKind::Poll => TriggerKind::Poll,
            integration::TriggerKind::Webhook => TriggerKind::Webhook,
        },
    }
}
