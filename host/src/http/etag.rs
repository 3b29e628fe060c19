//! Entity tags (RFC 9110, section 8.8.3) and the conditions that name them (section 13).
//!
//! A tag is the shortened SHA-256 of the body. The tag of a resource that owners write starts with the resource's version, as
//! in `"7-0a1b…"`: `If-None-Match` compares the whole tag, `If-Match` only the version, so that a change which no owner made,
//! such as an installation, does not block an owner's write.

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use axum_extra::headers::{ETag, HeaderMapExt, IfNoneMatch};
use serde::Serialize;
use sha2::{Digest, Sha256};
use workway_marketplace::Condition;

use super::error::ApiError;

/// Of the digest's 32 bytes; enough that no two bodies of one resource have the same tag.
const TAG_BYTES: usize = 12;
/// How many tags of an `If-Match` are considered.
const MAX_TAGS: usize = 32;

/// Who may cache an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Everyone,
    Caller,
}

impl Audience {
    /// The `Cache-Control` for this audience. `no-cache`, because a listing may be unpublished at any moment.
    pub(super) fn cache_control(self) -> &'static str {
        match self {
            Self::Everyone => "public, no-cache",
            Self::Caller => "private, no-cache",
        }
    }
}

/// Returns a JSON answer with its tag, or 304 if the client has it.
pub(super) fn tagged<T: Serialize>(
    headers: &HeaderMap,
    audience: Audience,
    version: Option<u64>,
    body: &T,
) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(body).map_err(ApiError::internal)?;
    let tag = tag(version, &body);
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], Body::from(body)).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(ApiError::internal)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(audience.cache_control()));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
    Ok(response)
}

/// Whether the client has the body with this tag. The comparison is weak: proxies that compress make tags weak.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let Some(known) = headers.typed_get::<IfNoneMatch>() else { return false };
    tag.parse::<ETag>().is_ok_and(|tag| !known.precondition_passes(&tag))
}

/// The `If-Match` of a write. axum-extra's typed header compares whole tags, strongly, and shows no tag to its caller; here
/// only the version in a tag counts, and a tag that a proxy made weak counts, too.
pub(super) struct IfMatch(pub(super) Condition);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Ok(Self(Condition::Any));
        }
        let mut versions = Vec::new();
        for value in values {
            let text = value.to_str().unwrap_or_default();
            if text.trim() == "*" {
                return Ok(Self(Condition::Any));
            }
            // A tag that is not ours matches no version. Ours contain no comma.
            versions.extend(text.split(',').take(MAX_TAGS).filter_map(version_of));
        }
        Ok(Self(Condition::OneOf(versions)))
    }
}

fn tag(version: Option<u64>, body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let hash = hex::encode(&digest[..TAG_BYTES]);
    match version {
        Some(version) => format!("\"{version}-{hash}\""),
        None => format!("\"{hash}\""),
    }
}

fn version_of(tag: &str) -> Option<u64> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let (version, _) = tag.strip_prefix('"')?.strip_suffix('"')?.split_once('-')?;
    version.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::{
        extract::FromRequestParts,
        http::{HeaderMap, HeaderValue, Request},
    };

    use super::{Audience, Condition, IfMatch, tagged};

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())])
    }

    async fn condition(value: Option<&str>) -> Condition {
        let mut request = Request::builder();
        if let Some(value) = value {
            request = request.header("if-match", value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IfMatch::from_request_parts(&mut parts, &()).await.unwrap().0
    }

    #[test]
    fn a_client_that_has_the_body_gets_no_second_one() {
        let first = tagged(&HeaderMap::new(), Audience::Everyone, Some(7), &[1, 2]).unwrap();
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        assert!(first.status() == 200 && tag.starts_with("\"7-"), "{tag}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let again = tagged(&headers("if-none-match", &known), Audience::Everyone, Some(7), &[1, 2]).unwrap();
            assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &first.headers()["etag"]), "{known}");
        }
        let other = tagged(&headers("if-none-match", &tag), Audience::Everyone, Some(7), &[1, 3]).unwrap();
        assert_eq!(other.status(), 200);
    }

    #[tokio::test]
    async fn a_write_names_the_versions_that_it_is_meant_for() {
        assert_eq!(condition(None).await, Condition::Any);
        assert_eq!(condition(Some("*")).await, Condition::Any);
        assert_eq!(condition(Some("\"7-abc\", W/\"9-def\"")).await, Condition::OneOf(vec![7, 9]));
        for foreign in ["\"abc\"", "7-abc", "", "\"x-1\"", "\"-1-2\""] {
            assert_eq!(condition(Some(foreign)).await, Condition::OneOf(Vec::new()), "{foreign}");
        }
    }
}
