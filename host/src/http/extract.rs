//! Extracts bodies, path segments and queries. Each rejection is a problem that says what is wrong.

use std::{error::Error, time::Duration};

use axum::{
    RequestExt,
    body::{Body, HttpBody},
    extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, LengthLimitError};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;
use workway_api::error::ErrorCode;
use workway_model::json_tree_bytes;

use super::{error::ApiError, middleware::admission::RequestMemory};

/// How long a body may take to arrive. A slower client would occupy a connection.
const MAX_BODY_TIME: Duration = Duration::from_secs(60);
/// How long the client may pause within a body.
const MAX_BODY_PAUSE: Duration = Duration::from_secs(10);
/// Bytes of memory for each byte of a body: a buffer doubles as it grows, and a handler may keep a copy.
const BODY_FACTOR: u64 = 2;
/// The longest text that is parsed on an async thread, in bytes. A longer one would delay other requests.
const MAX_INLINE_TEXT: usize = 64 << 10;
/// How much of a caller's text an error repeats.
const MAX_QUOTED_CHARS: usize = 64;

/// The beginning of a caller's text, for an error that quotes it.
pub(super) fn clipped(text: &str) -> String {
    text.chars().take(MAX_QUOTED_CHARS).collect()
}

/// Reads a body. Reserves memory for the bytes that arrive, not for the length that the client announces.
async fn body(request: Request, memory: &RequestMemory) -> Result<Bytes, ApiError> {
    let body = tokio::time::timeout(MAX_BODY_TIME, read_body(request.into_limited_body(), memory)).await;
    body.unwrap_or_else(|_elapsed| Err(too_slow()))
}

async fn read_body(mut body: Body, memory: &RequestMemory) -> Result<Bytes, ApiError> {
    let mut bytes = BytesMut::new();
    loop {
        let frame = tokio::time::timeout(MAX_BODY_PAUSE, body.frame()).await.map_err(|_elapsed| too_slow())?;
        let Some(frame) = frame else { return Ok(bytes.freeze()) };
        let Ok(data) = frame.map_err(|error| broken_body(&error))?.into_data() else { continue };
        memory.take(u64::try_from(data.len()).unwrap_or(u64::MAX).saturating_mul(BODY_FACTOR)).await?;
        bytes.extend_from_slice(&data);
    }
}

fn too_slow() -> ApiError {
    ApiError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::BodyTooSlow, "the body took too long to arrive")
}

fn broken_body(error: &axum::Error) -> ApiError {
    if error.source().is_some_and(|source| source.is::<LengthLimitError>()) {
        let detail = "the body is larger than this endpoint accepts";
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::BodyTooLarge, detail);
    }
    ApiError::bad_request(ErrorCode::BodyIncomplete, "the body ended before it was complete")
}

/// An image's bytes, of one of the types that screenshots may be.
pub(super) struct Image(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Image {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !["image/png", "image/jpeg", "image/webp"].contains(&essence(request.headers()).as_str()) {
            let detail = "send the image as `Content-Type: image/png`, `image/jpeg` or `image/webp`";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::NotAnImage, detail));
        }
        let memory = memory_of(&request)?;
        body(request, &memory).await.map(Self)
    }
}

/// Any body's bytes.
pub(super) struct Raw(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let memory = memory_of(&request)?;
        body(request, &memory).await.map(Self)
    }
}

/// A JSON body of a shape. Its content type is required: a form or plain text, which a foreign web page may send without a
/// preflight request, is refused.
pub(super) struct Json<T>(pub(super) T);

/// As [`Json`], for a shape that keeps the values of its caller as text.
pub(super) struct JsonText<T>(pub(super) T);

impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        read_json(request, json_tree_bytes, |text| parse(text)).await.map(Self)
    }
}

/// A body that may be left out, or be `null`.
impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, ApiError> {
        if request.body().is_end_stream() {
            return Ok(None);
        }
        Ok(read_json(request, json_tree_bytes, parse_optional).await?.map(Self))
    }
}

impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> FromRequest<S> for JsonText<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        read_json(request, |_| 0, |text| parse(text)).await.map(Self)
    }
}

