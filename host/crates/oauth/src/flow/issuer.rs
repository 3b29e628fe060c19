//! Whether an answer comes from the provider that was asked (RFC 9207). With several providers at one host, one that is
//! hostile could otherwise pass on another one's codes as its own.

use url::Url;
use workway_providers::{OAuthMethod, Values};

use super::error::FlowError;

/// To be asked before anything else of an answer is believed, of error answers too (RFC 9207, section 2.4).
pub(super) fn check(oauth: &OAuthMethod, values: &Values, given: Option<&str>) -> Result<(), FlowError> {
    let Some(given) = given else {
        return if oauth.sends_issuer { Err(FlowError::IssuerMismatch("its issuer is missing")) } else { Ok(()) };
    };
    let known = match &oauth.issuer {
        // Compared as text, without any normalisation (RFC 3986, section 6.2.1).
        Some(expected) => expected.render(values).is_ok_and(|expected| expected == given),
        None => is_beside(oauth, values, given),
    };
    if known { Ok(()) } else { Err(FlowError::IssuerMismatch("it has another issuer")) }
}

/// The entry knows of no issuer: then one is let through that cannot be another party, because the authorization page is of
/// the same origin.
fn is_beside(oauth: &OAuthMethod, values: &Values, given: &str) -> bool {
    let (Ok(asked), Ok(given)) = (oauth.authorization_url.render_url(values), Url::parse(given)) else { return false };
    // An issuer is an https URL (RFC 8414, section 2); the origin of anything else is equal to nothing.
    given.scheme() == "https" && given.origin() == asked.origin()
}

#[cfg(test)]
mod tests {
    use workway_providers::Values;

    use super::check;
    use crate::flow::{error::FlowError, tests::entry};

    fn check_of(provider: &str, given: Option<&str>) -> Result<(), FlowError> {
        let values = Values::from([("shop".into(), "good".into())]);
        check(entry(provider).oauth().unwrap(), &values, given)
    }

    #[test]
    fn a_known_issuer_is_compared_exactly() {
        assert_eq!(check_of("strict", Some("https://issuer.example")), Ok(()));
        for other in [
            "https://issuer.example/",
            "https://ISSUER.example",
            "https://issuer.example:443",
            "http://issuer.example",
            "https://issuer.example.evil.example",
            "https://evil.example",
            "issuer.example",
            "",
        ] {
            assert!(matches!(check_of("strict", Some(other)), Err(FlowError::IssuerMismatch(_))), "{other:?}");
        }
    }

    #[test]
    fn an_issuer_may_depend_on_the_account() {
        assert_eq!(check_of("shops", Some("https://good.shops.example")), Ok(()));
        assert!(check_of("shops", Some("https://evil.shops.example")).is_err());
        assert!(check_of("shops", Some("https://{shop}.shops.example")).is_err());
    }

    #[test]
    fn silence_counts_where_the_provider_is_not_known_to_speak() {
        assert!(check_of("strict", None).is_err());
        assert_eq!(check_of("shops", None), Ok(()));
        assert_eq!(check_of("plain", None), Ok(()));
    }

    #[test]
    fn an_unknown_issuer_has_to_be_where_the_browser_was_sent() {
        for same in
            ["https://auth.plain.example", "https://auth.plain.example/tenant", "https://auth.plain.example:443/"]
        {
            assert_eq!(check_of("plain", Some(same)), Ok(()), "{same}");
        }
        for other in [
            "https://plain.example",
            "https://auth.plain.example:8443",
            "http://auth.plain.example",
            "https://auth.plain.example.evil.example",
            "https://evil.example",
            "auth.plain.example",
            "data:text/html,x",
            "",
        ] {
            assert!(check_of("plain", Some(other)).is_err(), "{other:?}");
        }
    }
}
