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
use workway_api::error::ErrorCode;

use crate::{app::App, http::error::ApiError, settings::Origin};

const SEC_FETCH_SITE: &str = "sec-fetch-site";
/// What every answer says. A page that says more about itself keeps its own policy.
const SAFETY: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// Refuses requests that change something and come from a page of another origin, and sets [`SAFETY`] on every answer.
///
/// Browsers set `Origin` on every such request, and `Sec-Fetch-Site` on most; a page can remove neither. Programs set neither.
pub(in crate::http) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_refused =
        !request.method().is_safe() && is_foreign(request.headers(), &app.settings().server.allowed_origins);
    let mut response = if is_refused {
        let detail = "a web page of another origin may not change anything here: send the request from a program, or add the \
                      page's origin to allowed_origins in [server]";
        ApiError::new(StatusCode::FORBIDDEN, ErrorCode::ForeignOrigin, detail).into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in SAFETY {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Lets pages of the allowed origins read answers (the Fetch standard's CORS protocol). They send tokens in `Authorization`;
/// cookies are never allowed.
pub(in crate::http) fn cors(allowed: &[Origin]) -> CorsLayer {
    let origins = allowed.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
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

fn is_foreign(headers: &HeaderMap, allowed: &[Origin]) -> bool {
    let origins: Vec<&[u8]> = headers.get_all(ORIGIN).iter().map(HeaderValue::as_bytes).collect();
    if let [origin] = origins.as_slice()
        && allowed.iter().any(|allowed| allowed.as_str().as_bytes() == *origin)
    {
        return false;
    }
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    let is_other_site = headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "same-origin" && site != "none");
    // A proxy may have taken TLS away, so that only the authority can be compared. `null` is the origin of nobody.
    let is_own = |origin: &&[u8]| {
        let authority = origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"));
        authority.is_some()
            && authority.is_some_and(|authority| host.is_some_and(|host| host.eq_ignore_ascii_case(authority)))
    };
    is_other_site || !origins.iter().all(is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(headers: &[(&str, &str)]) -> bool {
        let allowed = ["https://app.example".parse().unwrap()];
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
