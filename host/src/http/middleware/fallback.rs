//! Answers in the one error shape for what no handler answers.

use std::any::Any;

use axum::{
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};

use crate::http::error::ApiError;

pub(in crate::http) async fn not_found(uri: Uri) -> Response {
    ApiError::not_found("not-found", format!("there is nothing at {}", uri.path())).into_response()
}

pub(in crate::http) async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    let detail = format!("{} does not answer {method}", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail).into_response()
}

/// A panic in a handler is a fault of this host; what it said is for the log.
pub(in crate::http) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
    ApiError::internal(format!("a handler panicked: {text}")).into_response()
}
