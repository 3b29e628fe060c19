//! Talks to a provider's own endpoints: tokens for a code or a refresh token, revocation, and whose account it is.
//!
//! One request, one answer, to the one origin that the provider's entry names: nothing here retries, follows a redirect,
//! keeps a token or decides when one is needed. What was sent and what was answered never reaches a log or an error; see
//! [`EndpointError`] for what does.

mod account;
mod answer;
mod error;
mod reply;
mod revoke;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, mem, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};
use workway_capability::fetch::{Credential, EgressPolicy, FetchClient, FetchLimits, FetchRequest};
use workway_model::{HostPattern, Timestamp};
use workway_providers::{ClientAuthentication, OAuthMethod, Provider, Template, TokenRequest, Values};
use zeroize::Zeroizing;

pub use account::Account;
pub use answer::TokenAnswer;
pub use error::EndpointError;

use super::sealing::TokenSet;
use crate::ClientCredentials;
use answer::Occasion;
use reply::Reply;

/// What one request may take, from name resolution to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const MAX_ANSWER_BYTES: u64 = 256 * 1024;

/// Whom we talk to, and as whom.
#[derive(Clone, Copy)]
pub struct Party<'a> {
    pub provider: &'a Provider,
    /// The provider's own.
    pub oauth: &'a OAuthMethod,
    /// The operator's registration with the provider.
    pub client: &'a ClientCredentials,
    /// What the connection's variables stand for.
    pub values: &'a Values,
}

/// The way to every provider's endpoints. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    client: FetchClient,
}

impl TokenEndpoint {
    pub fn new(client: FetchClient) -> Self {
        Self { client }
    }

    /// Tokens for an authorization code (RFC 6749, section 4.1.3, and RFC 7636, section 4.5). `redirect_uri` is the one
    /// of the authorization request.
    ///
    /// # Errors
    /// Any [`EndpointError`]; [`EndpointError::InvalidGrant`] says that the code was used or is too old.
    pub async fn exchange(
        &self,
        party: Party<'_>,
        code: &SecretString,
        verifier: Option<&SecretString>,
        redirect_uri: &Url,
    ) -> Result<TokenAnswer, EndpointError> {
        let reply = self.send(exchange_request(party, code, verifier, redirect_uri)?).await?;
        answer::parse(&reply, party, Occasion::Exchange, Timestamp::now())
    }

    /// Tokens for a refresh token (RFC 6749, section 6). Where the answer holds no refresh token, the old one stays.
    ///
    /// # Errors
    /// Any [`EndpointError`]; after [`EndpointError::InvalidGrant`] the user has to connect again.
    pub async fn refresh(&self, party: Party<'_>, refresh_token: &SecretString) -> Result<TokenAnswer, EndpointError> {
        let reply = self.send(refresh_request(party, refresh_token)?).await?;
        answer::parse(&reply, party, Occasion::Refresh, Timestamp::now())
    }

    /// Takes the grant back. For providers whose entry has a revocation.
    ///
    /// # Errors
    /// Any [`EndpointError`] but [`EndpointError::InvalidGrant`]: what is gone already counts as revoked.
    pub async fn revoke(&self, party: Party<'_>, tokens: &TokenSet) -> Result<(), EndpointError> {
        let reply = self.send(revoke::request(party, tokens)?).await?;
        revoke::outcome(&reply, party)
    }

    /// Asks the provider's API whose credential this is. For providers whose account comes from a URL.
    ///
    /// # Errors
    /// Any [`EndpointError`] but [`EndpointError::InvalidGrant`]. A credential that the API does not take is
    /// [`EndpointError::Refused`].
    pub async fn account(
        &self,
        provider: &Provider,
        credential: &Credential,
        values: &Values,
    ) -> Result<Account, EndpointError> {
        let (request, pointers) = account::request(provider, credential, values)?;
        Account::from_reply(&self.send(request).await?, pointers)
    }

    async fn send<'a>(&self, mut outgoing: Outgoing<'a>) -> Result<Reply<'a>, EndpointError> {
        outgoing.header_unless_set("accept", "application/json");
        let Outgoing { method, url, headers, mut body, credential, secrets } = outgoing;
        // Its own credentials on a request are what this is for, hence the permission.
        let policy = EgressPolicy::new([origin(&url)?], true);
        let body = Some(mem::take(&mut *body));
        let request = FetchRequest::parse(method.as_str(), url.as_str(), &headers, body, None)?;
        let response = self.client.send(&policy, &limits(), request, credential.as_ref()).await?;
        Ok(Reply::new(response.status, &response.headers, response.body, secrets))
    }
}

/// A request's parameters by name. Borrowed, so that no copy of a secret is left behind.
type Parameters<'a> = BTreeMap<&'a str, &'a str>;

/// A request on its way out. Without a `Debug`: nearly all of it is secret.
struct Outgoing<'a> {
    method: Method,
    url: Url,
    headers: Vec<(String, String)>,
    body: Zeroizing<Vec<u8>>,
    credential: Option<Credential>,
    /// What is in there somewhere, and must not come back in an error.
    secrets: Vec<&'a SecretString>,
}

