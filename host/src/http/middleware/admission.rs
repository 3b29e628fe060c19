//! Identifies the client of a request, and reserves memory of the client's share for it. The memory is released when the answer
//! is written, which may take as long as the client reads.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use workway_api::error::ErrorCode;
use workway_resources::{HeldMemory, OutOfMemory, Share};

use crate::{
    app::App,
    http::{
        auth::is_operator,
        clients::{Client, Clients},
        error::ApiError,
        forwarded,
        server::Connection,
    },
};

/// Memory of a request besides its body and its answer, in bytes: its head and its handler's state.
const REQUEST_BYTES: u64 = 32 << 10;
/// Paths that are always answered. An orchestrator restarts a host that does not answer them.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// The client of a request, and the memory that is reserved for the request.
#[derive(Clone)]
pub(in crate::http) struct RequestMemory {
    client: Arc<Client>,
    held: Arc<Mutex<HeldMemory>>,
}

impl RequestMemory {
    pub(in crate::http) fn client(&self) -> &Client {
        &self.client
    }

    pub(in crate::http) fn share(&self) -> &Share {
        &self.client.share
    }

    /// Reserves bytes until the answer is written. Waits briefly until others have released enough.
    ///
    /// # Errors
    /// See [`HeldMemory::grow`].
    pub(in crate::http) async fn take(&self, bytes: u64) -> Result<(), OutOfMemory> {
        if self.held().try_grow(bytes).is_ok() {
            return Ok(());
        }
        let more = self.client.share.take(bytes).await?;
        self.held().absorb(more);
        Ok(())
    }

    /// Counts bytes that are already allocated, even beyond the limits.
    pub(in crate::http) fn count(&self, bytes: u64) {
        self.held().count(bytes);
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HeldMemory> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestMemory {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let memory = parts.extensions.get::<Self>().cloned();
        memory.ok_or_else(|| ApiError::internal("a request that did not come through the server"))
    }
}

/// The state of the layer.
#[derive(Clone)]
pub(in crate::http) struct Admission {
    pub(in crate::http) app: App,
    pub(in crate::http) clients: Clients,
}

pub(in crate::http) async fn admit(State(admission): State<Admission>, mut request: Request, next: Next) -> Response {
    let Some(connection) = request.extensions().get::<Connection>().cloned() else {
        return ApiError::internal("a request without its connection").into_response();
    };
    let (path, headers) = (request.uri().path(), request.headers());
    let may_always = || PROBES.contains(&path) || is_operator(headers, admission.app.settings().admin_token.as_ref());
    if connection.is_reserved && !may_always() {
        return closing(ApiError::busy("the host is at its limit of connections: try again later"));
    }
    let (client, place) = match forwarded_client(&admission, &connection, headers) {
        None => (connection.client, None),
        Some(client) => match client.try_place() {
            None if !may_always() => {
                return ApiError::busy("this client is at its limit of concurrent requests: try again later")
                    .into_response();
            }
            place => (client, place),
        },
    };
    let mut held = client.share.hold();
    if held.try_grow(REQUEST_BYTES).is_err() {
        if may_always() {
            held.count(REQUEST_BYTES);
        } else if let Err(error) = held.grow(REQUEST_BYTES).await {
            return ApiError::from(error).into_response();
        }
    }
    let memory = RequestMemory { client, held: Arc::new(Mutex::new(held)) };
    request.extensions_mut().insert(memory.clone());
    let response = next.run(request).await;
    // The handler has done its work, so its answer is not refused any more.
    memory.count(response.body().size_hint().exact().unwrap_or_default());
    response.map(|body| Body::new(AccountedBody { body, _memory: memory, _place: place }))
}

/// The client that a trusted proxy names, if the request comes from one and names one.
fn forwarded_client(admission: &Admission, connection: &Connection, headers: &HeaderMap) -> Option<Arc<Client>> {
    if !connection.is_proxy {
        return None;
    }
    let address = forwarded::client(headers, &admission.app.settings().server.trusted_proxies)?;
    Some(admission.clients.get(address))
}

fn closing(error: ApiError) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

impl ApiError {
    /// 503 `busy`.
    fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, detail).retry_soon()
    }
}

/// An answer's body, with the resources of its request.
struct AccountedBody {
    body: Body,
    _memory: RequestMemory,
    _place: Option<OwnedSemaphorePermit>,
}

impl HttpBody for AccountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
