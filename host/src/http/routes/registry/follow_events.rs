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
use serde::Serialize;
use utoipa::ToSchema;
use workway_registry::{Change, Loading, Notification, RegistryEvent};
use workway_sandbox::{CodeSource, Compiler};

use super::wire::{WirePhases, milliseconds, unix_milliseconds};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
    },
};

/// A comment goes out after so much silence, so that a connection whose other end is gone is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The data of one event; `type` is the event's name, too.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(in crate::http) enum WireEvent {
    /// An integration answers calls that did not before.
    Loaded(WireLoading),
    /// Another version of it answers calls.
    Reloaded(WireLoading),
    /// The file's content is not what answers.
    #[serde(rename_all = "camelCase")]
    Failed {
        file: String,
        /// Unix milliseconds.
        timestamp: u64,
        /// The integration that the file held before.
        #[serde(skip_serializing_if = "Option::is_none")]
        integration_id: Option<String>,
        /// Whether that one's last good version goes on answering.
        serving: bool,
        message: String,
    },
    /// Its file is gone or holds another integration, and this one is no more.
    #[serde(rename_all = "camelCase")]
    Removed { file: String, timestamp: u64, integration_id: String },
    /// So many events came faster than they were read.
    Missed { count: u64 },
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WireLoading {
    integration_id: String,
    file: String,
    version: String,
    actions_count: usize,
    triggers_count: usize,
    /// Unix milliseconds.
    timestamp: u64,
    duration_ms: u64,
    phases: WirePhases,
    code: WireCode,
}

/// Where the machine code came from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum WireCode {
    Cache,
    Cranelift,
    Winch,
}

/// Follows what happens to integrations, as server-sent events. The stream ends when the host does.
#[utoipa::path(get, path = "/registry/events", tag = "registry",
    security(("bearer" = [])),
    responses(
        (status = OK, description = "an endless stream; each event's data is one of these", body = WireEvent, content_type = "text/event-stream"),
        (status = SERVICE_UNAVAILABLE, description = "too many follow already, or the host shuts down", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn follow_events(State(app): State<App>, caller: Caller) -> Result<Response, ApiError> {
    caller.require_admin()?;
    let follower = app.registry().follow()?;
    let events = stream::unfold(follower, async |mut follower| {
        let told = follower.next().await?;
        Some((Ok::<_, Infallible>(event(told)), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn event(told: Notification) -> Event {
    let (name, data) = match &told {
        Notification::Event(event) => wire(event),
        Notification::Missed(count) => ("missed", WireEvent::Missed { count: *count }),
    };
    // These shapes have text as keys and finite numbers: they are always JSON.
    Event::default().event(name).json_data(data).unwrap_or_default()
}

fn wire(event: &RegistryEvent) -> (&'static str, WireEvent) {
    let RegistryEvent { file, at, change } = event;
    let (file, timestamp) = (file.to_string(), unix_milliseconds(*at));
    match change {
        Change::Loaded(loading) => ("loaded", WireEvent::Loaded(WireLoading::new(file, timestamp, loading))),
        Change::Reloaded(loading) => ("reloaded", WireEvent::Reloaded(WireLoading::new(file, timestamp, loading))),
        Change::Failed { integration, message } => {
            let integration_id = integration.as_ref().map(ToString::to_string);
            let serving = integration.is_some();
            ("failed", WireEvent::Failed { file, timestamp, integration_id, serving, message: message.clone() })
        }
        Change::Removed(integration) => {
            ("removed", WireEvent::Removed { file, timestamp, integration_id: integration.to_string() })
        }
    }
}

impl WireLoading {
    fn new(file: String, timestamp: u64, loading: &Loading) -> Self {
        Self {
            integration_id: loading.integration.to_string(),
            file,
            version: loading.version.to_string(),
            actions_count: loading.actions,
            triggers_count: loading.triggers,
            timestamp,
            duration_ms: milliseconds(loading.phases.total()),
            phases: loading.phases.into(),
            code: match loading.code {
                CodeSource::Cache => WireCode::Cache,
                CodeSource::Compiled(Compiler::Cranelift) => WireCode::Cranelift,
                CodeSource::Compiled(Compiler::Winch) => WireCode::Winch,
            },
        }
    }
}
