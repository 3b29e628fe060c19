//! Reads the tokens out of a token endpoint's answer, and what goes with them. An answer is hostile until it is read: all
//! of it is bounded here, and no error repeats anything of it.

use std::{collections::BTreeSet, time::Duration};

use secrecy::SecretString;
use serde_json::Value;
use workway_model::Timestamp;
use workway_providers::{AccountSource, OAuthMethod, Provider, Values, VariableSource};

use super::{
    Party,
    account::{self, Account},
    error::EndpointError,
    reply::{Document, Reply},
};
use crate::{
    bounds::{MAX_SCOPE_CHARS, MAX_SCOPES, MAX_TOKEN_BYTES},
    sealing::TokenSet,
};

/// An access token that outlives this has no lifetime worth keeping: ten years.
const MAX_LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What a token endpoint gave.
#[derive(Debug)]
pub struct TokenAnswer {
    pub tokens: TokenSet,
    /// From the moment of the answer. None: it does not expire, or nobody knows when.
    pub lifetime: Option<Duration>,
    /// As granted, under the names that were asked for too. None: the answer does not say, which means as asked (RFC 6749,
    /// section 5.1).
    pub scopes: Option<BTreeSet<String>>,
    /// Where the token answer is the account's source. Always there at an exchange then, and not always at a refresh.
    pub account: Option<Account>,
    /// The `from = "token"` variables: all of them at an exchange, those that were there at a refresh.
    pub values: Values,
}

/// What the tokens were asked for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    Exchange,
    Refresh,
}

impl Occasion {
    /// At a refresh nothing counts but the tokens: the old ones may be worth nothing by now, so none is lost to something
    /// else in the answer. What the connection had before stays then.
    fn tolerate<T>(self, provider: &Provider, read: Result<T, EndpointError>) -> Result<Option<T>, EndpointError> {
        match read {
            Err(error) if self == Self::Refresh => {
                tracing::warn!(provider = %provider.id, "ignored a part of an answer to a refresh: {error}");
                Ok(None)
            }
            read => read.map(Some),
        }
    }
}

/// Reads a token endpoint's answer. `now` is for the ID token.
pub(super) fn parse(
    reply: &Reply<'_>,
    party: Party<'_>,
    occasion: Occasion,
    now: Timestamp,
) -> Result<TokenAnswer, EndpointError> {
    let Party { provider, oauth, .. } = party;
    let document = reply.document();
    if let Some(failure) = reply.failure(document.as_ref(), &oauth.invalid_grant) {
        return Err(failure);
    }
    let document = document.ok_or_else(|| EndpointError::malformed("it is not JSON"))?;
    let Some(access_token) = token(&document, &oauth.token.access, "access token")? else {
        return Err(match document.value().pointer("/error") {
            Some(Value::Object(_)) => reply.refusal(Some(&document), &oauth.invalid_grant),
            _ => EndpointError::malformed("it has no access token"),
        });
    };
    let refresh_token = token(&document, &oauth.token.refresh, "refresh token")?;
    let lifetime = document.value().pointer(&oauth.token.expires_in).and_then(lifetime);
    let scopes = occasion.tolerate(provider, scopes(&document, oauth))?.flatten();
    let values = occasion.tolerate(provider, values(&document, provider, occasion))?.unwrap_or_default();
    let account = match account(&document, party, &values, now) {
        // Few answers to a refresh say it again.
        Err(_) if occasion == Occasion::Refresh => None,
        account => account?,
    };
    Ok(TokenAnswer {
        tokens: TokenSet { access_token, refresh_token },
        lifetime: lifetime.or(oauth.expires_in_seconds.map(Duration::from_secs)),
        scopes,
        account,
        values,
    })
}

/// Visible ASCII alone, which is what RFC 6750, section 2.1, lets into a header.
fn token(document: &Document, pointer: &str, what: &str) -> Result<Option<SecretString>, EndpointError> {
    let text = match document.value().pointer(pointer) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(EndpointError::malformed(format!("the {what} must be a string"))),
    };
    if text.len() > MAX_TOKEN_BYTES {
        return Err(EndpointError::malformed(format!(
            "the {what} must have at most {MAX_TOKEN_BYTES} bytes (got {})",
            text.len()
        )));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(EndpointError::malformed(format!("the {what} must be visible ASCII")));
    }
    Ok(Some(text.as_str().into()))
}

