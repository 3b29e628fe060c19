//! `GET /registry/events`: server-sent events (WHATWG HTML, section 9.2).

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use workway_api::{
    error::Problem,
    events::{CodeSource, LoadedVersion, RegistryEvent},
    time::Timestamp,
};
use workway_registry as registry;
use workway_registry::{Change, Loading, Notification};
use workway_sandbox as runtime;
use workway_sandbox::Compiler;

use super::{load_phases, milliseconds};
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError},
};

/// Interval between comments on a silent connection, so that a lost client is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Streams events about integrations as server-sent events. The stream ends when the host shuts down.
#[utoipa::path(get, path = "/registry/events", tag = "registry",
    security(("bearer" = [])),
    responses(
        (status = OK, description = "an endless stream; the schema is that of each event's data", body = RegistryEvent, content_type = "text/event-stream"),
        (status = SERVICE_UNAVAILABLE, description = "too many clients follow the events, or the host is shutting down", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn follow_events(State(app): State<App>, caller: Caller) -> Result<Response, ApiError> {
    caller.require_admin()?;
    let follower = app.registry().follow()?;
    let events = stream::unfold(follower, async |mut follower| {
        let told = follower.next().await?;
        Some((Ok::<_, Infallible>(sse_event(told)), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn sse_event(told: Notification) -> Event {
    let (name, data) = match &told {
        Notification::Event(event) => named_event(event),
        Notification::Missed(count) => ("missed", RegistryEvent::Missed { count: *count }),
    };
    // These shapes have text as keys and finite numbers: they are always JSON.
    Event::default().event(name).json_data(data).unwrap_or_default()
}

fn named_event(event: &registry::RegistryEvent) -> (&'static str, RegistryEvent) {
    let registry::RegistryEvent { file, at, change } = event;
    let (file, timestamp) = (file.to_string(), *at);
    match change {
        Change::Loaded(loading) => ("loaded", RegistryEvent::Loaded(loaded_version(file, timestamp, loading))),
        Change::Reloaded(loading) => ("reloaded", RegistryEvent::Reloaded(loaded_version(file, timestamp, loading))),
        Change::Failed { integration, message } => {
            let integration_id = integration.as_ref().map(ToString::to_string);
            let serving = integration.is_some();
            ("failed", RegistryEvent::Failed { file, timestamp, integration_id, serving, message: message.clone() })
        }
        Change::Removed(integration) => {
            ("removed", RegistryEvent::Removed { file, timestamp, integration_id: integration.to_string() })
        }
    }
}

fn loaded_version(file: String, timestamp: Timestamp, loading: &Loading) -> LoadedVersion {
    LoadedVersion {
        integration_id: loading.integration.to_string(),
        file,
        version: loading.version.to_string(),
        actions_count: loading.actions,
        triggers_count: loading.triggers,
        timestamp,
        duration_ms: milliseconds(loading.phases.total()),
        phases: load_phases(loading.phases),
        code: match loading.code {
            runtime::CodeSource::Cache => CodeSource::Cache,
            runtime::CodeSource::Compiled(Compiler::Cranelift) => CodeSource::Cranelift,
            runtime::CodeSource::Compiled(Compiler::Winch) => CodeSource::Winch,
        },
    }
}