impl<'a> Outgoing<'a> {
    fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), body: Zeroizing::default(), credential: None, secrets: Vec::new() }
    }

    fn header_unless_set(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Says who we are, as the provider's entry wants it (RFC 6749, section 2.3.1).
    fn authenticate(&mut self, party: Party<'a>, parameters: &mut Parameters<'a>) -> Result<(), EndpointError> {
        match party.oauth.client_authentication {
            ClientAuthentication::Basic => self.authenticate_basic(party.client)?,
            ClientAuthentication::Body => {
                parameters.insert("client_id", &party.client.id);
                if let Some(secret) = &party.client.secret {
                    parameters.insert("client_secret", secret.expose_secret());
                    self.secrets.push(secret);
                }
            }
        }
        Ok(())
    }

    /// Id and secret are form-encoded before they are joined, so that a colon in one of them is none between them.
    fn authenticate_basic(&mut self, client: &'a ClientCredentials) -> Result<(), EndpointError> {
        let secret = client.secret.as_ref().map_or("", |secret| secret.expose_secret());
        // Room for all of it, escaped: a text that grew would leave copies behind.
        let mut pair = Zeroizing::new(String::with_capacity(3 * (client.id.len() + secret.len()) + 1));
        pair.extend(form_urlencoded::byte_serialize(client.id.as_bytes()));
        pair.push(':');
        pair.extend(form_urlencoded::byte_serialize(secret.as_bytes()));
        let mut value = String::with_capacity("Basic ".len() + pair.len().div_ceil(3) * 4);
        value.push_str("Basic ");
        STANDARD.encode_string(pair.as_bytes(), &mut value);
        self.credential = Some(Credential::header(AUTHORIZATION, value.into(), vec![origin(&self.url)?])?);
        self.secrets.extend(&client.secret);
        Ok(())
    }

    fn encode(&mut self, parameters: &Parameters<'_>, encoding: &TokenRequest) {
        let room: usize = parameters.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
        match encoding {
            TokenRequest::Form => {
                let mut text = Zeroizing::new(String::with_capacity(3 * room));
                form_urlencoded::Serializer::new(&mut *text).extend_pairs(parameters);
                self.body = Zeroizing::new(mem::take(&mut *text).into_bytes());
                self.header_unless_set("content-type", "application/x-www-form-urlencoded");
            }
            TokenRequest::Json => {
                let mut bytes = Zeroizing::new(Vec::with_capacity(6 * room + 2));
                serde_json::to_writer(&mut *bytes, parameters).expect("texts by name are JSON, and a Vec takes it");
                self.body = bytes;
                self.header_unless_set("content-type", "application/json");
            }
        }
    }
}

fn exchange_request<'a>(
    party: Party<'a>,
    code: &'a SecretString,
    verifier: Option<&'a SecretString>,
    redirect_uri: &'a Url,
) -> Result<Outgoing<'a>, EndpointError> {
    let mut parameters = Parameters::from([
        ("grant_type", "authorization_code"),
        ("code", code.expose_secret()),
        ("redirect_uri", redirect_uri.as_str()),
    ]);
    parameters.extend(verifier.map(|verifier| ("code_verifier", verifier.expose_secret())));
    let secrets = [Some(code), verifier].into_iter().flatten().collect();
    token_request(party, &party.oauth.token_url, parameters, secrets)
}

fn refresh_request<'a>(party: Party<'a>, refresh_token: &'a SecretString) -> Result<Outgoing<'a>, EndpointError> {
    let parameters =
        Parameters::from([("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())]);
    let url = party.oauth.refresh_url.as_ref().unwrap_or(&party.oauth.token_url);
    token_request(party, url, parameters, vec![refresh_token])
}

fn token_request<'a>(
    party: Party<'a>,
    url: &Template,
    own: Parameters<'a>,
    secrets: Vec<&'a SecretString>,
) -> Result<Outgoing<'a>, EndpointError> {
    let mut outgoing = Outgoing::new(Method::POST, render(url, party.values)?);
    outgoing.secrets = secrets;
    let extra = party.oauth.token_parameters.iter();
    let mut parameters: Parameters<'a> = extra.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // After the entry's, which are further ones and never other ones.
    parameters.extend(own);
    outgoing.authenticate(party, &mut parameters)?;
    outgoing.encode(&parameters, &party.oauth.token_request);
    Ok(outgoing)
}

fn render(url: &Template, values: &Values) -> Result<Url, EndpointError> {
    url.render_url(values).map_err(EndpointError::misconfigured)
}

/// The one origin that a request to `url` may reach. TLS stands for much here: who answers, and who signed an ID token.
fn origin(url: &Url) -> Result<HostPattern, EndpointError> {
    if url.scheme() != "https" {
        return Err(EndpointError::misconfigured(format!(
            "a provider's endpoint must be an https URL (got {}://)",
            url.scheme()
        )));
    }
    url.origin().ascii_serialization().parse().map_err(EndpointError::misconfigured)
}

fn limits() -> FetchLimits {
    FetchLimits {
        max_body_bytes: MAX_ANSWER_BYTES,
        max_redirects: 0,
        default_timeout: TIMEOUT,
        max_timeout: TIMEOUT,
        ..FetchLimits::default()
    }
}
