//! Reads what a handler left of a request's body, before the answer goes out. A connection that is closed with bytes unread is
//! reset, and the client may lose its answer with it; one that stays open needs the end of the body to find the next request
//! (RFC 9112, sections 9.3 and 9.6).

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;

/// The most that is read of a body that nobody wants, in bytes, and how long. The answer waits for it.
const MAX_DRAINED_BYTES: usize = 1 << 20;
const MAX_DRAIN_TIME: Duration = Duration::from_secs(1);

/// Reads the rest of the body within the bounds. Where there is more, the answer says that the connection is closed.
pub(in crate::http) async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Such a client waits for the answer before it sends the body. Reading would tell it to begin.
    let waits = request.headers().contains_key(header::EXPECT);
    let (head, body) = request.into_parts();
    let body = SharedBody(Arc::new(Mutex::new(body)));
    let mut rest = body.clone();
    let mut response = next.run(Request::from_parts(head, Body::new(body))).await;
    let is_read = rest.is_end_stream()
        || !waits && tokio::time::timeout(MAX_DRAIN_TIME, rest.read_to_end()).await.unwrap_or_default();
    if !is_read {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that its handler reads first, and [`drain`] afterwards.
#[derive(Clone)]
struct SharedBody(Arc<Mutex<Body>>);

impl SharedBody {
    /// Whether the body ended within the bound.
    async fn read_to_end(&mut self) -> bool {
        let mut left = MAX_DRAINED_BYTES;
        loop {
            match self.frame().await {
                None => return true,
                Some(Err(_)) => return false,
                Some(Ok(frame)) => match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                    Some(after) => left = after,
                    None => return false,
                },
            }
        }
    }

    fn body(&self) -> std::sync::MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}
