//! The value that a run reads as `trigger`: the body by its content type, headers, query and method.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use mime::Mime;
use serde_json::{Map, Value, json, map::Entry};
use url::form_urlencoded;
use workway_document::Document;
use workway_model::{InputProblem, Schema};
use workway_policy::SecretName;
use workway_workflow::bounds::MAX_NESTING;

use super::WebhookRequest;

/// The longest body, in bytes. Senders recommend far less, and every run keeps its payload.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// The most bytes of all names and values of headers: as much as common proxies let through.
pub const MAX_HEADER_BYTES: usize = 32 << 10;
/// The longest query, in bytes, for the same reason.
pub const MAX_QUERY_BYTES: usize = 32 << 10;

/// What stands in place of a credential, as in the recordings of the test kit.
const REDACTED: &str = "[redacted]";

/// Why a request cannot become the value of a trigger. Its sender is to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("the body must have at most {MAX_BODY_BYTES} bytes (got {0}): send less")]
    BodyTooLarge(usize),
    #[error("names and values of headers must have at most {MAX_HEADER_BYTES} bytes together (got {0}): send fewer")]
    HeadersTooLarge(usize),
    #[error("the query must have at most {MAX_QUERY_BYTES} bytes (got {0}): send the data in the body")]
    QueryTooLarge(usize),
    #[error("the header content-type must be one media type, such as application/json: send one")]
    ContentType,
    #[error("a body in the charset {0:?} is not supported: send UTF-8")]
    Charset(String),
    #[error("a body with the content-encoding {0:?} is not supported: send it as it is")]
    ContentEncoding(String),
    #[error("the body is not valid JSON: {0}")]
    Json(String),
    /// The pointers begin with `/body`.
    #[error("the body does not fit the schema of this webhook: {}", list(.0))]
    Schema(Vec<InputProblem>),
}

fn list(problems: &[InputProblem]) -> String {
    let lines: Vec<String> =
        problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message)).collect();
    lines.join("; ")
}

/// Refuses what is too large to be looked at.
pub(super) fn check_size(request: WebhookRequest<'_>) -> Result<(), PayloadError> {
    let headers: usize = request.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let query = request.query.map_or(0, str::len);
    if request.body.len() > MAX_BODY_BYTES {
        return Err(PayloadError::BodyTooLarge(request.body.len()));
    }
    if headers > MAX_HEADER_BYTES {
        return Err(PayloadError::HeadersTooLarge(headers));
    }
    if query > MAX_QUERY_BYTES {
        return Err(PayloadError::QueryTooLarge(query));
    }
    Ok(())
}

/// The value, whose body fits `schema`. `signature` is the header that only the verification needs.
pub(super) fn trigger(
    request: WebhookRequest<'_>,
    signature: Option<&str>,
    schema: Option<&Schema>,
) -> Result<Value, PayloadError> {
    let body = body(request.headers, request.body)?;
    if let Some(Err(problems)) = schema.map(|schema| schema.validate(&body)) {
        let below = |problem: InputProblem| InputProblem { pointer: format!("/body{}", problem.pointer), ..problem };
        return Err(PayloadError::Schema(problems.into_iter().map(below).collect()));
    }
    Ok(json!({
        "body": body,
        "headers": headers(request.headers, signature),
        "query": fields(request.query.unwrap_or_default().as_bytes()),
        "method": request.method.as_str(),
    }))
}

fn body(headers: &HeaderMap, body: &[u8]) -> Result<Value, PayloadError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    if let Some(encoding) = headers.get_all(CONTENT_ENCODING).iter().find(|value| *value != "identity") {
        return Err(PayloadError::ContentEncoding(String::from_utf8_lossy(encoding.as_bytes()).into_owned()));
    }
    let media = media_type(headers)?;
    let is_json = media.as_ref().is_some_and(|media| {
        media.essence_str() == mime::APPLICATION_JSON.essence_str() || media.suffix() == Some(mime::JSON)
    });
    let is_form =
        media.as_ref().is_some_and(|media| media.essence_str() == mime::APPLICATION_WWW_FORM_URLENCODED.essence_str());
    let charset = media.as_ref().and_then(|media| media.get_param(mime::CHARSET));
    if let Some(charset) = charset.filter(|charset| (is_json || is_form) && *charset != mime::UTF_8) {
        return Err(PayloadError::Charset(charset.to_string()));
    }
    if is_json {
        let text = std::str::from_utf8(body).map_err(|_| PayloadError::Json("it is not in UTF-8".to_owned()))?;
        let read = Document::from_json(text, MAX_NESTING);
        return read.map(|document| document.value).map_err(|error| PayloadError::Json(error.to_string()));
    }
    if is_form {
        return Ok(fields(body));
    }
    Ok(match std::str::from_utf8(body) {
        Ok(text) => text.into(),
        Err(_) => json!({"base64": STANDARD.encode(body)}),
    })
}

/// The media type; none if the request does not say.
fn media_type(headers: &HeaderMap) -> Result<Option<Mime>, PayloadError> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let media = value.to_str().ok().and_then(|text| text.parse().ok());
    if values.next().is_some() || media.is_none() {
        return Err(PayloadError::ContentType);
    }
    Ok(media)
}

/// Parameters of a form or a query. The URL Standard's rules: what is not UTF-8 becomes U+FFFD.
fn fields(text: &[u8]) -> Value {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        let value = Value::String(value.into_owned());
        match fields.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(value)),
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(values) => values.push(value),
                first => *first = Value::Array(vec![first.take(), value]),
            },
        }
    }
    Value::Object(fields)
}

/// Headers by lower-case name, without credentials: a run's history shows what is here.
fn headers(headers: &HeaderMap, signature: Option<&str>) -> Value {
    let value_of = |name: &http::HeaderName| {
        let is_signature = signature.is_some_and(|signature| signature.eq_ignore_ascii_case(name.as_str()));
        if is_signature || SecretName::of(name.as_str()).is_some() {
            return REDACTED.to_owned();
        }
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(", ")
    };
    Value::Object(headers.keys().map(|name| (name.as_str().to_owned(), value_of(name).into())).collect())
}