fn values(document: &Document, provider: &Provider, occasion: Occasion) -> Result<Values, EndpointError> {
    let mut values = Values::new();
    for (name, variable) in &provider.variables {
        let VariableSource::Token { pointer, .. } = &variable.source else { continue };
        match document.text(pointer) {
            Some(text) => {
                // What was found instead is not repeated: with a wrong pointer it might be a token.
                let value = variable.check(name, &text).map_err(|_| {
                    EndpointError::malformed(format!("its `{name}` does not match the provider's entry"))
                })?;
                values.insert(name.clone(), value);
            }
            None if occasion == Occasion::Refresh => {}
            None => return Err(EndpointError::malformed(format!("it has no `{name}`"))),
        }
    }
    Ok(values)
}

fn account(
    document: &Document,
    party: Party<'_>,
    values: &Values,
    now: Timestamp,
) -> Result<Option<Account>, EndpointError> {
    match &party.provider.account {
        AccountSource::Token(pointers) => Account::read(document, pointers).map(Some),
        AccountSource::IdToken(pointers) => {
            let mut all = party.values.clone();
            all.extend(values.clone());
            let issuer = party.oauth.issuer.as_ref().map(|issuer| issuer.render(&all)).transpose();
            let issuer = issuer.map_err(EndpointError::misconfigured)?;
            let expected = account::Expected { client_id: &party.client.id, issuer: issuer.as_deref(), now };
            Account::from_id_token(document, pointers, &expected).map(Some)
        }
        AccountSource::None | AccountSource::Url { .. } => Ok(None),
    }
}

/// A number that is not negative, also one that was written as a text or as a fraction.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

fn lifetime(value: &Value) -> Option<Duration> {
    let lifetime = Duration::from_secs(seconds(value)?.as_secs());
    (!lifetime.is_zero() && lifetime <= MAX_LIFETIME).then_some(lifetime)
}

