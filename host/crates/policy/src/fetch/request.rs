//! A guest's request, parsed once into types that cannot hold an invalid one. Whether it is allowed is the
//! [`EgressPolicy`](super::EgressPolicy)'s decision.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;

use super::{FetchError, credential::is_sensitive};
use crate::quoted;

/// The longest URL in bytes, as written and as normalised.
pub const MAX_URL_BYTES: usize = 8 * 1024;
/// How many headers a request may have.
pub const MAX_REQUEST_HEADERS: usize = 100;
/// The most bytes that the names and values of a request's headers may have together.
pub const MAX_REQUEST_HEADER_BYTES: usize = 32 * 1024;

/// The methods that a request may use: without CONNECT, which opens tunnels, and TRACE, which echoes credentials.
pub const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Headers that only the host sets: they frame the message, route it or describe the connection. A guest could smuggle a
/// second request with them, or reach another virtual host than the one that was checked.
const HOST_OWNED_HEADERS: [HeaderName; 9] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::EXPECT,
];

/// A valid request. The host adds its own headers (`host`, framing, the credential) when it sends it.
#[derive(Clone)]
pub struct FetchRequest {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) timeout: Option<Duration>,
}

impl FetchRequest {
    /// Parses a request from the contract's plain shapes.
    ///
    /// # Errors
    /// [`FetchError::InvalidRequest`], or [`FetchError::Denied`] for a scheme that is never allowed. No message repeats a
    /// header's value.
    pub fn parse(
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<Vec<u8>>,
        timeout_ms: Option<u32>,
    ) -> Result<Self, FetchError> {
        let method = parse_method(method)?;
        let url = parse_url(url)?;
        let headers = parse_headers(headers)?;
        let timeout = match timeout_ms {
            Some(0) => return Err(invalid("timeout-ms must be at least 1 (got 0)")),
            Some(millis) => Some(Duration::from_millis(u64::from(millis))),
            None => None,
        };
        Ok(Self { method, url, headers, body: body.map(Bytes::from).unwrap_or_default(), timeout })
    }

    /// Returns the method, one of [`METHODS`].
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URL, normalised.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the headers that the guest set.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the body, empty if there is none.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the timeout that the guest asked for.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

impl fmt::Debug for FetchRequest {
    /// Omits header values and the query: both may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FetchRequest")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn invalid(text: impl Into<String>) -> FetchError {
    FetchError::InvalidRequest(text.into())
}

fn parse_method(text: &str) -> Result<Method, FetchError> {
    let method = METHODS.contains(&text).then(|| Method::try_from(text).ok()).flatten();
    method.ok_or_else(|| invalid(format!("the method must be one of {} (got {})", METHODS.join(", "), quoted(text))))
}

fn parse_url(text: &str) -> Result<Url, FetchError> {
    check_url_length(text)?;
    // The URL standard drops tabs and newlines and trims spaces, so such a URL would reach another host than it shows.
    if text.chars().any(|character| character.is_control()) || text.trim() != text {
        return Err(invalid("the URL must not contain control characters or start or end with a space"));
    }
    let url = Url::parse(text).map_err(|error| invalid(format!("the URL is not valid: {error}")))?;
    normalise(url)
}

fn check_url_length(text: &str) -> Result<(), FetchError> {
    if text.len() > MAX_URL_BYTES {
        return Err(invalid(format!("the URL must have at most {MAX_URL_BYTES} bytes (got {})", text.len())));
    }
    Ok(())
}

/// Applies the rules of every URL, a redirect's target included, before a policy sees it.
pub(super) fn normalise(mut url: Url) -> Result<Url, FetchError> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(FetchError::Denied(format!("the URL must use https or http (got {})", quoted(url.scheme()))));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the URL must not contain a user name or password: send them in a header"));
    }
    url.set_fragment(None);
    // `example.com.` is the same name to DNS: with one spelling, policy, upstreams, TLS and pool cannot disagree.
    if let Some(host) = url.domain().and_then(|host| host.strip_suffix('.')).map(str::to_owned) {
        url.set_host(Some(&host)).map_err(|_| invalid("the URL's host is not a valid name"))?;
    }
    if url.domain().is_some_and(|host| host.split('.').any(str::is_empty)) {
        return Err(invalid("the URL's host must not have an empty label, as in `a..example`"));
    }
    check_url_length(url.as_str())?;
    Ok(url)
}

fn parse_headers(pairs: &[(String, String)]) -> Result<HeaderMap, FetchError> {
    if pairs.len() > MAX_REQUEST_HEADERS {
        return Err(invalid(format!("a request can have at most {MAX_REQUEST_HEADERS} headers (got {})", pairs.len())));
    }
    let bytes: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_REQUEST_HEADER_BYTES {
        return Err(invalid(format!(
            "the request's headers must have at most {MAX_REQUEST_HEADER_BYTES} bytes together (got {bytes})"
        )));
    }
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        let parsed = HeaderName::try_from(name.as_str())
            .map_err(|_| invalid(format!("{} is not a valid header name", quoted(name))))?;
        if is_host_owned(&parsed) {
            return Err(invalid(format!("the host sets the header `{parsed}` itself: remove it")));
        }
        let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| {
            invalid(format!("the value of header `{parsed}` contains characters that HTTP does not allow"))
        })?;
        value.set_sensitive(is_sensitive(parsed.as_str()));
        headers.append(parsed, value);
    }
    Ok(headers)
}