/// Reads a JSON body, a long one off the async threads. `tree_bytes` counts what the parsed value takes before it is parsed.
async fn read_json<T: DeserializeOwned + Send + 'static>(
    request: Request,
    tree_bytes: fn(&[u8]) -> u64,
    parse: fn(&[u8]) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    if !is_json(request.headers()) {
        let detail = "send the body as `Content-Type: application/json`";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::NotJson, detail));
    }
    let memory = memory_of(&request)?;
    let text = body(request, &memory).await?;
    if text.len() <= MAX_INLINE_TEXT {
        memory.take(tree_bytes(&text)).await?;
        return parse(&text);
    }
    let counted = text.clone();
    let bytes = memory.share().run_long(move || tree_bytes(&counted)).await.map_err(ApiError::internal)?;
    memory.take(bytes).await?;
    memory.share().run_long(move || parse(&text)).await.map_err(ApiError::internal)?
}

fn memory_of(request: &Request) -> Result<RequestMemory, ApiError> {
    let memory = request.extensions().get::<RequestMemory>().cloned();
    memory.ok_or_else(|| ApiError::internal("a request that did not come through the server"))
}

/// Parses a body, which must be an object: serde would accept an array for a struct, too. The error names what was expected,
/// with line and column. The body's own text is not quoted, because it may be a token in the wrong place.
pub(super) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ApiError> {
    let begins = bytes.trim_ascii_start();
    if begins.first().is_some_and(|first| *first != b'{') {
        let before = bytes.strip_suffix(begins).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let detail = format!("expected a JSON object at line {line}");
        return Err(ApiError::bad_request(ErrorCode::InvalidBody, detail));
    }
    serde_json::from_slice(bytes).map_err(|error| ApiError::bad_request(ErrorCode::InvalidBody, without_values(&error)))
}

/// As [`parse`], of a body that may be `null`.
fn parse_optional<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<T>, ApiError> {
    if bytes.trim_ascii() == b"null" { Ok(None) } else { parse(bytes).map(Some) }
}

/// An error of serde without the values that it quotes. It quotes them before `, expected `; other messages of a wrong value
/// are not known to quote none, and are left out.
fn without_values(error: &serde_json::Error) -> String {
    const NAMES_FIELDS: [&str; 3] = ["missing field", "unknown field", "duplicate field"];
    const NAMES_TYPES: [&str; 4] = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    let message = error.to_string();
    if error.classify() != Category::Data || NAMES_FIELDS.iter().any(|start| message.starts_with(start)) {
        return message;
    }
    let expected =
        message.rsplit_once(", expected ").filter(|_| NAMES_TYPES.iter().any(|start| message.starts_with(start)));
    match expected {
        Some((_, expected)) => format!("expected {expected}"),
        None => format!("invalid value at line {} column {}", error.line(), error.column()),
    }
}

/// One path segment.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|rejection| ApiError::not_found(ErrorCode::NotFound, rejection.body_text()))
    }
}

/// A query of a shape.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| ApiError::bad_request(ErrorCode::InvalidQuery, rejection.body_text()))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    essence(headers) == "application/json"
}

/// The media type without its parameters, in lower case; empty if there is none.
fn essence(headers: &HeaderMap) -> String {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use workway_api::{auth::NewApiToken, reviews::NewReview};

    use super::parse;

    fn detail<T: serde::de::DeserializeOwned>(body: &str) -> String {
        parse::<T>(body.as_bytes()).err().map(|error| error.problem.detail).unwrap_or_default()
    }

    #[test]
    fn an_error_says_what_was_expected_and_where() {
        for (body, expected) in [
            ("\n[]", "expected a JSON object at line 2"),
            (r#"{"password":7}"#, "expected a string at line 1 column 13"),
            (
                r#"{"scopes":["admin, expected x"]}"#,
                "expected one of `actions:execute`, `connections`, `marketplace`, `publish`, `account` at line 1 column 30",
            ),
            (
                r#"{"expiresAt":1795911545}"#,
                "expected an RFC 3339 time such as \"2026-11-29T00:19:05.123Z\" at line 1 column 23",
            ),
            (r#"{"secret":1}"#, "unknown field `secret`"),
        ] {
            let detail = detail::<NewApiToken>(body);
            assert!(detail.starts_with(expected), "{body}: {detail}");
        }
        assert_eq!(detail::<NewReview>("{}"), "missing field `rating` at line 1 column 2");
        assert_eq!(detail::<NewReview>(r#"{"rating":256}"#), "invalid value at line 1 column 14");
        assert_eq!(detail::<NewReview>(r#"{"rating":5}"#), "");
    }
}