/// Scopes as a text, apart by blanks (RFC 6749, section 3.3) or commas, or as a list of texts. None for anything else.
fn scopes(document: &Document, oauth: &OAuthMethod) -> Result<Option<BTreeSet<String>>, EndpointError> {
    let texts: Vec<&str> = match document.value().pointer(&oauth.token.scope) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(None),
    };
    let apart = |character: char| character.is_whitespace() || character == ',';
    let names = texts.into_iter().flat_map(|text| text.split(apart)).filter(|name| !name.is_empty());
    let mut scopes: BTreeSet<String> = names.map(str::to_owned).collect();
    let asked = oauth.scope_aliases.iter().filter(|(_, answered)| scopes.contains(*answered));
    let asked: Vec<String> = asked.map(|(asked, _)| asked.clone()).collect();
    scopes.extend(asked);
    if scopes.len() > MAX_SCOPES {
        return Err(EndpointError::malformed(format!(
            "it must have at most {MAX_SCOPES} scopes (got {})",
            scopes.len()
        )));
    }
    if scopes.iter().any(|scope| scope.len() > MAX_SCOPE_CHARS || scope.chars().any(char::is_control)) {
        return Err(EndpointError::malformed(format!(
            "a scope must have at most {MAX_SCOPE_CHARS} bytes and no control characters"
        )));
    }
    Ok(Some(scopes))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::{collection::vec, prelude::*};
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::{
        super::tests::{Acme, MARKER, reply},
        *,
    };

    /// Unix seconds.
    const NOW: u64 = 1_800_000_000;

    fn parse_as(occasion: Occasion, acme: &Acme, status: u16, body: &Value) -> Result<TokenAnswer, EndpointError> {
        parse(&reply(status, &[], body.to_string()), acme.party(), occasion, Timestamp::from_seconds(NOW))
    }

    fn exchange(acme: &Acme, body: &Value) -> Result<TokenAnswer, EndpointError> {
        parse_as(Occasion::Exchange, acme, 200, body)
    }

    /// A token answer with further fields.
    fn with(fields: Value) -> Value {
        let mut body = json!({"access_token": "s3cr3t-access", "token_type": "Bearer"});
        let Value::Object(fields) = fields else { panic!("not an object") };
        body.as_object_mut().expect("is an object").extend(fields);
        body
    }

    fn scopes_of(acme: &Acme, scope: Value) -> Option<Vec<String>> {
        let answer = exchange(acme, &with(json!({ "scope": scope }))).expect("is an answer");
        answer.scopes.map(|scopes| scopes.into_iter().collect())
    }

    #[test]
    fn an_ordinary_answer_is_read() {
        let fields = json!({"refresh_token": "s3cr3t-refresh", "expires_in": 3600, "scope": "b a"});
        let answer = exchange(&Acme::plain(""), &with(fields)).expect("is an answer");
        assert_eq!(answer.tokens.access_token.expose_secret(), "s3cr3t-access");
        assert_eq!(answer.tokens.refresh_token.as_ref().map(|token| token.expose_secret()), Some("s3cr3t-refresh"));
        assert_eq!(answer.lifetime, Some(Duration::from_secs(3600)));
        assert_eq!(answer.scopes, Some(["a", "b"].map(String::from).into()));
        assert!(answer.account.is_none() && answer.values.is_empty());
        assert!(!format!("{answer:?}").contains(MARKER));
    }

    #[test]
    fn a_nested_answer_is_read_by_its_pointers() {
        let acme = Acme::plain(
            "token = { access = \"/user/access_token\", refresh = \"/user/refresh\", expires_in = \"/user/life\", \
             scope = \"/user/scopes\" }",
        );
        let user = json!({"access_token": "s3cr3t-user", "refresh": "s3cr3t-more", "life": "60", "scopes": ["x"]});
        let answer = exchange(&acme, &with(json!({ "user": user }))).expect("is an answer");
        assert_eq!(answer.tokens.access_token.expose_secret(), "s3cr3t-user");
        assert!(answer.tokens.refresh_token.is_some() && answer.scopes.is_some());
        assert_eq!(answer.lifetime, Some(Duration::from_secs(60)));
        assert!(matches!(exchange(&acme, &with(json!({}))), Err(EndpointError::Malformed(_))), "another one's token");
    }

    #[test]
    fn lifetimes_are_taken_in_every_spelling_and_never_absurd() {
        let acme = Acme::plain("");
        for (expires_in, seconds) in [
            (json!(3600), Some(3600)),
            (json!("3600"), Some(3600)),
            (json!(" 3600 "), Some(3600)),
            (json!(3599.9), Some(3599)),
            (json!("3600.0"), Some(3600)),
            (json!(315_360_000), Some(315_360_000)),
            (json!(315_360_001), None),
            (json!(0), None),
            (json!(0.5), None),
            (json!(-1), None),
            (json!("-1"), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!("inf"), None),
            (json!("NaN"), None),
            (json!(""), None),
            (json!("soon"), None),
            (json!(null), None),
            (json!([3600]), None),
        ] {
            let answer = exchange(&acme, &with(json!({ "expires_in": expires_in }))).expect("is an answer");
            assert_eq!(answer.lifetime, seconds.map(Duration::from_secs), "{expires_in}");
        }
    }

    #[test]
    fn an_entry_knows_the_lifetime_that_an_answer_does_not_name() {
        let acme = Acme::plain("expires_in_seconds = 7200");
        let lifetime = |fields| exchange(&acme, &with(fields)).expect("is an answer").lifetime;
        assert_eq!(lifetime(json!({})), Some(Duration::from_secs(7200)));
        assert_eq!(lifetime(json!({"expires_in": 60})), Some(Duration::from_secs(60)));
    }

    #[test]
    fn scopes_are_taken_in_every_spelling() {
        let acme = Acme::plain("");
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        for (scope, expected) in [
            (json!("a b"), names(&["a", "b"])),
            (json!("a,b, c ,,"), names(&["a", "b", "c"])),
            (json!("a\nb\tb"), names(&["a", "b"])),
            (json!(["b", "a", 7, null]), names(&["a", "b"])),
            (json!(["a b", "c"]), names(&["a", "b", "c"])),
            (json!(""), names(&[])),
            (json!([]), names(&[])),
            (json!(null), None),
            (json!({"a": 1}), None),
            (json!(7), None),
        ] {
            assert_eq!(scopes_of(&acme, scope.clone()), expected, "{scope}");
        }
        assert_eq!(exchange(&acme, &with(json!({}))).expect("is an answer").scopes, None);
    }

    #[test]
    fn a_scope_is_known_by_the_name_that_was_asked_for_too() {
        let acme =
            Acme::plain("scope_aliases = { email = \"https://acme.example.com/auth/email\", other = \"nothing\" }");
        let scopes = scopes_of(&acme, json!("openid https://acme.example.com/auth/email")).expect("are scopes");
        assert_eq!(scopes, ["email", "https://acme.example.com/auth/email", "openid"]);
    }

    #[test]
    fn scopes_are_bounded() {
        let acme = Acme::plain("");
        let many = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(scopes_of(&acme, json!(many(200))).map(|scopes| scopes.len()), Some(200));
        for scope in [json!(many(201)), json!(many(201).join(" ")), json!("x".repeat(257)), json!("a\u{0}b")] {
            assert!(matches!(exchange(&acme, &with(json!({ "scope": scope }))), Err(EndpointError::Malformed(_))));
        }
    }

    #[test]
    fn a_token_that_no_header_takes_is_refused_without_being_quoted() {
        let acme = Acme::plain("");
        let long = format!("s3cr3t{}", "x".repeat(MAX_TOKEN_BYTES));
        for token in ["s3cr3t\r\nx-evil: 1", "s3cr3t token", "s3cr3t\u{e9}", "s3cr3t\0", "s3cr3t\u{7f}", &long] {
            for body in [json!({"access_token": token}), with(json!({"refresh_token": token}))] {
                let error = exchange(&acme, &body).expect_err("is no token");
                assert!(matches!(&error, EndpointError::Malformed(_)), "{error}");
                assert!(!format!("{error:?} {error}").contains(MARKER), "{error}");
            }
        }
        let just = "x".repeat(MAX_TOKEN_BYTES);
        assert!(exchange(&acme, &json!({"access_token": just, "refresh_token": just})).is_ok());
    }

    #[test]
    fn an_answer_without_a_token_is_none() {
        let acme = Acme::plain("");
        for body in [
            json!({}),
            json!([]),
            json!(null),
            json!("s3cr3t"),
            json!({"access_token": ""}),
            json!({"access_token": null}),
            json!({"access_token": 7}),
            json!({"access_token": {"s3cr3t": 1}}),
            json!({"access_token": "s3cr3t", "refresh_token": 7}),
        ] {
            let error = exchange(&acme, &body).expect_err("is no answer");
            assert!(matches!(&error, EndpointError::Malformed(text) if !text.contains(MARKER)), "{body}: {error}");
        }
        let broken: [&[u8]; 5] =
            [b"", b"{", b"access_token=s3cr3t&token_type=bearer", b"<html>s3cr3t</html>", b"\xff\xfe"];
        for body in broken.into_iter().map(<[u8]>::to_vec).chain([vec![b'['; 100_000]]) {
            let error = parse(&reply(200, &[], body), acme.party(), Occasion::Exchange, Timestamp::from_seconds(NOW))
                .expect_err("is no answer");
            assert!(matches!(&error, EndpointError::Malformed(text) if !text.contains(MARKER)), "{error}");
        }
    }

    #[test]
    fn an_error_comes_before_a_token() {
        let acme = Acme::plain("invalid_grant = [\"token_expired\"]");
        let error = |body: &Value| exchange(&acme, body).expect_err("is an error");
        let ended = error(&with(json!({"ok": false, "error": "token_expired"})));
        assert_eq!(ended, EndpointError::InvalidGrant { code: "token_expired".into() });
        let nested = json!({"error": {"code": "denied", "message": "No."}});
        assert_eq!(error(&nested), EndpointError::Refused { code: "denied".into(), description: "No.".into() });
        assert!(exchange(&acme, &with(json!({"error": {"code": "ok"}}))).is_ok());
    }

    #[test]
    fn a_missing_refresh_token_is_none() {
        let acme = Acme::plain("");
        for fields in [json!({}), json!({"refresh_token": ""}), json!({"refresh_token": null})] {
            assert!(exchange(&acme, &with(fields)).expect("is an answer").tokens.refresh_token.is_none());
        }
    }

    #[test]
    fn variables_are_checked_and_only_an_exchange_needs_them() {
        let acme = Acme::new(
            r#"
            revocation = { url = "https://{instance}/revoke", style = "rfc7009" }
            account = { from = "none" }
            "#,
            r#"
            [acme.variables.instance]
            from = "token"
            pointer = "/instance_url"
            url_host = true
            pattern = '[a-z0-9-]+\.acme\.example\.com'
            description = "The instance"
            "#,
        );
        let found = with(json!({"instance_url": "https://eu-1.acme.example.com"}));
        let bad = with(json!({"instance_url": "https://s3cr3t.evil.example"}));
        for occasion in [Occasion::Exchange, Occasion::Refresh] {
            let answer = parse_as(occasion, &acme, 200, &found).expect("is an answer");
            assert_eq!(answer.values["instance"], "eu-1.acme.example.com");
        }
        for body in [&bad, &with(json!({}))] {
            let error = exchange(&acme, body).expect_err("is needed");
            assert!(matches!(&error, EndpointError::Malformed(text) if !text.contains(MARKER)), "{error}");
            let answer = parse_as(Occasion::Refresh, &acme, 200, body).expect("is an answer");
            assert!(answer.values.is_empty());
        }
    }

    #[test]
    fn a_refresh_loses_no_token_to_the_rest_of_its_answer() {
        let acme = Acme::new("account = { from = \"token\", label = [\"/team\"], id = [\"/id\"] }", "");
        let body = with(json!({"refresh_token": "s3cr3t-next", "scope": "x".repeat(300)}));
        let answer = parse_as(Occasion::Refresh, &acme, 200, &body).expect("is an answer");
        assert!(answer.tokens.refresh_token.is_some() && answer.scopes.is_none() && answer.account.is_none());
        assert!(exchange(&acme, &body).is_err());
    }

    #[test]
    fn the_account_of_a_token_answer_is_read() {
        let acme = Acme::new("account = { from = \"token\", label = [\"/team\"], id = [\"/id\"] }", "");
        let answer = exchange(&acme, &with(json!({"team": "Acme", "id": 7}))).expect("is an answer");
        assert_eq!(answer.account, Some(Account { label: "Acme".into(), id: "7".into() }));
    }

    #[test]
    fn the_issuer_of_an_id_token_may_depend_on_the_connection() {
        let mut acme = Acme::new(
            "issuer = \"https://{tenant}.acme.example.com\"\n\
             account = { from = \"id-token\", label = [\"/email\"], id = [\"/sub\"] }",
            "[acme.variables.tenant]\nfrom = \"user\"\npattern = \"[a-z]+\"\ndescription = \"The tenant\"\nexample = \"blue\"",
        );
        acme.values.insert("tenant".into(), "blue".into());
        let id_token = |issuer: &str| {
            let claims = json!({"iss": issuer, "aud": "our id", "exp": NOW, "sub": "x"}).to_string();
            with(json!({"id_token": format!("e30.{}.s3cr3t", URL_SAFE_NO_PAD.encode(claims))}))
        };
        assert!(exchange(&acme, &id_token("https://blue.acme.example.com")).is_ok());
        let error = exchange(&acme, &id_token("https://green.acme.example.com")).expect_err("is another one's");
        assert!(matches!(&error, EndpointError::Malformed(text) if !text.contains(MARKER)), "{error}");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "s3cr3t[!-~]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 5, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..5).prop_map(Value::from),
                vec(("[a-z_]{1,8}", inner), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    static ANY_ACME: LazyLock<Acme> = LazyLock::new(|| {
        Acme::new("account = { from = \"id-token\", label = [\"/id\", \"/scope\"], id = [\"/sub\", \"/id/0\"] }", "")
    });

    proptest! {
        #[test]
        fn no_bytes_panic(status in any::<u16>(), body in vec(any::<u8>(), 0..200)) {
            let _ = parse(&reply(status, &[], body), ANY_ACME.party(), Occasion::Exchange, Timestamp::from_seconds(NOW));
        }

        #[test]
        fn no_json_panics_or_leaves_the_bounds(
            status in prop_oneof![Just(200_u16), 100_u16..600],
            fields in vec(any_json(), 9),
            refresh in any::<bool>(),
        ) {
            let names = ["access_token", "refresh_token", "expires_in", "scope", "id_token", "id", "ok", "sub", "status"];
            let body = Value::Object(names.iter().map(|name| (*name).to_owned()).zip(fields).collect());
            let occasion = if refresh { Occasion::Refresh } else { Occasion::Exchange };
            match parse_as(occasion, &ANY_ACME, status, &body) {
                Ok(answer) => {
                    prop_assert!(answer.tokens.access_token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()));
                    prop_assert!(answer.lifetime.is_none_or(|lifetime| lifetime <= MAX_LIFETIME));
                    prop_assert!(answer.scopes.is_none_or(|scopes| scopes.len() <= MAX_SCOPES));
                }
                // `status` is taken for a code.
                Err(EndpointError::Malformed(text)) => prop_assert!(!text.contains(MARKER)),
                Err(_) => {}
            }
        }
    }
}
