//! The secret that the host puts on a request for the guest. It never enters the guest and is never printed.

use std::{borrow::Cow, fmt, sync::Arc};

use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};
use workway_policy::{
    HostPattern,
    fetch::{
        FetchError,
        credential::{bearer, check_scheme, unfit},
        origin,
    },
};

/// A connected account's credential: where on a request it goes, and to whom. Cheap to clone.
///
/// It is only put on https requests (RFC 6750, section 5.3) and stays with the origin that the guest named first.
#[derive(Clone)]
pub struct Credential(Arc<Inner>);

struct Inner {
    place: Place,
    /// The hosts that the credential is for. Whatever else an integration was granted does not get it.
    audience: Vec<HostPattern>,
}

enum Place {
    Header(HeaderName, SecretString),
    Query(String, SecretString),
}

/// What a credential adds to one request.
pub(super) enum Addition {
    /// Marked so that neither logs nor HTTP/2's header table keep it.
    Header(HeaderName, HeaderValue),
    /// The URL to ask for. The guest is not shown this one.
    Url(Url),
}

impl Credential {
    /// A header's whole value, and the hosts that it is for. Refuses one that does not fit into a header.
    pub fn header(
        name: HeaderName,
        value: SecretString,
        audience: impl IntoIterator<Item = HostPattern>,
    ) -> Result<Self, FetchError> {
        let text = value.expose_secret();
        if text.trim().is_empty() || !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(unfit());
        }
        Ok(Self::new(Place::Header(name, value), audience))
    }

    /// The value of a query parameter, for the APIs that take no header.
    pub fn query(
        name: String,
        value: SecretString,
        audience: impl IntoIterator<Item = HostPattern>,
    ) -> Result<Self, FetchError> {
        if value.expose_secret().is_empty() {
            return Err(unfit());
        }
        Ok(Self::new(Place::Query(name, value), audience))
    }

    /// An access token, sent as `Authorization: Bearer`. RFC 6750 only allows visible ASCII.
    pub fn bearer(token: SecretString, audience: impl IntoIterator<Item = HostPattern>) -> Result<Self, FetchError> {
        let value = bearer(token.expose_secret())?;
        Self::header(AUTHORIZATION, value.into(), audience)
    }

    fn new(place: Place, audience: impl IntoIterator<Item = HostPattern>) -> Self {
        Self(Arc::new(Inner { place, audience: audience.into_iter().collect() }))
    }

    /// What this adds to a request to `url`.
    pub(super) fn addition(&self, url: &Url) -> Result<Addition, FetchError> {
        check_scheme(url)?;
        if !self.0.audience.iter().any(|pattern| pattern.matches(url)) {
            return Err(FetchError::Denied(format!(
                "this connection's credential is not sent to {}: its provider does not name that host",
                origin(url)
            )));
        }
        match &self.0.place {
            Place::Header(name, value) => {
                let mut value = HeaderValue::try_from(value.expose_secret()).map_err(|_| unfit())?;
                value.set_sensitive(true);
                Ok(Addition::Header(name.clone(), value))
            }
            Place::Query(name, value) => {
                let mut url = url.clone();
                // A parameter of that name which is there already might win over ours.
                let others: Vec<(String, String)> =
                    url.query_pairs().filter(|(other, _)| other != name).map(|(a, b)| (a.into(), b.into())).collect();
                url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value.expose_secret());
                Ok(Addition::Url(url))
            }
        }
    }

    /// Takes this out of an address that an answer named. A server that redirects keeps the query, and with it what was
    /// put there.
    pub(super) fn strip(&self, url: &mut Url) {
        let Place::Query(name, value) = &self.0.place else { return };
        let is_ours =
            |(other, text): &(Cow<'_, str>, Cow<'_, str>)| other == name || repeats(text, value.expose_secret());
        if url.query_pairs().any(|pair| is_ours(&pair)) {
            let others: Vec<(String, String)> = url
                .query_pairs()
                .filter(|pair| !is_ours(pair))
                .map(|(name, text)| (name.into(), text.into()))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(others);
        }
    }

    /// Takes headers out of an answer that repeat this one's parameter, such as the `Location` of a redirect that is not
    /// followed. What an API makes of a header that it was sent is its own affair.
    pub(super) fn redact(&self, headers: &mut Vec<(String, String)>) {
        if let Place::Query(_, value) = &self.0.place {
            headers.retain(|(_, text)| !repeats(text, value.expose_secret()));
        }
    }

    /// Whether this is the very same one, not merely an equal one.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether a text repeats what is secret about this: the whole value, or what follows a scheme such as `Bearer`.
    pub fn is_repeated_in(&self, text: &str) -> bool {
        let (Place::Header(_, value) | Place::Query(_, value)) = &self.0.place;
        let value = value.expose_secret();
        let bare = value.rsplit(' ').next().unwrap_or(value);
        repeats(text, bare)
    }

    /// The header that this is put into.
    pub(super) fn header_name(&self) -> Option<&HeaderName> {
        match &self.0.place {
            Place::Header(name, _) => Some(name),
            Place::Query(..) => None,
        }
    }
}

