//! Whose account it is: a label for people and an id that never changes, out of a token answer, an ID token or the
//! provider's own API. Both are bounded before anybody else sees them.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use serde_json::Value;
use workway_capability::fetch::Credential;
use workway_model::Timestamp;
use workway_providers::{AccountPointers, AccountSource, Provider, Values};
use zeroize::Zeroizing;

use super::{
    Outgoing,
    answer::seconds,
    error::EndpointError,
    render,
    reply::{Document, Reply, scalar},
};
use crate::bounds::MAX_ACCOUNT_CHARS;

/// Where a token answer holds the ID token (OpenID Connect Core 1.0, section 3.1.3.3).
const ID_TOKEN_POINTER: &str = "/id_token";
/// How far the provider's clock may be behind ours.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// A connected account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// For people: an e-mail address, a workspace's name. At most 256 bytes, no control characters.
    pub label: String,
    /// What never changes. At most 256 bytes, no control characters.
    pub id: String,
}

/// What an ID token must say.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    /// Where the entry knows one.
    pub(super) issuer: Option<&'a str>,
    pub(super) now: Timestamp,
}

impl Account {
    /// The first pointer that holds something wins. An account that has no label is known by its id.
    pub(super) fn read(document: &Document, pointers: &AccountPointers) -> Result<Self, EndpointError> {
        let first = |pointers: &[String]| {
            pointers.iter().filter_map(|pointer| document.value().pointer(pointer)).find_map(clean)
        };
        let id = first(&pointers.id).ok_or_else(|| EndpointError::malformed("it has no account id"))?;
        let label = first(&pointers.label).unwrap_or_else(|| id.clone());
        Ok(Self { label, id })
    }

    /// Reads the claims of the ID token in a token answer. It came from the token endpoint itself over TLS, which stands
    /// for the signature (OpenID Connect Core 1.0, section 3.1.3.7, point 6); what it says of itself is checked.
    pub(super) fn from_id_token(
        answer: &Document,
        pointers: &AccountPointers,
        expected: &Expected<'_>,
    ) -> Result<Self, EndpointError> {
        let token = answer.value().pointer(ID_TOKEN_POINTER).and_then(Value::as_str);
        let token = token.ok_or_else(|| EndpointError::malformed("it has no ID token"))?;
        let claims = claims(token).ok_or_else(|| EndpointError::malformed("its ID token is malformed"))?;
        expected.check(&claims)?;
        Self::read(&claims, pointers)
    }

    /// Reads the answer to [`request`].
    pub(super) fn from_reply(reply: &Reply<'_>, pointers: &AccountPointers) -> Result<Self, EndpointError> {
        let document = reply.document();
        match reply.failure(document.as_ref(), &[]) {
            None => {}
            // What was sent is inside of the credential, so a description that repeats it could not be cleaned.
            Some(EndpointError::Refused { code, .. }) => {
                return Err(EndpointError::Refused { code, description: String::new() });
            }
            // That is a token endpoint's to say.
            Some(EndpointError::InvalidGrant { code }) => {
                return Err(EndpointError::Refused { code, description: String::new() });
            }
            Some(failure) => return Err(failure),
        }
        Self::read(&document.ok_or_else(|| EndpointError::malformed("it is not JSON"))?, pointers)
    }
}

impl Expected<'_> {
    fn check(&self, claims: &Document) -> Result<(), EndpointError> {
        let claim = |name: &str| claims.value().get(name);
        let for_us = match claim("aud") {
            Some(Value::String(audience)) => audience == self.client_id,
            Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == self.client_id),
            _ => false,
        };
        if !for_us {
            return Err(EndpointError::malformed("its ID token is for another client (`aud`)"));
        }
        if self.issuer.is_some_and(|issuer| claim("iss").and_then(Value::as_str) != Some(issuer)) {
            return Err(EndpointError::malformed("its ID token has another issuer (`iss`)"));
        }
        match claim("exp").filter(|end| end.is_number()).and_then(seconds) {
            Some(end) if Timestamp::UNIX_EPOCH + end + CLOCK_SKEW > self.now => Ok(()),
            _ => Err(EndpointError::malformed("its ID token has expired or has no `exp`")),
        }
    }
}

