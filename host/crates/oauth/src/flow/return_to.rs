//! Where a browser may be sent on to when a flow is done: to this host, and to origins that the operator named. Anything
//! else would make this host a way to any address that looks like a way to this host (RFC 9700, section 4.11.1).

use url::Url;

use super::error::FlowError;

/// The longest one, in bytes.
const MAX_BYTES: usize = 2_048;

/// The address that a text stands for. What the browser is sent to is this one, never the text.
pub(super) fn parse(text: &str, public_url: &Url, origins: &[Url]) -> Result<Url, FlowError> {
    if text.is_empty() || text.len() > MAX_BYTES {
        return refused("must have 1 to 2048 bytes");
    }
    // Browsers and parsers do not agree on what these mean in an address: each has been a way round such a check.
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return refused(
            "must not hold spaces, control characters, backslashes or letters that are not percent-encoded",
        );
    }
    if let Some(path) = text.strip_prefix('/') {
        if path.starts_with('/') {
            return refused("must not start with two slashes");
        }
        return match public_url.join(text) {
            Ok(url) if url.origin() == public_url.origin() => Ok(url),
            _ => refused("must be a valid path"),
        };
    }
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return refused("must be a path or an http(s) URL");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return refused("must not have a user name");
    }
    match Url::parse(text) {
        Ok(url) if origins.iter().chain([public_url]).any(|allowed| allowed.origin() == url.origin()) => Ok(url),
        Ok(_) => refused("leads to an origin that is not allowed"),
        Err(_) => refused("must be a valid URL"),
    }
}

fn refused(problem: &'static str) -> Result<Url, FlowError> {
    Err(FlowError::ReturnToNotAllowed(problem))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{MAX_BYTES, parse};

    fn parsed(text: &str) -> Option<String> {
        let public_url = Url::parse("https://workway.example.com/base/").unwrap();
        let origins = ["https://good.com", "http://localhost:3000"].map(|origin| Url::parse(origin).unwrap());
        parse(text, &public_url, &origins).ok().map(String::from)
    }

    #[test]
    fn paths_and_known_origins_are_taken() {
        for (text, url) in [
            ("/", "https://workway.example.com/"),
            ("/done?a=b#c", "https://workway.example.com/done?a=b#c"),
            ("/a//b", "https://workway.example.com/a//b"),
            ("/@evil.com", "https://workway.example.com/@evil.com"),
            ("/done?to=//evil.com", "https://workway.example.com/done?to=//evil.com"),
            ("https://workway.example.com/x", "https://workway.example.com/x"),
            ("https://good.com", "https://good.com/"),
            ("https://good.com:443/a@b?c=@d", "https://good.com/a@b?c=@d"),
            ("https://GOOD.com/A", "https://good.com/A"),
            ("http://localhost:3000/#/settings", "http://localhost:3000/#/settings"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(url), "{text}");
        }
    }

    #[test]
    fn whatever_leads_elsewhere_is_refused() {
        for text in [
            "",
            "done",
            "./done",
            "../done",
            "?a",
            "#a",
            "//evil.com",
            "///evil.com",
            "////evil.com",
            "/\\evil.com",
            "\\\\evil.com",
            "\\/evil.com",
            "/\t/evil.com",
            "/\n/evil.com",
            "\t//evil.com",
            " //evil.com",
            " https://good.com",
            "https://good.com ",
            "https:evil.com",
            "https:/evil.com",
            "https:/good.com",
            "https:good.com",
            "https:///evil.com",
            "https:\\\\good.com",
            "https:/\\good.com",
            "ht\ntps://good.com",
            "HTTPS://good.com",
            "https://evil.com",
            "https://evil.com/https://good.com",
            "https://evil.com?https://good.com",
            "https://evil.com#@good.com",
            "https://good.com@evil.com",
            "https://good.com:443@evil.com",
            "https://good@evil.com",
            "https://user@good.com",
            "https://user:s3cr3t@good.com",
            "https://@good.com",
            "https://evil.com\\@good.com",
            "https://evil.com%2f@good.com",
            "https://good.com.evil.com",
            "https://good.com.",
            "https://good.evil.com",
            "https://evilgood.com",
            "https://sub.good.com",
            "https://good.com:8443",
            "https://good.com:80",
            "http://good.com",
            "http://good.com:443",
            "http://workway.example.com",
            "http://localhost",
            "http://localhost:3001",
            "https://localhost:3000",
            "http://127.0.0.1:3000",
            "https://g\u{43e}od.com",
            "https://good\u{3002}com",
            "https://good.com/\u{e9}",
            "https://xn--god-6cd.com",
            "https://good.com\u{0}",
            "https://good.com/\r\nset-cookie:a=b",
            "javascript:alert(1)",
            "javascript://good.com/%0aalert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "ftp://good.com",
            "blob:https://good.com/x",
            "filesystem:https://good.com/x",
            "view-source:https://good.com",
            "about:blank",
            "wss://good.com",
            "://good.com",
            "https://",
            "https://?",
            "https://[::1",
            "https://good.com:99999",
            "null",
        ] {
            assert_eq!(parsed(text), None, "{text:?} was taken");
        }
    }

    #[test]
    fn its_length_is_bounded() {
        let path = |bytes: usize| format!("/{}", "a".repeat(bytes - 1));
        assert!(parsed(&path(MAX_BYTES)).is_some());
        assert_eq!(parsed(&path(MAX_BYTES + 1)), None);
    }
}