/// Whether a text contains a secret, plain or percent-encoded.
fn repeats(text: &str, secret: &str) -> bool {
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    text.contains(secret) || text.contains(&encoded)
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credential").field("audience", &self.0.audience).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERN: &str = "*.example.com";

    fn bearer(token: &str) -> Result<Credential, FetchError> {
        Credential::bearer(SecretString::from(token), [PATTERN.parse().expect("is a pattern")])
    }

    fn header(credential: &Credential, url: &str) -> Result<HeaderValue, FetchError> {
        match credential.addition(&Url::parse(url).expect("is a URL"))? {
            Addition::Header(_, value) => Ok(value),
            Addition::Url(url) => panic!("no header but {url}"),
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        let credential = bearer("s3cr3t-t0ken").expect("is a token");
        let value = header(&credential, "https://api.example.com/").expect("is allowed");
        assert_eq!(value, "Bearer s3cr3t-t0ken");
        assert!(value.is_sensitive());
        assert!(!format!("{credential:?} {value:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_token_that_would_break_the_header_is_refused() {
        for token in ["", "s3c ret", "s3cret\r\nx-evil: 1", "s3cr\u{e9}t", "s3cret\0"] {
            let error = bearer(token).expect_err("is not a token");
            assert!(matches!(&error, FetchError::Auth(text) if !text.contains("s3c")));
        }
        for value in ["", "  ", "s3cret\r\nx-evil: 1", "s3cret\t"] {
            let name = HeaderName::from_static("x-api-key");
            assert!(Credential::header(name, value.into(), []).is_err(), "{value:?}");
        }
    }

    #[test]
    fn a_token_goes_to_its_audience_over_https_alone() {
        let token = bearer("t").expect("is a token");
        assert!(header(&token, "https://api.example.com/x").is_ok());
        for url in ["http://api.example.com/", "https://api.example.com:8443/", "https://collector.example.org/"] {
            assert!(matches!(header(&token, url), Err(FetchError::Denied(_))), "{url}");
        }
        let nowhere = Credential::bearer(SecretString::from("t"), []).expect("is a token");
        assert!(matches!(header(&nowhere, "https://api.example.com/x"), Err(FetchError::Denied(_))));
    }

    #[test]
    fn a_parameter_takes_the_place_of_the_guests() {
        let key = Credential::query("key".into(), "s3cr3t&x=1".into(), [PATTERN.parse().expect("is a pattern")]);
        let url = Url::parse("https://api.example.com/a?b=c+d&key=mine&key=too&e").expect("is a URL");
        let Ok(Addition::Url(asked)) = key.expect("is a key").addition(&url) else { panic!("not a URL") };
        assert_eq!(asked.as_str(), "https://api.example.com/a?b=c+d&e=&key=s3cr3t%26x%3D1");
    }

    #[test]
    fn a_redirect_that_repeats_the_parameter_loses_it() {
        let key = Credential::query("key".into(), "s3cr3t".into(), [PATTERN.parse().expect("is a pattern")]);
        let key = key.expect("is a key");
        for (told, kept) in [
            ("https://b.example.com/a/?b=c&key=s3cr3t", "https://b.example.com/a/?b=c"),
            ("https://b.example.com/?next=https%3A%2F%2Fa%2F%3Fkey%3Ds3cr3t&x=y", "https://b.example.com/?x=y"),
            ("https://b.example.com/?b=c%20d", "https://b.example.com/?b=c%20d"),
            ("https://b.example.com/", "https://b.example.com/"),
        ] {
            let mut url = Url::parse(told).expect("is a URL");
            key.strip(&mut url);
            assert_eq!(url.as_str(), kept);
        }
        let key = Credential::query("key".into(), "s3=cr3t".into(), []).expect("is a key");
        let header = |value: &str| ("location".to_owned(), value.to_owned());
        let mut headers = vec![header("/?key=s3%3Dcr3t"), header("/?a=s3=cr3t"), header("/?b=c")];
        key.redact(&mut headers);
        assert_eq!(headers, [header("/?b=c")]);
    }
}
