//! What a redirect makes of a request (RFC 9110, section 15.4, as browsers do it). Decides only: sending, and asking the
//! policy about the new address, is the client's.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, LOCATION},
};
use url::Url;

use super::{
    error::FetchError,
    policy::CredentialHeaders,
    request::{FetchRequest, normalise},
};

/// A request on its way: what the next exchange sends.
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the connection's credential still goes along. Once false, it stays false.
    pub(super) carries_credential: bool,
    /// What else must not follow to another origin.
    credential_headers: Arc<CredentialHeaders>,
}

impl Hop {
    pub(super) fn first(request: FetchRequest, credential_headers: &Arc<CredentialHeaders>) -> Self {
        let FetchRequest { method, url, headers, body, timeout: _ } = request;
        Self {
            method,
            url,
            headers,
            body,
            carries_credential: true,
            credential_headers: Arc::clone(credential_headers),
        }
    }

    /// Turns this hop into the next one. False where the answer is to be taken as it is: it is no redirect, or one whose
    /// `Location` is missing, repeated or not a URL.
    pub(super) fn redirect(&mut self, status: StatusCode, answer: &HeaderMap) -> Result<bool, FetchError> {
        let keeps_method = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method != Method::POST,
            StatusCode::SEE_OTHER => matches!(self.method, Method::GET | Method::HEAD),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return Ok(false),
        };
        let Some(target) = self.target(answer) else { return Ok(false) };
        let target = normalise(target).map_err(|error| match error {
            FetchError::InvalidRequest(reason) => FetchError::Denied(format!("redirect: {reason}")),
            other => other,
        })?;
        if self.url.scheme() == "https" && target.scheme() == "http" {
            return Err(FetchError::Denied("redirect from https to http".to_owned()));
        }
        if self.url.origin() != target.origin() {
            self.carries_credential = false;
            for name in self.credential_headers.names() {
                self.headers.remove(name);
            }
        }
        if !keeps_method {
            self.method = Method::GET;
            self.body = Bytes::new();
            for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION] {
                self.headers.remove(name);
            }
        }
        self.url = target;
        Ok(true)
    }

    fn target(&self, answer: &HeaderMap) -> Option<Url> {
        let mut locations = answer.get_all(LOCATION).iter();
        let location = std::str::from_utf8(locations.next()?.as_bytes()).ok()?;
        if locations.next().is_some() {
            return None;
        }
        self.url.join(location).ok()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header::AUTHORIZATION};

    use super::*;

    fn hop(method: &str) -> Hop {
        let headers =
            [("authorization", "x"), ("cookie", "x"), ("x-api-key", "x"), ("content-type", "x"), ("accept", "x")];
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let request =
            FetchRequest::parse(method, "https://a.example.com/x/y?q", &headers, Some(b"body".to_vec()), None);
        Hop::first(request.expect("is a request"), &Arc::default())
    }

    fn to(location: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))])
    }

    #[test]
    fn each_status_keeps_or_changes_the_method() {
        for (status, method, expected) in [
            (301, "POST", "GET"),
            (302, "POST", "GET"),
            (303, "POST", "GET"),
            (303, "PUT", "GET"),
            (303, "DELETE", "GET"),
            (301, "GET", "GET"),
            (302, "HEAD", "HEAD"),
            (303, "HEAD", "HEAD"),
            (301, "PUT", "PUT"),
            (302, "DELETE", "DELETE"),
            (307, "POST", "POST"),
            (308, "POST", "POST"),
            (307, "PUT", "PUT"),
            (308, "GET", "GET"),
        ] {
            let mut hop = hop(method);
            assert_eq!(hop.redirect(StatusCode::from_u16(status).expect("is a status"), &to("/z")), Ok(true));
            assert_eq!(hop.method.as_str(), expected, "{status} {method}");
            assert_eq!(hop.body.is_empty(), method != expected, "{status} {method}");
            assert_eq!(hop.headers.contains_key(CONTENT_TYPE), method == expected, "{status} {method}");
            assert!(hop.headers.contains_key("accept"));
        }
    }

    #[test]
    fn locations_are_resolved_and_lose_their_fragment() {
        for (location, expected) in [
            ("z", "https://a.example.com/x/z"),
            ("/z#f", "https://a.example.com/z"),
            ("?z", "https://a.example.com/x/y?z"),
            ("//b.example.com/z", "https://b.example.com/z"),
            ("https://b.example.com.:443", "https://b.example.com/"),
            ("", "https://a.example.com/x/y?q"),
        ] {
            let mut hop = hop("GET");
            assert_eq!(hop.redirect(StatusCode::FOUND, &to(location)), Ok(true));
            assert_eq!(hop.url.as_str(), expected);
        }
    }

    #[test]
    fn credentials_stay_with_their_origin_for_good() {
        let mut hop = hop("GET");
        hop.redirect(StatusCode::FOUND, &to("/same")).expect("is followed");
        assert!(hop.carries_credential && hop.headers.contains_key(AUTHORIZATION));
        hop.redirect(StatusCode::FOUND, &to("https://a.example.com:8443/")).expect("is followed");
        assert!(!hop.carries_credential);
        assert!(CredentialHeaders::default().names().all(|name| !hop.headers.contains_key(name)));
        hop.redirect(StatusCode::FOUND, &to("https://a.example.com/")).expect("is followed");
        assert!(!hop.carries_credential);
    }

    #[test]
    fn redirects_to_worse_places_are_denied() {
        for location in [
            "http://a.example.com/",
            "file:///etc/passwd",
            "ftp://a.example.com/",
            "javascript:1",
            "https://u:p@a.example.com/",
        ] {
            assert!(
                matches!(hop("GET").redirect(StatusCode::FOUND, &to(location)), Err(FetchError::Denied(_))),
                "{location}"
            );
        }
    }

    #[test]
    fn what_is_no_redirect_is_an_answer() {
        let mut twice = to("/a");
        twice.append(LOCATION, HeaderValue::from_static("/b"));
        let garbled = HeaderMap::from_iter([(LOCATION, HeaderValue::from_bytes(b"/\xff").expect("is a value"))]);
        for answer in [HeaderMap::new(), twice, garbled, to("https://[::1"), to("https://a:b/")] {
            assert_eq!(hop("GET").redirect(StatusCode::FOUND, &answer), Ok(false));
        }
        for status in [StatusCode::OK, StatusCode::MULTIPLE_CHOICES, StatusCode::NOT_MODIFIED, StatusCode::CREATED] {
            assert_eq!(hop("GET").redirect(status, &to("/z")), Ok(false));
        }
    }
}
