//! Assigns each request an id. It is in the answer and in every log line, and it is the run id of an execution.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A UUID of version 7, so that ids sort by time. A client's own id is not taken over: it would be whatever it says.
#[derive(Clone, Debug)]
pub(in crate::http) struct RequestId(Arc<str>);

impl RequestId {
    pub(in crate::http) fn as_str(&self) -> &str {
        &self.0
    }
}

pub(in crate::http) async fn set_request_id(mut request: Request, next: Next) -> Response {
    let mut buffer = Uuid::encode_buffer();
    let text: &str = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
    let value = HeaderValue::from_str(text);
    request.extensions_mut().insert(RequestId(text.into()));
    let mut response = next.run(request).await;
    if let Ok(value) = value {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}
