//! Protects the host against web pages in its users' browsers: a page of another origin can send requests, and in development
//! mode it needs no token for them.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION,
            ORIGIN, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;
use workway_api::error::ErrorCode;

use crate::{app::App, http::error::ApiError};

const SEC_FETCH_SITE: &str = "sec-fetch-site";
/// How the paths of webhooks begin. Their address is the only secret: a page that knows it may send requests, as forms do.
const WEBHOOKS: &str = "/hooks/";

/// Refuses requests that change something and come from a page of another origin.
///
/// Browsers set `Origin` on every such request, and `Sec-Fetch-Site` on most; a page can remove neither. Programs set neither.
pub(in crate::http) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_refused = !request.method().is_safe()
        && !request.uri().path().starts_with(WEBHOOKS)
        && is_foreign(request.headers(), &app.settings().server.allowed_origins);
    if is_refused {
        let detail = "a web page of another origin may not change anything here: send the request from a program, or add the \
                      page's origin to allowed_origins in [server]";
        return ApiError::new(StatusCode::FORBIDDEN, ErrorCode::ForeignOrigin, detail).into_response();
    }
    next.run(request).await
}

/// Says on every answer that no other page may frame it, guess its type or learn its URL.
pub(in crate::http) async fn set_policies(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Beside a policy that an answer has of its own: browsers enforce every one (CSP 3, section 8.1).
    headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'"));
    response
}

/// Lets pages of the allowed origins read answers (the Fetch standard's CORS protocol). They send tokens in `Authorization`;
/// cookies are never allowed.
pub(in crate::http) fn cors(allowed: &[Url]) -> CorsLayer {
    let origins = allowed.iter().filter_map(|origin| HeaderValue::from_str(&serialized(origin)).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([ETAG, LINK, LOCATION, RETRY_AFTER, HeaderName::from_static("x-request-id")])
}

fn is_foreign(headers: &HeaderMap, allowed: &[Url]) -> bool {
    let origins: Vec<&[u8]> = headers.get_all(ORIGIN).iter().map(HeaderValue::as_bytes).collect();
    if let [origin] = origins.as_slice()
        && allowed.iter().any(|allowed| serialized(allowed).as_bytes() == *origin)
    {
        return false;
    }
    let sites: Vec<&HeaderValue> = headers.get_all(SEC_FETCH_SITE).iter().collect();
    if !sites.is_empty() {
        return !sites.iter().all(|site| *site == "same-origin" || *site == "none");
    }
    // An older browser. A proxy may have taken TLS away, so that only the authority can be compared. `null` is nobody's origin.
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    let is_own = |origin: &[u8]| {
        let authority = origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"));
        authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
    };
    !origins.into_iter().all(is_own)
}

/// An origin as browsers write it (RFC 6454, section 6.2).
fn serialized(origin: &Url) -> String {
    origin.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(headers: &[(&str, &str)]) -> bool {
        let allowed = ["https://APP.example:443".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in [("host", "workway.example:8787")].iter().chain(headers) {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        is_foreign(&map, &allowed)
    }

    #[test]
    fn programs_own_pages_and_allowed_pages_pass() {
        for headers in [
            &[][..],
            &[("origin", "http://workway.example:8787")],
            &[("origin", "https://WORKWAY.example:8787"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            // Behind a proxy that sets `Host`.
            &[("origin", "https://api.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "https://app.example"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!is_refused(headers), "{headers:?}");
        }
    }

    #[test]
    fn foreign_pages_are_refused() {
        for headers in [
            &[("origin", "null")][..],
            &[("origin", "")],
            &[("origin", "https://evil.example")],
            &[("origin", "http://workway.example")],
            &[("origin", "http://workway.example:8787.evil.example")],
            &[("origin", "ftp://workway.example:8787")],
            &[("origin", "https://app.example.evil.example")],
            &[("origin", "http://app.example")],
            &[("origin", "https://app.example"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "http://workway.example:8787"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(is_refused(headers), "{headers:?}");
        }
    }
}
