//! Refuses requests that do not say clearly where they begin and end, or whom they are for, before anything relies on it:
//! RFC 9112, sections 3.2 and 6.1. After it `Host` names whom the request is for, whatever form its target has.
//!
//! The HTTP library refuses what it cannot parse at all: a bad line, two lengths, an unknown transfer coding.

use std::net::Ipv6Addr;

use axum::{
    extract::Request,
    http::{
        HeaderValue, Version,
        header::{CONNECTION, HOST, TRANSFER_ENCODING},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use workway_api::error::ErrorCode;

use crate::http::error::ApiError;

/// Answers 400 if the request's authority is ambiguous, and closes the connection if its length may be.
pub(in crate::http) async fn check(mut request: Request, next: Next) -> Response {
    // The HTTP library drops a `Content-Length` beside the coding. A proxy in front may go by it, and send another user's request
    // after the one that it takes for longer or shorter.
    let is_coded = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = match effective_host(&request) {
        Ok(host) => {
            if let Some(host) = host {
                request.headers_mut().insert(HOST, host);
            }
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    if is_coded {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The value that `Host` has to have: that of the target, if the target has one. None if the header says it already, or in
/// HTTP/1.0, which need not have one.
fn effective_host(request: &Request) -> Result<Option<HeaderValue>, ApiError> {
    let refused = |detail: &str| ApiError::bad_request(ErrorCode::InvalidHost, detail);
    let mut headers = request.headers().get_all(HOST).iter();
    match (headers.next(), headers.next()) {
        (_, Some(_)) => return Err(refused("a request must have one Host header: this one has several")),
        (None, None) if request.version() == Version::HTTP_10 => {}
        (None, None) => return Err(refused("a request must have a Host header: this one has none")),
        (Some(host), None) if !is_host(host.as_bytes()) => {
            return Err(refused("the Host header must be a name or an address, with or without a port"));
        }
        (Some(_), None) => {}
    }
    match (request.uri().scheme_str(), request.uri().authority()) {
        (None, None) => Ok(None),
        (Some("http" | "https"), Some(authority)) if is_host(authority.as_str().as_bytes()) => {
            Ok(Some(HeaderValue::from_str(authority.as_str()).map_err(|error| refused(&error.to_string()))?))
        }
        _ => Err(refused("the request's target must be a path, or an http or https URL without a user")),
    }
}

/// Whether a text is `uri-host [ ":" port ]` (RFC 9110, section 7.2) with a host, which an http URL always has.
fn is_host(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let (is_sound, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else { return false };
            (address.parse::<Ipv6Addr>().is_ok(), port)
        }
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (is_name(name.as_bytes()), port)
        }
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_sound && (port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.is_empty() || is_port(port)))
}

/// A registered name or an IPv4 address (RFC 3986, section 3.2.2).
fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    while let [byte, after @ ..] = rest {
        rest = match (byte, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => after,
            (byte, after) if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte) => after,
            _ => return false,
        };
    }
    !name.is_empty()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};

    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for host in [
            "localhost",
            "LOCALHOST:8787",
            "a_b.example",
            "127.0.0.1:80",
            "[::1]",
            "[::ffff:1.2.3.4]:65535",
            "x:",
            "a%2Db",
        ] {
            assert!(is_host(host.as_bytes()), "{host} was refused");
        }
        for host in [
            "",
            ":80",
            " ",
            "a b",
            "a, b",
            "user@host",
            "host/",
            "host?x",
            "host#x",
            "http://host",
            "a:b",
            "a:1:2",
            "a:+1",
            "a:65536",
            "::1",
            "[::1",
            "[::1]x",
            "[::1]:x",
            "[]",
            "[evil.example]",
            "[v1.x]",
            "a%2",
            "a%zz",
            "a\\b",
            "a\"b",
            "h\u{f6}st",
            "a\0",
        ] {
            assert!(!is_host(host.as_bytes()), "{host:?} was taken");
        }
        assert!(!is_host(b"\xff"));
    }

    /// The host that a request is for, or the code and detail of the refusal.
    fn host(version: Version, target: &str, hosts: &[&str]) -> Result<Option<String>, ErrorCode> {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let host = effective_host(&request.body(Body::empty()).unwrap()).map_err(|error| error.problem.code)?;
        Ok(host.map(|host| host.to_str().unwrap().to_owned()))
    }

    #[test]
    fn a_request_is_for_one_host() {
        let refused = Err(ErrorCode::InvalidHost);
        assert_eq!(host(Version::HTTP_11, "/", &["a.example"]), Ok(None));
        assert_eq!(host(Version::HTTP_11, "/", &[]), refused);
        assert_eq!(host(Version::HTTP_10, "/", &[]), Ok(None));
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert_eq!(host(version, "/", &["a.example", "a.example"]), refused);
            assert_eq!(host(version, "/", &["a.example/"]), refused);
        }
    }

    #[test]
    fn the_target_wins_over_the_header() {
        let refused = Err(ErrorCode::InvalidHost);
        let target = |text: &str| host(Version::HTTP_11, text, &["a.example"]);
        assert_eq!(target("http://b.example:80/x"), Ok(Some("b.example:80".to_owned())));
        assert_eq!(target("https://b.example"), Ok(Some("b.example".to_owned())));
        assert_eq!(host(Version::HTTP_10, "http://b.example/x", &[]), Ok(Some("b.example".to_owned())));
        assert_eq!(host(Version::HTTP_11, "http://b.example/x", &[]), refused, "HTTP/1.1 has the header, too");
        for text in ["ftp://b.example/x", "http://user@b.example/x", "b.example", "b.example:443"] {
            assert_eq!(target(text), refused, "{text}");
        }
    }
}
