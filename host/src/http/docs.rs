//! The documentation page of the API: Swagger UI, which reads `/openapi.json`. Nothing of it comes from elsewhere.

use std::io::Read;

use axum::{
    Router,
    body::Body,
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use bytes::Bytes;
use flate2::read::GzDecoder;
use utoipa::openapi::OpenApi;

use super::error::ApiError;

const PAGE: &str = r#"<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>WORKWAY API</title>
    <link rel="stylesheet" href="swagger-ui.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="swagger-ui-bundle.js"></script>
    <script src="start.js"></script>
  </body>
</html>
"#;
const START: &str = r##"window.ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true });
"##;
/// Packed by the build script.
const STYLES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"));
const SCRIPT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"));
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// `/docs/` and `/openapi.json`.
pub(super) fn docs<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    // A document that utoipa made is JSON.
    let document = Bytes::from(document.to_json().unwrap_or_default());
    let document = move || std::future::ready(answer("application/json", document.clone()));
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(async || answer("text/html; charset=utf-8", PAGE)))
        .route("/docs/start.js", get(async || answer(JAVASCRIPT, START)))
        .route(
            "/docs/swagger-ui.css",
            get(async |headers: HeaderMap| packed(&headers, "text/css; charset=utf-8", STYLES)),
        )
        .route("/docs/swagger-ui-bundle.js", get(async |headers: HeaderMap| packed(&headers, JAVASCRIPT, SCRIPT)))
}

fn answer(content_type: &'static str, body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static(content_type))], body.into()).into_response()
}

/// A packed file, unpacked for a client that cannot unpack it itself.
fn packed(headers: &HeaderMap, content_type: &'static str, file: &'static [u8]) -> Response {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let takes_gzip = accepted.flat_map(|value| value.split(',')).any(|coding| coding.trim() == "gzip");
    let mut response = if takes_gzip {
        let mut response = answer(content_type, file);
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        let mut bytes = Vec::new();
        match GzDecoder::new(file).read_to_end(&mut bytes) {
            Ok(_) => answer(content_type, bytes),
            Err(error) => ApiError::internal(error).into_response(),
        }
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}
