//! What is asked for at a provider: the scopes, and the address that the browser is sent to (RFC 6749, section 4.1.1).

use std::collections::BTreeSet;

use url::{Url, form_urlencoded};
use workway_model::ProviderId;
use workway_providers::OAuthMethod;

use super::{error::FlowError, state::State};
use crate::bounds::{MAX_SCOPE_CHARS, MAX_SCOPES};

/// Where a provider sends browsers back to. The operator registers it with the provider.
pub fn callback_url(public_url: &Url, provider: &ProviderId) -> Url {
    let mut url = public_url.clone();
    // Only addresses like `data:` have no segments, and the settings take none.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(["oauth", provider.as_str(), "callback"]);
    }
    url
}

/// The scopes to ask for: those that the entry always asks for, those requested, and those of the connection that is
/// extended, so that nothing that works now stops working. Under the names that the provider is asked with.
pub(super) fn scopes(
    oauth: &OAuthMethod,
    requested: BTreeSet<String>,
    extended: Option<BTreeSet<String>>,
) -> Result<BTreeSet<String>, FlowError> {
    if requested.len() > MAX_SCOPES {
        return Err(FlowError::InvalidScopes(format!("must be at most {MAX_SCOPES} (got {})", requested.len())));
    }
    if !requested.iter().all(|scope| is_scope(oauth, scope)) {
        let comma = if oauth.scope_separator.contains(',') { ", commas" } else { "" };
        return Err(FlowError::InvalidScopes(format!(
            "each must be 1 to {MAX_SCOPE_CHARS} visible ASCII characters without quotes{comma} and backslashes"
        )));
    }
    // A token that was put in by hand may have come with anything as its scopes.
    let extended = extended.into_iter().flatten().filter(|scope| is_scope(oauth, scope));
    let asked = |scope: String| {
        let alias = oauth.scope_aliases.iter().find(|(_, answered)| **answered == scope);
        alias.map_or(scope, |(asked, _)| asked.clone())
    };
    let all: BTreeSet<String> =
        oauth.default_scopes.iter().cloned().chain(requested).chain(extended).map(asked).collect();
    if all.len() > MAX_SCOPES {
        return Err(FlowError::InvalidScopes(format!(
            "must be at most {MAX_SCOPES} together with the connection's and the provider's own (got {})",
            all.len()
        )));
    }
    Ok(all)
}

/// RFC 6749, section 3.3. What separates scopes cannot be in one.
fn is_scope(oauth: &OAuthMethod, scope: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    !scope.is_empty()
        && scope.len() <= MAX_SCOPE_CHARS
        && scope.bytes().all(fits)
        && (oauth.scope_separator.is_empty() || !scope.contains(oauth.scope_separator.as_str()))
}

