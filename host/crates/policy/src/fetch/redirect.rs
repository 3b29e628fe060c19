//! What a redirect makes of a request (RFC 9110, section 15.4, as browsers do it). Decides only: the caller sends, and asks
//! the policy about the new URL.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, Method,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE},
};
use url::Url;

use super::{
    CredentialHeaders, EgressPolicy, FetchError,
    request::{FetchRequest, normalise},
};

/// One request of a chain of redirects: what to send next.
pub struct Hop {
    /// The method; a redirect may turn it into GET.
    pub method: Method,
    /// The URL, normalised.
    pub url: Url,
    /// The headers that the guest set and that may follow the request here.
    pub headers: HeaderMap,
    /// The body; a redirect may drop it.
    pub body: Bytes,
    /// Whether the connection's credential still goes along. Once false, it stays false.
    pub carries_credential: bool,
    /// Further headers that must not follow to another origin.
    credential_headers: Arc<CredentialHeaders>,
}

impl Hop {
    /// Makes the first hop of a request.
    pub fn first(request: FetchRequest, policy: &EgressPolicy) -> Self {
        let FetchRequest { method, url, headers, body, timeout: _ } = request;
        let credential_headers = Arc::clone(policy.credential_headers());
        Self { method, url, headers, body, carries_credential: true, credential_headers }
    }

    /// Turns this hop into the next one. `locations` are the values of the response's `Location` headers. Returns false if
    /// the response is final: it is no redirect, or its `Location` is missing, repeated or not a URL.
    ///
    /// # Errors
    /// [`FetchError::Denied`] for a target that no request may have, such as one that leaves https.
    pub fn redirect<'a>(
        &mut self,
        status: u16,
        locations: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<bool, FetchError> {
        let keeps_method = match status {
            301 | 302 => self.method != Method::POST,
            303 => matches!(self.method, Method::GET | Method::HEAD),
            307 | 308 => true,
            _ => return Ok(false),
        };
        let Some(target) = self.target(locations) else { return Ok(false) };
        let target = normalise(target).map_err(|error| match error {
            FetchError::InvalidRequest(reason) | FetchError::Denied(reason) => {
                FetchError::Denied(format!("redirect: {reason}"))
            }
            other => other,
        })?;
        if self.url.scheme() == "https" && target.scheme() == "http" {
            return Err(FetchError::Denied("a redirect must not lead from https to http".to_owned()));
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

    fn target<'a>(&self, locations: impl IntoIterator<Item = &'a [u8]>) -> Option<Url> {
        let mut locations = locations.into_iter();
        let location = std::str::from_utf8(locations.next()?).ok()?;
        if locations.next().is_some() {
            return None;
        }
        self.url.join(location).ok()
    }
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::*;

    fn hop(method: &str) -> Hop {
        let headers =
            [("authorization", "x"), ("cookie", "x"), ("x-api-key", "x"), ("content-type", "x"), ("accept", "x")];
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let request =
            FetchRequest::parse(method, "https://a.example.com/x/y?q", &headers, Some(b"body".to_vec()), None);
        Hop::first(request.expect("is a request"), &EgressPolicy::default())
    }

    fn to(location: &str) -> [&[u8]; 1] {
        [location.as_bytes()]
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
            assert_eq!(hop.redirect(status, to("/z")), Ok(true));
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
            assert_eq!(hop.redirect(302, to(location)), Ok(true));
            assert_eq!(hop.url.as_str(), expected);
        }
    }

    #[test]
    fn credentials_never_follow_to_another_origin() {
        let mut hop = hop("GET");
        hop.redirect(302, to("/same")).expect("is followed");
        assert!(hop.carries_credential && hop.headers.contains_key(AUTHORIZATION));
        hop.redirect(302, to("https://a.example.com:8443/")).expect("is followed");
        assert!(!hop.carries_credential);
        assert!(CredentialHeaders::default().names().all(|name| !hop.headers.contains_key(name)));
        hop.redirect(302, to("https://a.example.com/")).expect("is followed");
        assert!(!hop.carries_credential);
    }

    #[test]
    fn denies_redirects_to_worse_places() {
        for location in [
            "http://a.example.com/",
            "file:///etc/passwd",
            "ftp://a.example.com/",
            "javascript:1",
            "https://u:p@a.example.com/",
        ] {
            assert!(matches!(hop("GET").redirect(302, to(location)), Err(FetchError::Denied(_))), "{location}");
        }
    }

    #[test]
    fn other_responses_are_final() {
        let unusable: [&[&[u8]]; 5] = [&[], &[b"/a", b"/b"], &[b"/\xff"], &[b"https://[::1"], &[b"https://a:b/"]];
        for locations in unusable {
            assert_eq!(hop("GET").redirect(302, locations.iter().copied()), Ok(false), "{locations:?}");
        }
        for status in [200, 201, 300, 304, 305, 306, 400, 0, 999] {
            assert_eq!(hop("GET").redirect(status, to("/z")), Ok(false), "{status}");
        }
    }
}
