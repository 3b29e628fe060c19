//! `GET /metrics`.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::app::App;

/// Counters in the Prometheus text format, version 0.0.4.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = OK, description = "the counters", body = String, content_type = "text/plain")))]
pub(in crate::http) async fn get_metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.render_metrics()).into_response()
}
