//! Problems for requests that no handler answers.

use std::any::Any;

use axum::{
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use workway_api::error::ErrorCode;

use crate::http::error::ApiError;

pub(in crate::http) async fn not_found(uri: Uri) -> Response {
    ApiError::not_found(ErrorCode::NotFound, format!("nothing exists at {}", uri.path())).into_response()
}

pub(in crate::http) async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    let detail = format!("{} does not support {method}", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed, detail).into_response()
}

/// A panic in a handler is a failure of this host; only the log gets its message.
pub(in crate::http) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
    ApiError::internal(format!("a handler panicked: {text}")).into_response()
}
