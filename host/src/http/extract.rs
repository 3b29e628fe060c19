//! What handlers take: bodies, path segments and queries, each refused with a problem that says what is wrong.

use std::time::Duration;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::{Value, error::Category};

use super::error::ApiError;

/// How long a body may take to arrive. Who sends slower keeps a connection from others.
const MAX_BODY_TIME: Duration = Duration::from_secs(60);

/// The text of a JSON body, as it came. Its content type is asked for: a form or plain text that a foreign web page may
/// send without asking the browser is not a request to this host.
pub(super) struct JsonBytes(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let detail = "send the body as `Content-Type: application/json`";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", detail));
        }
        body(request, state).await.map(Self)
    }
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    let body = tokio::time::timeout(MAX_BODY_TIME, Bytes::from_request(request, state)).await;
    let body = body.map_err(|_elapsed| {
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", "the body took too long to arrive")
    })?;
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "the body is larger than this host takes")
        } else {
            ApiError::bad_request("body-incomplete", "the body ended before it was complete")
        }
    })
}

/// An image's bytes, of one of the types that screenshots may be.
pub(super) struct Image(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Image {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !["image/png", "image/jpeg", "image/webp"].contains(&essence(request.headers()).as_str()) {
            let detail = "send the image as `Content-Type: image/png`, `image/jpeg` or `image/webp`";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-an-image", detail));
        }
        body(request, state).await.map(Self)
    }
}

/// A body of a shape.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let JsonBytes(bytes) = JsonBytes::from_request(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// Reads a body, which is an object: serde would take an array for a struct, too. The error names line and column. What
/// stands there is not quoted: it may be a token in the wrong place.
pub(super) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ApiError> {
    let begins = bytes.trim_ascii_start();
    if begins.first().is_some_and(|first| *first != b'{') {
        let before = bytes.strip_suffix(begins).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        return Err(ApiError::bad_request("invalid-body", format!("a JSON object was expected at line {line}")));
    }
    serde_json::from_slice(bytes).map_err(|error: serde_json::Error| {
        let message = error.to_string();
        let names_fields_only = message.starts_with("missing field") || message.starts_with("unknown field");
        let detail = match error.classify() {
            Category::Data if !names_fields_only => {
                format!("a value of another type was expected at line {} column {}", error.line(), error.column())
            }
            _ => message,
        };
        ApiError::bad_request("invalid-body", detail)
    })
}

/// For a field that is an object or `null`, as [`parse`] has it for bodies.
pub(super) fn optional_object<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let object = Option::<serde_json::Map<String, Value>>::deserialize(deserializer)?;
    object.map(|object| serde_json::from_value(Value::Object(object))).transpose().map_err(D::Error::custom)
}

/// One path segment.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|rejection| ApiError::not_found("not-found", rejection.body_text()))
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
            .map_err(|rejection| ApiError::bad_request("invalid-query", rejection.body_text()))
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
    use serde::Deserialize;

    use super::{optional_object, parse};

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Outer {
        #[serde(default, deserialize_with = "optional_object")]
        inner: Option<Inner>,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Inner {
        number: u8,
    }

    #[test]
    fn an_array_is_no_object() {
        let read = |text: &str| parse::<Outer>(text.as_bytes()).ok().map(|body| body.inner);
        assert_eq!(read(r#" {"inner":{"number":7}}"#), Some(Some(Inner { number: 7 })));
        assert_eq!((read("{}"), read(r#"{"inner":null}"#)), (Some(None), Some(None)));
        for text in ["", "null", "[]", r#"[{"number":7}]"#, r#"{"inner":[7]}"#, r#"{"inner":{"number":256}}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
