//! `GET /runs/{id}/events`: the history of a run as server-sent events (WHATWG HTML, section 9.2).

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use workway_api::{
    error::{ErrorCode, Problem},
    runs::RunEvent,
};
use workway_reducer as reducer;
use workway_runs::{RunId, RunStoreError};
use workway_users::Scope;

use super::{convert::run_event, own_run};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{Path, clipped},
    },
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Interval between comments on a silent connection, so that a lost client is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often the store is read without being told: another process may drive the run.
const LOOK: Duration = Duration::from_secs(1);
/// Events that are read at once. Each may have a value of megabytes.
const EVENTS_AT_ONCE: u32 = 16;

/// Streams the events of one of the calling user's runs, from the first one on, or after the one in `Last-Event-ID`. The stream ends
/// after the end of the run, or when the host shuts down.
#[utoipa::path(get, path = "/runs/{id}/events", tag = "runs",
    params(
        ("id" = String, Path, description = "the run's id"),
        ("last-event-id" = Option<u64>, Header, description = "the number of the last event that the client has"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "a stream of events; the schema is that of each event's data", body = RunEvent, content_type = "text/event-stream"),
        (status = NO_CONTENT, description = "the run has ended, and the client has every event"),
        (status = SERVICE_UNAVAILABLE, description = "too many clients follow events of runs", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn follow_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let after = last_event_id(&headers)?;
    // Before the run is read, so that nothing happens unnoticed in between.
    let changes = app.runs().changes();
    let summary = own_run(&app, &caller, &id).await?;
    if after > summary.last_seq {
        let detail =
            format!("Last-Event-ID must be at most {}, the last event of this run (got {after})", summary.last_seq);
        return Err(ApiError::bad_request(ErrorCode::InvalidQuery, detail));
    }
    if summary.status.is_ended() && after == summary.last_seq {
        // A client that gets this does not connect again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let place = app.run_follower().ok_or_else(too_many)?;
    let follower =
        Follower { app, run: summary.id, after, read: VecDeque::new(), changes, has_ended: false, _place: place };
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn last_event_id(headers: &HeaderMap) -> Result<u64, ApiError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(0) };
    let text = value.to_str().unwrap_or_default();
    text.parse().map_err(|_| {
        let detail = format!("Last-Event-ID must be the id of an event of this run (got {:?})", clipped(text));
        ApiError::bad_request(ErrorCode::InvalidQuery, detail)
    })
}

fn too_many() -> ApiError {
    let detail = "too many clients follow events of runs: try again later";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, detail).retry_soon()
}

/// One that follows a run.
struct Follower {
    app: App,
    run: RunId,
    /// The number of the last event that was read.
    after: u64,
    /// What was read and not sent yet.
    read: VecDeque<(u64, reducer::Event)>,
    changes: broadcast::Receiver<RunId>,
    has_ended: bool,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next event; none after the end of the run, or when the host shuts down.
    async fn next(&mut self) -> Option<Event> {
        let stopping = self.app.stopping().clone();
        while self.read.is_empty() {
            if self.has_ended || stopping.is_cancelled() {
                return None;
            }
            match self.app.runs().events_after(&self.run, self.after, EVENTS_AT_ONCE).await {
                Ok(events) => {
                    self.after = events.last().map_or(self.after, |(number, _)| *number);
                    self.read.extend(events);
                }
                Err(error @ RunStoreError::Damaged(_)) => {
                    tracing::error!(run = %self.run, %error, "the events of a run cannot be sent");
                    return None;
                }
                Err(error) => tracing::warn!(run = %self.run, %error, "the events of a run cannot be read yet"),
            }
            if self.read.is_empty() {
                tokio::select! {
                    () = self.changed() => {}
                    () = stopping.cancelled() => {}
                }
            }
        }
        let (number, event) = self.read.pop_front()?;
        self.has_ended = matches!(event.kind, reducer::EventKind::RunEnded { .. });
        match run_event(&self.run, number, &event) {
            // These shapes have text as keys and finite numbers: they are always JSON.
            Ok(told) => Some(sse_event(number, event.kind.name(), &told)),
            Err(error) => {
                tracing::error!(run = %self.run, number, "an event of a run cannot be sent: {:?}", error.internal);
                None
            }
        }
    }

    /// Waits until the run may have a new event.
    async fn changed(&mut self) {
        let Self { changes, run, .. } = self;
        let told = async {
            // One that is behind looks at once.
            while changes.recv().await.is_ok_and(|changed| changed != *run) {}
        };
        let _ = tokio::time::timeout(LOOK, told).await;
    }
}

fn sse_event(number: u64, kind: &str, told: &RunEvent) -> Event {
    Event::default().id(number.to_string()).event(kind).json_data(told).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_goes_on_after_the_event_that_it_names() {
        let mut headers = HeaderMap::new();
        assert_eq!(last_event_id(&headers).unwrap(), 0);
        headers.insert(LAST_EVENT_ID, "17".parse().unwrap());
        assert_eq!(last_event_id(&headers).unwrap(), 17);
        for wrong in ["", "x", "-1", "1.5"] {
            headers.insert(LAST_EVENT_ID, wrong.parse().unwrap());
            assert_eq!(last_event_id(&headers).unwrap_err().problem.code, ErrorCode::InvalidQuery, "{wrong}");
        }
    }
}
