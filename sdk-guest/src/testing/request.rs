//! A request as the host reads it before anything is decided (`capability/fetch/request.rs` there): the same bounds, the
//! same refusals. It sends nothing.

use url::Url;

use crate::FetchError;
use crate::fetch::RequestParts;

/// The longest URL, as written and as normalised, in bytes.
pub const MAX_URL_BYTES: usize = 8 * 1024;
/// How many headers a request may have.
pub const MAX_REQUEST_HEADERS: usize = 100;
/// Names and values of a request's headers, summed, in bytes.
pub const MAX_REQUEST_HEADER_BYTES: usize = 32 * 1024;

/// What requests may ask for.
pub(super) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Headers that frame or route the message: nobody but the host sets them.
const HOST_OWNED_HEADERS: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "http2-settings",
];

/// How much of a guest's own text an error repeats, in characters.
const MAX_QUOTED: usize = 100;

/// A request that is one.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) method: String,
    pub(super) url: Url,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Outgoing {
    pub(super) fn parse(parts: RequestParts) -> Result<Self, FetchError> {
        let RequestParts { method, url, headers, body, timeout_ms } = parts;
        if !METHODS.contains(&method.as_str()) {
            return Err(invalid(format!("method {} is none of {}", quoted(&method), METHODS.join(", "))));
        }
        let url = parse_url(&url)?;
        let headers = parse_headers(headers)?;
        if timeout_ms == Some(0) {
            return Err(invalid("timeout-ms must be at least 1"));
        }
        Ok(Self { method, url, headers, body: body.unwrap_or_default() })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
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
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(invalid("the URL holds control characters or surrounding space"));
    }
    let url = Url::parse(text).map_err(|error| invalid(format!("the URL cannot be read: {error}")))?;
    normalise(url)
}

/// The rules that every URL meets, a redirect's target included.
pub(super) fn normalise(mut url: Url) -> Result<Url, FetchError> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(FetchError::Denied(format!("scheme {} is neither https nor http", quoted(url.scheme()))));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the URL holds a user name or a password; use headers"));
    }
    url.set_fragment(None);
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

fn parse_headers(pairs: Vec<(String, String)>) -> Result<Vec<(String, String)>, FetchError> {
    if pairs.len() > MAX_REQUEST_HEADERS {
        return Err(invalid(format!("more than {MAX_REQUEST_HEADERS} headers")));
    }
    if pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_REQUEST_HEADER_BYTES {
        return Err(invalid(format!("headers of more than {MAX_REQUEST_HEADER_BYTES} bytes")));
    }
    let mut headers = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        if !is_header_name(&name) {
            return Err(invalid(format!("{} is not a header name", quoted(&name))));
        }
        let name = name.to_ascii_lowercase();
        if HOST_OWNED_HEADERS.contains(&name.as_str()) || name.starts_with("proxy-") {
            return Err(invalid(format!("header `{name}` is set by the host alone")));
        }
        if !is_header_value(&value) {
            return Err(invalid(format!("the value of header `{name}` holds characters that a header cannot hold")));
        }
        headers.push((name, value));
    }
    Ok(headers)
}

/// A token of RFC 9110, section 5.6.2.
pub(super) fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// A guest's own text for use in a message: clipped and escaped.
pub(super) fn quoted(text: &str) -> String {
    let clipped: String = text.chars().take(MAX_QUOTED).collect();
    format!("{clipped:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        timeout_ms: Option<u32>,
    ) -> Result<Outgoing, FetchError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (method, url) = (method.to_owned(), url.to_owned());
        Outgoing::parse(RequestParts { method, url, headers, body: None, timeout_ms })
    }

    fn refusal(result: Result<Outgoing, FetchError>) -> String {
        match result {
            Err(FetchError::InvalidRequest(text)) => text,
            other => panic!("expected an invalid request, got {other:?}"),
        }
    }

    #[test]
    fn ordinary_requests_are_read() {
        let request = parse("PATCH", "https://API.example.com.:8443/a b?c=d#e", &[("Accept", "x")], Some(1));
        let request = request.expect("is a request");
        assert_eq!(request.url.as_str(), "https://api.example.com:8443/a%20b?c=d");
        assert_eq!(request.header("accept"), Some("x"));
    }

    #[test]
    fn methods_urls_and_times_that_are_none_are_refused() {
        for method in ["CONNECT", "TRACE", "get", "", "GET / HTTP/1.1\r\n"] {
            refusal(parse(method, "https://api.example.com/", &[], None));
        }
        for url in [
            "",
            "api.example.com",
            "https://",
            "https://user@api.example.com/",
            "https://api.example.com/\n",
            " https://api.example.com/",
            "https://api..example.com/",
            "https://api.example.com../",
            "https://[::1",
            "https://a:99999/",
            "https://1.2.3.4.5/",
        ] {
            refusal(parse("GET", url, &[], None));
        }
        refusal(parse("GET", &format!("https://api.example.com/{}", "a".repeat(MAX_URL_BYTES)), &[], None));
        refusal(parse("GET", &format!("https://api.example.com/{}", "é".repeat(MAX_URL_BYTES / 3)), &[], None));
        refusal(parse("GET", "https://api.example.com/", &[], Some(0)));
    }

    #[test]
    fn other_schemes_are_denied() {
        for url in ["ftp://api.example.com/", "file:///etc/passwd", "data:text/plain,x", "ws://api.example.com/"] {
            assert!(matches!(parse("GET", url, &[], None), Err(FetchError::Denied(_))), "{url}");
        }
    }

    #[test]
    fn headers_of_the_host_and_odd_ones_are_refused_without_their_value() {
        for name in ["Host", "content-length", "TE", "Proxy-Connection", "HTTP2-Settings"] {
            let refusal = refusal(parse("GET", "https://api.example.com/", &[(name, "x")], None));
            assert!(refusal.contains(&name.to_lowercase()), "{refusal}");
        }
        for (name, value) in [("x", "s3cret\r\nHost: evil"), ("x", "s3cret\0"), ("", "s3cret"), ("a b", "s3cret")] {
            assert!(!refusal(parse("GET", "https://api.example.com/", &[(name, value)], None)).contains("s3cret"));
        }
    }

    #[test]
    fn headers_are_bounded_in_number_and_size() {
        let with = |headers: &[(&str, &str)]| parse("GET", "https://api.example.com/", headers, None);
        assert!(with(&[("x", "y"); MAX_REQUEST_HEADERS]).is_ok());
        refusal(with(&[("x", "y"); MAX_REQUEST_HEADERS + 1]));
        refusal(with(&[("x", &"y".repeat(MAX_REQUEST_HEADER_BYTES))]));
    }
}