/// Whether a header frames or routes the message, so that only the host may set it.
pub fn is_host_owned(name: &HeaderName) -> bool {
    HOST_OWNED_HEADERS.contains(name) || name.as_str().starts_with("proxy-") || name.as_str() == "http2-settings"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(url: &str) -> Result<FetchRequest, FetchError> {
        FetchRequest::parse("GET", url, &[], None, None)
    }

    fn with_headers(headers: &[(&str, &str)]) -> Result<FetchRequest, FetchError> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        FetchRequest::parse("POST", "https://api.example.com/", &headers, None, None)
    }

    fn refusal(result: Result<FetchRequest, FetchError>) -> String {
        match result {
            Err(FetchError::InvalidRequest(text)) => text,
            other => panic!("expected an invalid request, got {other:?}"),
        }
    }

    #[test]
    fn parses_ordinary_requests() {
        let body = Some(b"{}".to_vec());
        let request = FetchRequest::parse("PATCH", "https://API.example.com/a b?c=d#e", &[], body, Some(1500))
            .expect("is a request");
        assert_eq!(request.method(), Method::PATCH);
        assert_eq!(request.url().as_str(), "https://api.example.com/a%20b?c=d");
        assert_eq!(request.timeout(), Some(Duration::from_millis(1500)));
        assert_eq!((request.headers().len(), request.body().as_ref()), (0, &b"{}"[..]));
    }

    #[test]
    fn accepts_every_listed_method() {
        for method in METHODS {
            assert!(FetchRequest::parse(method, "https://api.example.com/", &[], None, None).is_ok(), "{method}");
        }
    }

    #[test]
    fn rejects_methods_that_tunnel_or_echo() {
        for method in ["CONNECT", "TRACE", "get", "", "GET / HTTP/1.1\r\n", "BREW"] {
            refusal(FetchRequest::parse(method, "https://api.example.com/", &[], None, None));
        }
    }

    #[test]
    fn rejects_urls_that_hide_something() {
        for url in [
            "",
            "api.example.com",
            "//api.example.com/",
            "https://",
            "https://user@api.example.com/",
            "https://:password@api.example.com/",
            "https://api.example.com@127.0.0.1/",
            "https://api.example.com/\n",
            "\thttps://api.example.com/",
            " https://api.example.com/",
            "https://api..example.com/",
            "https://api.example.com../",
            "https://api.exa\tmple.com/",
            "https://[::1",
            "https://a:99999/",
            "https://exa mple.com/",
            "https://1.2.3.4.5/",
        ] {
            refusal(get(url));
        }
        refusal(get(&format!("https://api.example.com/{}", "a".repeat(MAX_URL_BYTES))));
        refusal(get(&format!("https://api.example.com/{}", "\u{e9}".repeat(MAX_URL_BYTES / 3))));
    }

    #[test]
    fn denies_other_schemes() {
        for url in [
            "ftp://api.example.com/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "ws://api.example.com/",
            "gopher://a/",
        ] {
            assert!(matches!(get(url), Err(FetchError::Denied(_))), "{url}");
        }
    }

    #[test]
    fn drops_a_trailing_dot() {
        assert_eq!(
            get("https://api.example.com.:8443/x").expect("is a request").url().as_str(),
            "https://api.example.com:8443/x"
        );
    }

    #[test]
    fn rejects_headers_that_only_the_host_sets() {
        for name in [
            "Host",
            "content-length",
            "Transfer-Encoding",
            "connection",
            "Keep-Alive",
            "upgrade",
            "TE",
            "trailer",
            "Expect",
            "proxy-authorization",
            "Proxy-Connection",
            "HTTP2-Settings",
        ] {
            assert!(refusal(with_headers(&[(name, "x")])).contains(&name.to_lowercase()));
        }
    }

    #[test]
    fn rejects_headers_that_smuggle_without_repeating_their_value() {
        for (name, value) in [
            ("x", "s3cret\r\nHost: evil"),
            ("x", "s3cret\0"),
            ("x", "s3cret\n"),
            ("", "s3cret"),
            ("a b", "s3cret"),
            (":path", "/"),
            ("x:", "s3cret"),
        ] {
            assert!(!refusal(with_headers(&[(name, value)])).contains("s3cret"));
        }
    }

    #[test]
    fn headers_are_bounded_in_number_and_size() {
        assert!(with_headers(&[("x", "y"); MAX_REQUEST_HEADERS]).is_ok());
        refusal(with_headers(&[("x", "y"); MAX_REQUEST_HEADERS + 1]));
        refusal(with_headers(&[("x", &"y".repeat(MAX_REQUEST_HEADER_BYTES))]));
    }

    #[test]
    fn rejects_a_timeout_of_zero() {
        refusal(FetchRequest::parse("GET", "https://api.example.com/", &[], None, Some(0)));
    }

    #[test]
    fn a_request_prints_no_secret() {
        let headers =
            [("authorization".to_owned(), "s3cret".to_owned()), ("x-api-key".to_owned(), "s3cret".to_owned())];
        let request =
            FetchRequest::parse("GET", "https://api.example.com/?key=s3cret", &headers, Some(b"s3cret".to_vec()), None);
        assert!(!format!("{:?}", request.expect("is a request")).contains("s3cret"));
    }

    proptest! {
        #[test]
        fn no_text_panics(method in "\\PC*", url in "\\PC*", name in "\\PC*", value in "\\PC*") {
            let headers = [(name, value)];
            let _ = FetchRequest::parse(&method, "https://api.example.com/", &[], None, None);
            let _ = FetchRequest::parse("GET", &url, &[], None, None);
            let _ = FetchRequest::parse("GET", "https://api.example.com/", &headers, None, None);
        }
    }
}