/// The request that asks the provider's API whose credential this is.
pub(super) fn request<'a>(
    provider: &'a Provider,
    credential: &Credential,
    values: &Values,
) -> Result<(Outgoing<'static>, &'a AccountPointers), EndpointError> {
    let AccountSource::Url { url, method, body, headers, pointers } = &provider.account else {
        return Err(EndpointError::misconfigured("the provider's entry has no account URL"));
    };
    let mut outgoing = Outgoing::new(Method::clone(method), render(url, values)?);
    outgoing.headers = headers.clone();
    outgoing.credential = Some(credential.clone());
    if let Some(body) = body {
        outgoing.body = Zeroizing::new(body.clone().into_bytes());
        outgoing.header_unless_set("content-type", "application/json");
    }
    Ok((outgoing, pointers))
}

/// The payload of a signed token in its compact form (RFC 7515, section 7.1). The signature is not looked at.
fn claims(token: &str) -> Option<Document> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    Document::parse(&payload).filter(|claims| claims.value().is_object())
}

fn clean(value: &Value) -> Option<String> {
    let mut text: String = scalar(value)?.chars().filter(|character| !character.is_control()).collect();
    text.truncate(text.floor_char_boundary(MAX_ACCOUNT_CHARS));
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{
        super::tests::{Acme, MARKER, reply},
        *,
    };

    /// Unix seconds.
    const NOW: u64 = 1_800_000_000;

    fn pointers() -> AccountPointers {
        AccountPointers { label: vec!["/email".into(), "/name".into()], id: vec!["/sub".into(), "/user/id".into()] }
    }

    fn read(answer: &Value) -> Result<(String, String), EndpointError> {
        let document = Document::parse(answer.to_string().as_bytes()).expect("is JSON");
        Account::read(&document, &pointers()).map(|account| (account.label, account.id))
    }

    fn id_token(claims: &Value) -> String {
        format!("e30.{}.s3cr3t", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    fn verify(token: &str, issuer: Option<&str>) -> Result<Account, EndpointError> {
        let answer = json!({"access_token": "s3cr3t", "id_token": token}).to_string();
        let answer = Document::parse(answer.as_bytes()).expect("is JSON");
        let expected = Expected { client_id: "our id", issuer, now: Timestamp::from_seconds(NOW) };
        Account::from_id_token(&answer, &pointers(), &expected)
    }

    #[test]
    fn the_first_pointer_that_holds_something_wins() {
        for (answer, label, id) in [
            (json!({"email": "a@b", "name": "Ann", "sub": "x"}), "a@b", "x"),
            (json!({"email": "", "name": "Ann", "sub": null, "user": {"id": 7}}), "Ann", "7"),
            (json!({"email": "\r\n ", "name": " Ann ", "sub": true, "user": {"id": -7}}), "Ann", "-7"),
            (json!({"email": ["a"], "sub": "x"}), "x", "x"),
            (
                json!({"name": "Ann\u{0}\u{9b}1m", "sub": 18_446_744_073_709_551_615_u64}),
                "Ann1m",
                "18446744073709551615",
            ),
        ] {
            assert_eq!(read(&answer).expect("is an account"), (label.into(), id.into()), "{answer}");
        }
    }

    #[test]
    fn an_account_without_an_id_is_none() {
        for answer in [json!({}), json!({"email": "s3cr3t"}), json!({"email": "s3cr3t", "sub": "\t"}), json!([])] {
            let error = read(&answer).expect_err("has no id");
            assert!(matches!(&error, EndpointError::Malformed(text) if !text.contains(MARKER)), "{error}");
        }
    }

    #[test]
    fn labels_and_ids_are_cut_between_characters() {
        let (label, id) = read(&json!({"email": format!("a{}", "\u{20ac}".repeat(200)), "sub": "x".repeat(1000)}))
            .expect("is an account");
        assert_eq!((label.len(), label.chars().last()), (256, Some('\u{20ac}')));
        assert_eq!(id, "x".repeat(256));
    }

    #[test]
    fn an_id_token_for_us_is_read() {
        let mut claims = json!({
            "iss": "https://acme.example.com", "aud": "our id", "exp": NOW + 60, "sub": "x", "email": "a@b"
        });
        let account = Account { label: "a@b".into(), id: "x".into() };
        for issuer in [None, Some("https://acme.example.com")] {
            assert_eq!(verify(&id_token(&claims), issuer), Ok(account.clone()));
        }
        claims["aud"] = json!(["another", "our id"]);
        claims["exp"] = json!(NOW as f64 - 299.5);
        assert_eq!(verify(&id_token(&claims), None), Ok(account), "within the clock's skew");
    }

    #[test]
    fn an_id_token_that_is_not_for_us_is_refused_without_being_quoted() {
        let good = json!({
            "iss": "https://acme.example.com", "aud": "our id", "exp": NOW, "sub": "x", "email": "s3cr3t"
        });
        for (claim, value) in [
            ("aud", json!("another")),
            ("aud", json!(["another"])),
            ("aud", json!("our id ")),
            ("aud", json!({"our id": 1})),
            ("aud", json!([["our id"]])),
            ("aud", json!(null)),
            ("iss", json!("https://acme.example.com/")),
            ("iss", json!("https://s3cr3t.example.com")),
            ("iss", json!(["https://acme.example.com"])),
            ("iss", json!(null)),
            ("exp", json!(NOW - 300)),
            ("exp", json!((NOW + 60).to_string())),
            ("exp", json!(-1)),
            ("exp", json!(1e300)),
            ("exp", json!(null)),
        ] {
            let mut claims = good.clone();
            claims[claim] = value;
            let error = verify(&id_token(&claims), Some("https://acme.example.com")).expect_err("is refused");
            assert!(matches!(&error, EndpointError::Malformed(text) if !text.contains(MARKER)), "{claims}: {error}");
        }
        assert!(verify(&id_token(&good), Some("https://acme.example.com")).is_ok());
    }

    #[test]
    fn what_is_no_id_token_is_refused() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"aud":"our id","exp":9999999999,"sub":"x"}"#);
        assert!(verify(&format!("e30.{claims}.x"), None).is_ok());
        for token in [
            String::new(),
            claims.clone(),
            format!("e30.{claims}"),
            format!("e30.{claims}.x.y"),
            format!("e30.{claims}=.x"),
            format!("e30.{claims}+.x"),
            format!("e30.{}.x", URL_SAFE_NO_PAD.encode("[]")),
            format!("e30.{}.x", URL_SAFE_NO_PAD.encode("s3cr3t")),
            "..".into(),
        ] {
            let error = verify(&token, None).expect_err("is refused");
            assert!(matches!(&error, EndpointError::Malformed(text) if !text.contains(MARKER)), "{token}: {error}");
        }
    }

    #[test]
    fn an_api_that_refuses_is_not_quoted() {
        let refused = |status: u16, body: &str| Account::from_reply(&reply(status, &[], body), &pointers());
        for (status, body, code) in [
            (401, r#"{"error":{"code":"invalid_api_key","message":"Wrong key: s3cr3t"}}"#, "invalid_api_key"),
            (403, "s3cr3t", "http_403"),
            (200, r#"{"ok":false,"error":"invalid_auth","sub":"x"}"#, "invalid_auth"),
            (400, r#"{"error":"invalid_grant"}"#, "invalid_grant"),
        ] {
            let error = EndpointError::Refused { code: code.into(), description: String::new() };
            assert_eq!(refused(status, body), Err(error), "{body}");
        }
        assert!(matches!(refused(503, ""), Err(EndpointError::Unavailable { .. })));
        assert!(matches!(refused(200, "<html>"), Err(EndpointError::Malformed(_))));
        assert!(matches!(refused(204, ""), Err(EndpointError::Malformed(_))));
    }

    #[test]
    fn a_provider_without_an_account_address_is_not_asked() {
        let acme = Acme::plain("");
        let credential = acme.provider.credential(&"s3cr3t".into(), &acme.values).expect("is a token");
        let refused = request(&acme.provider, &credential, &acme.values);
        assert!(matches!(refused, Err(EndpointError::Refused { .. })));
    }

    proptest! {
        #[test]
        fn no_token_panics(token in any::<String>(), payload in any::<Vec<u8>>()) {
            let _ = verify(&token, None);
            let _ = verify(&format!("e30.{}.x", URL_SAFE_NO_PAD.encode(payload)), Some("x"));
        }

        #[test]
        fn every_account_is_bounded(label in any::<String>(), id in "\\PC{0,400}") {
            if let Ok((label, id)) = read(&json!({"email": label, "sub": id})) {
                for text in [label, id] {
                    prop_assert!(!text.is_empty() && text.len() <= MAX_ACCOUNT_CHARS);
                    prop_assert!(!text.chars().any(char::is_control));
                }
            }
        }
    }
}