/// The authorization request. `endpoint` keeps the query that it has. That the entry brings no parameter that is set here
/// was checked when it was read.
pub(super) fn authorization_url(
    mut endpoint: Url,
    oauth: &OAuthMethod,
    client_id: &str,
    redirect_uri: &Url,
    state: &State,
    scopes: &BTreeSet<String>,
    challenge: Option<&str>,
) -> Url {
    let scopes = scopes.iter().map(String::as_str).collect::<Vec<_>>().join(&oauth.scope_separator);
    let mut own = vec![
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri.as_str()),
        ("state", state.expose()),
    ];
    if !scopes.is_empty() {
        own.push((&oauth.scope_parameter, &scopes));
    }
    if let Some(challenge) = challenge {
        own.extend([("code_challenge", challenge), ("code_challenge_method", "S256")]);
    }
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    let parameters = parameters.extend_pairs(own).extend_pairs(&oauth.authorization_parameters).finish();
    // A blank as `+` is right here too, but not every provider reads it so.
    let parameters = parameters.replace('+', "%20");
    let query = match endpoint.query() {
        Some(query) if !query.is_empty() => format!("{query}&{parameters}"),
        _ => parameters,
    };
    endpoint.set_query(Some(&query));
    endpoint
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use url::Url;
    use workway_providers::Values;

    use super::{MAX_SCOPE_CHARS, MAX_SCOPES, authorization_url, callback_url, scopes};
    use crate::flow::{error::FlowError, state::State, tests::entry};

    fn set(scopes: &[&str]) -> BTreeSet<String> {
        scopes.iter().map(ToString::to_string).collect()
    }

    fn asked(provider: &str, requested: &[&str], extended: &[&str]) -> Result<BTreeSet<String>, FlowError> {
        scopes(entry(provider).oauth().unwrap(), set(requested), Some(set(extended)))
    }

    /// The query without client and state.
    fn query(
        provider: &str,
        values: Values,
        scopes: &[&str],
        challenge: Option<&str>,
    ) -> (String, Vec<(String, String)>) {
        let provider = entry(provider);
        let oauth = provider.oauth().unwrap();
        let state = State::parse(&"s3cr3t-".repeat(7)[..43]).unwrap();
        let redirect_uri = callback_url(&Url::parse("https://workway.example.com").unwrap(), &provider.id);
        let endpoint = oauth.authorization_url.render_url(&values).unwrap();
        let url = authorization_url(endpoint, oauth, "our id", &redirect_uri, &state, &set(scopes), challenge);
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        for (name, value) in [
            ("client_id", "our id"),
            ("state", state.expose()),
            ("redirect_uri", redirect_uri.as_str()),
            ("response_type", "code"),
        ] {
            let found: Vec<_> = pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value).collect();
            assert_eq!(found, [value], "{name} in {url}");
        }
        let own = ["client_id", "state", "redirect_uri", "response_type"];
        let rest = pairs.into_iter().filter(|(name, _)| !own.contains(&name.as_str())).collect();
        (url.into(), rest)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn all_scopes_are_asked_for_together() {
        assert_eq!(asked("strict", &["write", "read"], &["old"]), Ok(set(&["always", "old", "read", "write"])));
        assert_eq!(asked("plain", &[], &[]), Ok(set(&[])));
    }

    #[test]
    fn a_scope_is_asked_for_under_the_name_that_the_provider_takes() {
        let answered = "https://scopes.example/email";
        assert_eq!(asked("strict", &[], &[answered, "email"]), Ok(set(&["always", "email"])));
        assert_eq!(asked("strict", &[answered], &[]), Ok(set(&["always", "email"])));
    }

    #[test]
    fn a_scope_that_would_read_as_something_else_is_refused() {
        let long = "x".repeat(MAX_SCOPE_CHARS + 1);
        for odd in ["", " ", "a b", "a\tb", "a\nb", "a\"b", "a\\b", "a\u{e9}", "a\u{7f}", &long] {
            assert!(matches!(asked("strict", &["ok", odd], &[]), Err(FlowError::InvalidScopes(_))), "{odd:?}");
            assert_eq!(asked("strict", &[], &["ok", odd]), Ok(set(&["always", "ok"])), "{odd:?} of a stored one");
        }
        assert!(asked("strict", &["a,b"], &[]).is_ok());
        let Err(FlowError::InvalidScopes(text)) = asked("commas", &["a,b"], &[]) else { panic!("was taken") };
        assert!(text.contains("commas"), "{text}");
    }

    #[test]
    fn there_are_no_more_scopes_than_can_be_stored() {
        let many: Vec<String> = (0..MAX_SCOPES).map(|number| format!("s{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(asked("plain", &many, &many).is_ok());
        assert!(asked("strict", &many, &[]).is_err());
        assert!(asked("plain", &many, &["one-more"]).is_err());
    }

    #[test]
    fn the_address_has_what_the_entry_says() {
        let (url, rest) = query("strict", Values::new(), &["a", "b"], Some("challenge"));
        assert!(url.starts_with("https://auth.strict.example/authorize?response_type=code&"), "{url}");
        assert!(url.contains("&scope=a%20b&") && !url.contains('+'), "{url}");
        let expected = [
            ("scope", "a b"),
            ("code_challenge", "challenge"),
            ("code_challenge_method", "S256"),
            ("prompt", "consent"),
        ];
        assert_eq!(rest, pairs(&expected));
    }

    #[test]
    fn names_separators_and_queries_of_the_entry_are_kept() {
        let (url, rest) = query("commas", Values::new(), &["a", "b"], None);
        assert!(url.starts_with("https://auth.commas.example/authorize?tenant=a+b&response_type=code"), "{url}");
        assert_eq!(rest, pairs(&[("tenant", "a b"), ("user_scope", "a,b")]));
        let (_, rest) = query("plain", Values::new(), &[], None);
        assert_eq!(rest, [], "an empty scope parameter is not the same as none");
    }

    #[test]
    fn the_account_s_own_host_is_asked() {
        let (url, _) = query("shops", Values::from([("shop".into(), "good".into())]), &[], None);
        assert!(url.starts_with("https://good.shops.example/authorize?"), "{url}");
    }

    #[test]
    fn the_way_back_is_below_the_public_address() {
        for (public_url, callback) in [
            ("https://a.example", "https://a.example/oauth/slack/callback"),
            ("https://a.example/", "https://a.example/oauth/slack/callback"),
            ("http://127.0.0.1:8787/base", "http://127.0.0.1:8787/base/oauth/slack/callback"),
            ("https://a.example/base/", "https://a.example/base/oauth/slack/callback"),
        ] {
            let url = callback_url(&Url::parse(public_url).unwrap(), &"slack".parse().unwrap());
            assert_eq!(url.as_str(), callback);
        }
    }
}
