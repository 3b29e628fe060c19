//! A guest's request, parsed once into types that cannot be wrong afterwards.
//!
//! Nothing here decides whether the request is allowed (that is `policy`) or sends it (that is `client`).

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{self, ACCEPT_ENCODING, USER_AGENT},
};
use url::Url;

use super::{
    error::{FetchError, quoted},
    policy::is_sensitive,
};

/// The longest URL, as written and as normalised.
pub const MAX_URL_BYTES: usize = 8 * 1024;
/// How many headers a request may have.
pub const MAX_REQUEST_HEADERS: usize = 100;
/// Names and values of a request's headers, summed.
pub const MAX_REQUEST_HEADER_BYTES: usize = 32 * 1024;

const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// What goes out where a guest names no user agent; some APIs refuse requests without one.
const DEFAULT_USER_AGENT: &str = concat!("workway/", env!("CARGO_PKG_VERSION"));

/// Headers that are the host's own: they frame the message, route it or speak about the connection. Set by a guest they
/// would let it smuggle a second request or reach another virtual host than the one that was checked.
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

/// One request as the guest meant it. Headers of the host (`host`, framing, the credential) are added when it is sent.
#[derive(Clone)]
pub struct FetchRequest {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) timeout: Option<Duration>,
}

impl FetchRequest {
    /// Reads a request from the contract's plain shapes. Every refusal names what is wrong, and repeats no header value.
    pub fn parse(
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<Vec<u8>>,
        timeout_ms: Option<u32>,
    ) -> Result<Self, FetchError> {
        let method = METHODS.into_iter().find(|known| known.as_str() == method).ok_or_else(|| {
            invalid(format!("method {} is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", quoted(method)))
        })?;
        let url = parse_url(url)?;
        let headers = parse_headers(headers)?;
        let timeout = match timeout_ms {
            Some(0) => return Err(invalid("timeout-ms must be at least 1")),
            Some(millis) => Some(Duration::from_millis(u64::from(millis))),
            None => None,
        };
        Ok(Self { method, url, headers, body: body.map(Bytes::from).unwrap_or_default(), timeout })
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl fmt::Debug for FetchRequest {
    /// Neither header values nor the query: both are where secrets travel.
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

fn parse_url(text: &str) -> Result<Url, FetchError> {
    if text.len() > MAX_URL_BYTES {
        return Err(invalid(format!("the URL is longer than {MAX_URL_BYTES} bytes")));
    }
    // The URL standard drops tabs and newlines and trims spaces. Nobody writes such a URL who means well.
    if text.chars().any(|character| character.is_control()) || text.trim() != text {
        return Err(invalid("the URL holds control characters or surrounding space"));
    }
    let url = Url::parse(text).map_err(|error| invalid(format!("the URL cannot be read: {error}")))?;
    normalise(url)
}

/// The rules that every URL meets before the policy sees it, a redirect's target included.
pub(super) fn normalise(mut url: Url) -> Result<Url, FetchError> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(FetchError::Denied(format!("scheme {} is neither https nor http", quoted(url.scheme()))));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the URL holds a user name or a password; use headers"));
    }
    url.set_fragment(None);
    // `example.com.` is the same name to DNS: with one spelling, policy, upstreams, TLS and pool cannot disagree.
    if let Some(host) = url.domain().and_then(|host| host.strip_suffix('.')).map(str::to_owned) {
        url.set_host(Some(&host)).map_err(|_| invalid("the URL's host is not a name"))?;
    }
    if url.domain().is_some_and(|host| host.split('.').any(str::is_empty)) {
        return Err(invalid("the URL's host has an empty label"));
    }
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(invalid(format!("the URL is longer than {MAX_URL_BYTES} bytes")));
    }
    Ok(url)
}

fn parse_headers(pairs: &[(String, String)]) -> Result<HeaderMap, FetchError> {
    if pairs.len() > MAX_REQUEST_HEADERS {
        return Err(invalid(format!("more than {MAX_REQUEST_HEADERS} headers")));
    }
    if pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_REQUEST_HEADER_BYTES {
        return Err(invalid(format!("headers of more than {MAX_REQUEST_HEADER_BYTES} bytes")));
    }
    let mut headers = HeaderMap::with_capacity(pairs.len() + 2);
    for (name, value) in pairs {
        let parsed = HeaderName::try_from(name.as_str())
            .map_err(|_| invalid(format!("{} is not a header name", quoted(name))))?;
        if is_host_owned(&parsed) {
            return Err(invalid(format!("header `{parsed}` is set by the host alone")));
        }
        let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| {
            invalid(format!("the value of header `{parsed}` holds characters that a header cannot hold"))
        })?;
        value.set_sensitive(is_sensitive(&parsed));
        headers.append(parsed, value);
    }
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(DEFAULT_USER_AGENT));
    // Bodies reach the guest as they come. One that wants gzip can ask for it, and unpack it.
    headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
    Ok(headers)
}

/// Whether a header frames or routes the message: nobody but the host sets it.
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
    fn ordinary_requests_are_read() {
        let body = Some(b"{}".to_vec());
        let request = FetchRequest::parse("PATCH", "https://API.example.com/a b?c=d#e", &[], body, Some(1500))
            .expect("is a request");
        assert_eq!(request.method(), Method::PATCH);
        assert_eq!(request.url().as_str(), "https://api.example.com/a%20b?c=d");
        assert_eq!(request.timeout, Some(Duration::from_millis(1500)));
        assert_eq!(request.headers[ACCEPT_ENCODING], "identity");
        assert!(request.headers[USER_AGENT].to_str().expect("is text").starts_with("workway/"));
    }

    #[test]
    fn a_guest_names_its_own_agent_and_encoding() {
        let request = with_headers(&[("User-Agent", "mine/1"), ("Accept-Encoding", "gzip")]).expect("is a request");
        assert_eq!(request.headers[USER_AGENT], "mine/1");
        assert_eq!(request.headers[ACCEPT_ENCODING], "gzip");
    }

    #[test]
    fn methods_that_tunnel_or_echo_are_refused() {
        for method in ["CONNECT", "TRACE", "get", "", "GET / HTTP/1.1\r\n", "BREW"] {
            refusal(FetchRequest::parse(method, "https://api.example.com/", &[], None, None));
        }
    }

    #[test]
    fn urls_that_hide_something_are_refused() {
        for url in [
            "",
            "api.example.com",
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
    fn other_schemes_are_denied() {
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
    fn a_trailing_dot_is_dropped() {
        assert_eq!(
            get("https://api.example.com.:8443/x").expect("is a request").url().as_str(),
            "https://api.example.com:8443/x"
        );
    }

    #[test]
    fn headers_of_the_host_are_refused_by_name() {
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
    fn headers_that_smuggle_are_refused_without_repeating_them() {
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
    fn no_time_at_all_is_refused() {
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
