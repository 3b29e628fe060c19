//! Revokes a grant at its provider (RFC 7009, or the provider's own way). Best effort: the caller has already deleted
//! the tokens, so nothing here retries.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use workway_providers::{CLIENT_ID, RevocationStyle, TokenRequest};

use super::{
    Outgoing, Parameters, Party,
    error::{EndpointError, printable},
    render,
    reply::Reply,
};
use crate::{foreign_text::MAX_DESCRIPTION_CHARS, sealing::TokenSet};

/// What providers answer for a token that is dead already.
const DEAD_TOKEN_CODE: &str = "invalid_token";

/// The request that revokes `tokens`.
pub(super) fn request<'a>(party: Party<'a>, tokens: &'a TokenSet) -> Result<Outgoing<'a>, EndpointError> {
    let Some(revocation) = &party.oauth.revocation else {
        return Err(EndpointError::misconfigured("the provider's entry has no revocation"));
    };
    let mut values = party.values.clone();
    values.insert(CLIENT_ID.to_owned(), party.client.id.clone());
    let mut outgoing = Outgoing::new(Method::POST, render(&revocation.url, &values)?);
    outgoing.secrets = [Some(&tokens.access_token), tokens.refresh_token.as_ref()].into_iter().flatten().collect();
    match &revocation.style {
        RevocationStyle::Rfc7009 => {
            let mut parameters = Parameters::from([("token", longest_lived(tokens).expose_secret())]);
            outgoing.authenticate(party, &mut parameters)?;
            outgoing.encode(&parameters, &TokenRequest::Form);
        }
        RevocationStyle::TokenPost => {
            let parameters = Parameters::from([("token", longest_lived(tokens).expose_secret())]);
            outgoing.encode(&parameters, &TokenRequest::Form);
        }
        RevocationStyle::BearerPost => outgoing.bear(party, tokens)?,
        RevocationStyle::BearerGet => {
            outgoing.method = Method::GET;
            outgoing.bear(party, tokens)?;
        }
        RevocationStyle::BearerDelete => {
            outgoing.method = Method::DELETE;
            outgoing.bear(party, tokens)?;
        }
        RevocationStyle::Github => {
            outgoing.method = Method::DELETE;
            outgoing.authenticate_basic(party.client)?;
            let parameters = Parameters::from([("access_token", tokens.access_token.expose_secret())]);
            outgoing.encode(&parameters, &TokenRequest::Json);
        }
    }
    Ok(outgoing)
}

/// Whether the tokens are of no more use. A provider that does not know them any more has nothing left to revoke.
pub(super) fn outcome(reply: &Reply<'_>, party: Party<'_>) -> Result<(), EndpointError> {
    match reply.failure(reply.document().as_ref(), &party.oauth.invalid_grant) {
        None | Some(EndpointError::InvalidGrant { .. }) => Ok(()),
        Some(EndpointError::Refused { code, .. }) if code == DEAD_TOKEN_CODE => Ok(()),
        Some(failure) => Err(failure),
    }
}

/// With the refresh token its access tokens go too (RFC 7009, section 2.1).
fn longest_lived(tokens: &TokenSet) -> &SecretString {
    tokens.refresh_token.as_ref().unwrap_or(&tokens.access_token)
}

impl Outgoing<'_> {
    /// Carries the access token as the provider's API takes it, to the API's hosts alone.
    fn bear(&mut self, party: Party<'_>, tokens: &TokenSet) -> Result<(), EndpointError> {
        let credential = party.provider.credential(&tokens.access_token, party.values);
        self.credential = Some(credential.map_err(|error| {
            EndpointError::misconfigured(printable(&error.to_string(), MAX_DESCRIPTION_CHARS, &self.secrets))
        })?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{Acme, body, reply, tokens},
        *,
    };

    fn acme(style: &str) -> Acme {
        Acme::plain(&format!(
            "revocation = {{ url = \"https://api.acme.example.com/revoke\", style = \"{style}\" }}\n\
             token_request = \"json\"\ninvalid_grant = [\"token_revoked\"]"
        ))
    }

    #[test]
    fn the_token_that_lives_longest_is_revoked_in_a_form() {
        for (style, refresh_token, expected) in [
            ("rfc7009", Some("s3cr3t+r"), "client_id=our+id&client_secret=s3cr3t%3Aof+us&token=s3cr3t%2Br"),
            ("rfc7009", None, "client_id=our+id&client_secret=s3cr3t%3Aof+us&token=s3cr3t-access"),
            ("token-post", Some("s3cr3t+r"), "token=s3cr3t%2Br"),
            ("token-post", None, "token=s3cr3t-access"),
        ] {
            let (acme, tokens) = (acme(style), tokens(refresh_token));
            let outgoing = request(acme.party(), &tokens).expect("is a request");
            assert_eq!((outgoing.method.as_str(), body(&outgoing).as_str()), ("POST", expected), "{style}");
            assert!(outgoing.credential.is_none());
        }
    }

    #[test]
    fn a_bearer_request_has_no_body() {
        for (style, method) in [("bearer-post", "POST"), ("bearer-get", "GET"), ("bearer-delete", "DELETE")] {
            let (acme, tokens) = (acme(style), tokens(Some("s3cr3t-refresh")));
            let outgoing = request(acme.party(), &tokens).expect("is a request");
            assert_eq!((outgoing.method.as_str(), body(&outgoing).as_str()), (method, ""));
            assert!(outgoing.credential.is_some() && outgoing.headers.is_empty());
        }
    }

    #[test]
    fn the_address_may_hold_the_client_id() {
        let mut acme = Acme::plain(
            "revocation = { url = \"https://api.acme.example.com/applications/{client_id}/token\", style = \"github\" }",
        );
        acme.client.id = "Iv1.0123".into();
        let tokens = tokens(None);
        let outgoing = request(acme.party(), &tokens).expect("is a request");
        assert_eq!(outgoing.url.path(), "/applications/Iv1.0123/token");
        assert_eq!(
            (outgoing.method.as_str(), body(&outgoing).as_str()),
            ("DELETE", r#"{"access_token":"s3cr3t-access"}"#)
        );
        assert!(outgoing.credential.is_some());
    }

    #[test]
    fn a_provider_without_a_revocation_is_not_asked() {
        let (acme, tokens) = (Acme::plain(""), tokens(None));
        assert!(matches!(request(acme.party(), &tokens), Err(EndpointError::Refused { .. })));
    }

    #[test]
    fn a_token_that_is_gone_counts_as_revoked() {
        let acme = acme("rfc7009");
        let outcome = |status: u16, body: &str| outcome(&reply(status, &[], body), acme.party());
        for (status, body) in [
            (200, ""),
            (204, ""),
            (200, "OK"),
            (200, r#"{"ok":true,"revoked":true}"#),
            (400, r#"{"error":"invalid_grant"}"#),
            (400, r#"{"error":"invalid_token"}"#),
            (200, r#"{"ok":false,"error":"token_revoked"}"#),
        ] {
            assert_eq!(outcome(status, body), Ok(()), "{status} {body}");
        }
        assert!(matches!(outcome(200, r#"{"ok":false,"error":"fatal"}"#), Err(EndpointError::Refused { .. })));
        assert!(matches!(outcome(401, ""), Err(EndpointError::Refused { code, .. }) if code == "http_401"));
        assert!(matches!(outcome(503, "x"), Err(EndpointError::Unavailable { .. })));
        assert!(matches!(outcome(302, ""), Err(EndpointError::Malformed(_))));
    }
}
