//! One log line a request, and the one place where an error's internal message is logged.
//!
//! Never logs a header, a query or a body: they hold tokens and users' data.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::request_id::RequestId;
use crate::http::error::ApiError;

pub(in crate::http) async fn trace(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.as_ref().map_or("", RequestId::as_str);
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    let path = path.as_ref().map_or("-", MatchedPath::as_str);
    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    match response.extensions_mut().remove::<ApiError>() {
        None => tracing::debug!(target: "workway::http", id, %method, path, status, elapsed_us),
        Some(mut error) => {
            let code = error.problem.code;
            match error.internal.take() {
                Some(internal) => {
                    tracing::error!(target: "workway::http", id, %method, path, status, elapsed_us, %code, "{internal}")
                }
                None => tracing::info!(target: "workway::http", id, %method, path, status, elapsed_us, %code),
            }
            // The body was written before anybody knew the id; what other layers put on the answer stays.
            error.problem.request_id = id.to_owned();
            let mut headers = std::mem::take(response.headers_mut());
            headers.remove(header::CONTENT_LENGTH);
            response = error.into_response();
            response.extensions_mut().remove::<ApiError>();
            response.headers_mut().extend(headers);
        }
    }
    response
}
