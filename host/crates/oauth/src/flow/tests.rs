//! Whole flows, with a provider and accounts that are played. What the parts do is tested beside them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use workway_capability::fetch::Credential;
use workway_model::{ProviderId, UserId};

use super::{
    AuthorizationFlow, AuthorizeRequest, Begun, Callback, Digest32, FLOW_LIFETIME, Finished, FlowError, FlowFailure,
    PendingAuthorization, PendingAuthorizations, Session, State,
    outside::{Accounts, Endpoint},
    state,
};
use crate::{
    ClientCredentials, ConnectionError, ConnectionSummary, NewConnection, OAuthSettings, SealedError, TokenSet,
    catalogue::{Catalogue, Provider, Values},
    endpoint::{Account, EndpointError, Party, TokenAnswer},
    tasks::Tasks,
    unix_now,
};

/// One provider for each thing that an entry may say about its flow.
const PROVIDERS: &str = r#"
[strict]
name = "Strict"
type = "oauth2"
documentation = "https://strict.example/oauth"
hosts = ["api.strict.example"]
authorization_url = "https://auth.strict.example/authorize"
token_url = "https://auth.strict.example/token"
issuer = "https://issuer.example"
sends_issuer = true
revocation = { url = "https://auth.strict.example/revoke", style = "rfc7009" }
default_scopes = ["always"]
scope_aliases = { email = "https://scopes.example/email" }
pkce = true
authorization_parameters = { prompt = "consent" }
refresh = "rotates"
account = { from = "url", url = "https://api.strict.example/me", label = ["/email"], id = ["/id"] }

[plain]
name = "Plain"
type = "oauth2"
documentation = "https://plain.example/oauth"
hosts = ["api.plain.example"]
authorization_url = "https://auth.plain.example/authorize"
token_url = "https://auth.plain.example/token"
default_scopes = []
pkce = false
refresh = "none"
account = { from = "none" }

[commas]
name = "Commas"
type = "oauth2"
documentation = "https://commas.example/oauth"
hosts = ["api.commas.example"]
authorization_url = "https://auth.commas.example/authorize?tenant=a+b"
token_url = "https://auth.commas.example/token"
scope_parameter = "user_scope"
scope_separator = ","
default_scopes = []
pkce = false
refresh = "none"
account = { from = "token", label = ["/team"], id = ["/id"] }

[shops]
name = "Shops"
type = "oauth2"
documentation = "https://shops.example/oauth"
hosts = ["{shop}.shops.example"]
authorization_url = "https://{shop}.shops.example/authorize"
token_url = "https://{shop}.shops.example/token"
issuer = "https://{shop}.shops.example"
default_scopes = []
pkce = true
refresh = "keeps"
account = { from = "token", label = ["/name"], id = ["/id"] }
[shops.variables.shop]
from = "user"
pattern = "[a-z]+"
description = "The shop's name"
example = "good"

[books]
name = "Books"
type = "oauth2"
documentation = "https://books.example/oauth"
hosts = ["{realm}.books.example"]
authorization_url = "https://auth.books.example/authorize"
token_url = "https://auth.books.example/token"
default_scopes = []
pkce = false
refresh = "keeps"
account = { from = "none" }
[books.variables.realm]
from = "callback"
parameter = "realmId"
pattern = "[0-9]+"
description = "The company"

[keys]
name = "Keys"
type = "api-key"
documentation = "https://keys.example/api"
hosts = ["api.keys.example"]
placement = { header = "x-api-key", value = "{token}" }

[lonely]
name = "Lonely"
type = "oauth2"
documentation = "https://lonely.example/oauth"
hosts = ["api.lonely.example"]
authorization_url = "https://auth.lonely.example/authorize"
token_url = "https://auth.lonely.example/token"
default_scopes = []
pkce = false
refresh = "none"
account = { from = "none" }
"#;

const PUBLIC_URL: &str = "https://workway.example.com";

fn catalogue() -> Catalogue {
    Catalogue::new(Some(PROVIDERS), &Default::default()).unwrap()
}

pub(crate) fn entry(id: &str) -> Arc<Provider> {
    catalogue().get(&id.parse().unwrap()).unwrap().clone()
}

#[derive(Default)]
struct Memory(Mutex<Vec<PendingAuthorization>>);

#[async_trait]
impl PendingAuthorizations for Memory {
    async fn add(&self, pending: PendingAuthorization) -> Result<(), SealedError> {
        self.0.lock().unwrap().push(pending);
        Ok(())
    }

    async fn take(
        &self,
        state: &Digest32,
        session: &Digest32,
        provider: &ProviderId,
    ) -> Result<Option<PendingAuthorization>, SealedError> {
        let mut all = self.0.lock().unwrap();
        let fits = |one: &PendingAuthorization| (&one.state, &one.session, &one.provider) == (state, session, provider);
        Ok(all.iter().position(fits).map(|place| all.remove(place)))
    }
}

/// The provider and the accounts, and what was asked of them, in order.
struct Outside {
    exchanged: Mutex<Result<TokenAnswer, EndpointError>>,
    account: Result<Account, EndpointError>,
    connected: Option<ConnectionSummary>,
    seen: Mutex<Vec<String>>,
}

impl Outside {
    fn new() -> Self {
        let answer =
            TokenAnswer { tokens: tokens(), lifetime: None, scopes: None, account: None, values: Values::new() };
        let account = Account { label: "ann@example.com".into(), id: "7".into() };
        Self { exchanged: Mutex::new(Ok(answer)), account: Ok(account), connected: None, seen: Mutex::default() }
    }

    fn saw(&self, what: impl Into<String>) {
        self.seen.lock().unwrap().push(what.into());
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

#[async_trait]
impl Endpoint for Outside {
    async fn exchange(
        &self,
        party: Party<'_>,
        code: &SecretString,
        verifier: Option<&SecretString>,
        redirect_uri: &Url,
    ) -> Result<TokenAnswer, EndpointError> {
        let challenge = verifier.map(state::challenge).unwrap_or_default();
        self.saw(format!("exchange {} {} {challenge} {redirect_uri}", party.client.id, code.expose_secret()));
        let none = Err(EndpointError::InvalidGrant { code: "used".into() });
        std::mem::replace(&mut *self.exchanged.lock().unwrap(), none)
    }

    async fn account(&self, _: &Provider, _: &Credential, _: &Values) -> Result<Account, EndpointError> {
        self.saw("account");
        self.account.clone()
    }

    async fn revoke(&self, _: Party<'_>, tokens: &TokenSet) -> Result<(), EndpointError> {
        self.saw(format!("revoke {}", tokens.access_token.expose_secret()));
        Ok(())
    }
}

#[async_trait]
impl Accounts for Outside {
    async fn get(&self, _: &UserId, id: &str) -> Result<Option<ConnectionSummary>, ConnectionError> {
        Ok(self.connected.clone().filter(|connected| connected.id == id))
    }

    async fn default_of(&self, _: &UserId, id: &ProviderId) -> Result<Option<ConnectionSummary>, ConnectionError> {
        Ok(self.connected.clone().filter(|connected| connected.provider == *id))
    }

    async fn save(
        &self,
        user: &UserId,
        provider: &ProviderId,
        new: NewConnection,
    ) -> Result<ConnectionSummary, ConnectionError> {
        let token = new.tokens.access_token.expose_secret().to_owned();
        self.saw(format!("save {user} {token}"));
        let (scopes, values) = (new.scopes, new.values);
        Ok(ConnectionSummary { account: new.account, scopes, values, ..connected("new", provider.as_str()) })
    }
}

fn tokens() -> TokenSet {
    TokenSet { access_token: "s3cr3t-token".into(), refresh_token: None }
}

fn connected(id: &str, provider: &str) -> ConnectionSummary {
    ConnectionSummary {
        id: id.into(),
        provider: provider.parse().unwrap(),
        account: Account { label: "old".into(), id: "old".into() },
        scopes: Some(["kept".to_owned()].into()),
        values: Values::new(),
        is_default: true,
        reconnect: None,
        expires_at: None,
        renew_at: None,
        version: 1,
    }
}

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

struct Stage {
    flow: AuthorizationFlow,
    outside: Arc<Outside>,
    pending: Arc<Memory>,
    session: Session,
}

impl Stage {
    fn new(outside: Outside) -> Self {
        let clients = ["strict", "plain", "commas", "shops", "books", "keys"].map(|id| {
            (id.parse().unwrap(), ClientCredentials { id: format!("client-of-{id}"), secret: Some("s3cr3t".into()) })
        });
        let return_origins = vec![Url::parse("https://app.example.com").unwrap()];
        let settings = OAuthSettings { clients: clients.into(), return_origins, ..OAuthSettings::default() };
        let (outside, pending) = (Arc::new(outside), Arc::new(Memory::default()));
        let flow = AuthorizationFlow::with(
            catalogue(),
            Arc::new(settings),
            outside.clone(),
            outside.clone(),
            pending.clone(),
            Tasks::default(),
        );
        Self { flow, outside, pending, session: Session::generate().unwrap() }
    }

    async fn begin(&self, provider: &str, request: AuthorizeRequest) -> Result<Begun, FlowError> {
        let public_url = Url::parse(PUBLIC_URL).unwrap();
        self.flow.begin(&user("ann"), &provider.parse().unwrap(), request, &self.session, &public_url).await
    }

    /// Begins a flow and answers its state.
    async fn state(&self, provider: &str, request: AuthorizeRequest) -> String {
        parameter(&self.begin(provider, request).await.unwrap().url, "state").unwrap()
    }

    async fn finish(&self, provider: &str, callback: Callback) -> Result<Finished, Box<FlowFailure>> {
        self.flow.finish(&provider.parse().unwrap(), callback, Some(&self.session), None).await
    }
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

fn answer(state: &str) -> Callback {
    Callback { state: Some(state.into()), code: Some("s3cr3t-code".into()), ..Callback::default() }
}

fn of_strict(state: &str) -> Callback {
    Callback { issuer: Some("https://issuer.example".into()), ..answer(state) }
}

fn shop(name: &str) -> AuthorizeRequest {
    AuthorizeRequest { values: Values::from([("shop".into(), name.into())]), ..AuthorizeRequest::default() }
}

fn error<T>(result: Result<T, Box<FlowFailure>>) -> FlowError {
    result.err().expect("the flow fails").error
}

#[tokio::test]
async fn a_flow_ends_in_a_connection_of_the_user_who_began_it() {
    let stage = Stage::new(Outside::new());
    let request = AuthorizeRequest {
        scopes: ["read".to_owned()].into(),
        return_to: Some("/done".into()),
        ..AuthorizeRequest::default()
    };
    let begun = stage.begin("strict", request).await.unwrap();
    let state = parameter(&begun.url, "state").unwrap();
    let challenge = parameter(&begun.url, "code_challenge").unwrap();
    assert!(begun.expires_at.abs_diff(unix_now() + FLOW_LIFETIME.as_secs()) <= 5);
    assert_eq!(parameter(&begun.url, "scope").as_deref(), Some("always read"));
    assert!(!format!("{begun:?}").contains(&state));

    let finished = stage.finish("strict", of_strict(&state)).await.unwrap();
    assert_eq!(finished.return_to.as_ref().map(Url::as_str), Some("https://workway.example.com/done"));
    assert_eq!(finished.connection.account.label, "ann@example.com");
    let scopes = ["always", "read"].map(String::from).into();
    assert_eq!(finished.connection.scopes, Some(scopes), "an answer without scopes grants what was asked for");
    let exchange =
        format!("exchange client-of-strict s3cr3t-code {challenge} https://workway.example.com/oauth/strict/callback");
    assert_eq!(stage.outside.seen(), [&exchange, "account", "save ann s3cr3t-token"]);
}

#[tokio::test]
async fn what_waits_holds_neither_state_nor_session() {
    let stage = Stage::new(Outside::new());
    let state = stage.state("strict", AuthorizeRequest::default()).await;
    let waiting = format!("{:?}", stage.pending.0.lock().unwrap());
    assert!(!waiting.contains(&state) && !waiting.contains(stage.session.expose()), "{waiting}");
    assert_eq!(stage.pending.0.lock().unwrap()[0].state, State::parse(&state).unwrap().digest());
}

#[tokio::test]
async fn an_answer_counts_once() {
    let stage = Stage::new(Outside::new());
    let state = stage.state("plain", AuthorizeRequest::default()).await;
    assert!(stage.finish("plain", answer(&state)).await.is_ok());
    stage.outside.seen();
    assert_eq!(error(stage.finish("plain", answer(&state)).await), FlowError::InvalidState);
    assert_eq!(stage.outside.seen(), [""; 0]);
}

#[tokio::test]
async fn an_answer_counts_in_its_browser_at_its_provider_and_for_its_user() {
    let stage = Stage::new(Outside::new());
    let request = || AuthorizeRequest { return_to: Some("/done".into()), ..AuthorizeRequest::default() };
    let state = stage.state("plain", request()).await;
    let plain: ProviderId = "plain".parse().unwrap();
    let other = Session::generate().unwrap();
    for session in [None, Some(&other)] {
        let failure = stage.flow.finish(&plain, answer(&state), session, None).await.unwrap_err();
        assert_eq!((failure.error, failure.return_to), (FlowError::InvalidState, None));
    }
    assert_eq!(error(stage.finish("strict", of_strict(&state)).await), FlowError::InvalidState);
    for wrong in [None, Some(""), Some("short"), Some(other.expose())] {
        let callback = Callback { state: wrong.map(str::to_owned), ..answer(&state) };
        assert_eq!(error(stage.finish("plain", callback).await), FlowError::InvalidState);
    }
    assert_eq!(stage.outside.seen(), [""; 0], "nobody was asked");
    let own = stage.flow.finish(&plain, answer(&state), Some(&stage.session), Some(&user("ann"))).await;
    assert!(own.is_ok(), "who guesses ends nobody's flow");

    let state = stage.state("plain", request()).await;
    let bob = stage.flow.finish(&plain, answer(&state), Some(&stage.session), Some(&user("bob"))).await;
    assert_eq!(error(bob), FlowError::InvalidState);
}

#[tokio::test]
async fn a_late_answer_is_told_so() {
    let stage = Stage::new(Outside::new());
    let request = AuthorizeRequest { return_to: Some("/done".into()), ..AuthorizeRequest::default() };
    let state = stage.state("plain", request).await;
    stage.pending.0.lock().unwrap()[0].expires_at = unix_now();
    let failure = stage.finish("plain", answer(&state)).await.unwrap_err();
    assert_eq!(failure.error, FlowError::StateExpired);
    assert!(failure.return_to.is_some());
    assert_eq!(stage.outside.seen(), [""; 0]);
}

#[tokio::test]
async fn nothing_of_an_answer_is_believed_before_its_issuer_is() {
    let stage = Stage::new(Outside::new());
    for issuer in [None, Some("https://evil.example".to_owned())] {
        for denied in [None, Some("access_denied".to_owned())] {
            let state = stage.state("strict", AuthorizeRequest::default()).await;
            let callback = Callback { issuer: issuer.clone(), error: denied, ..answer(&state) };
            let error = error(stage.finish("strict", callback).await);
            assert!(matches!(error, FlowError::IssuerMismatch(_)), "{error:?}");
        }
    }
    assert_eq!(stage.outside.seen(), [""; 0]);
    let state = stage.state("strict", AuthorizeRequest::default()).await;
    let callback = Callback { error: Some("access_denied".into()), ..of_strict(&state) };
    assert_eq!(error(stage.finish("strict", callback).await).code(), "access-denied");
    assert_eq!(stage.outside.seen(), [""; 0]);
}

#[tokio::test]
async fn tokens_of_nobody_are_revoked() {
    let reason = EndpointError::Malformed("no id".into());
    let stage = Stage::new(Outside { account: Err(reason), ..Outside::new() });
    let state = stage.state("strict", AuthorizeRequest::default()).await;
    let error = error(stage.finish("strict", of_strict(&state)).await);
    assert!(matches!(&error, FlowError::AccountUnknown(text) if text.contains("no id")), "{error:?}");
    assert_eq!(stage.outside.seen()[1..], ["account", "revoke s3cr3t-token"]);

    let account = Err(EndpointError::Malformed("no id".into()));
    let stage = Stage::new(Outside { account, connected: Some(connected("c1", "strict")), ..Outside::new() });
    let state = stage.state("strict", AuthorizeRequest::default()).await;
    assert!(stage.finish("strict", of_strict(&state)).await.is_err());
    assert_eq!(stage.outside.seen()[1..], ["account"], "the connection that is there may be of the same grant");

    let stage = Stage::new(Outside::new());
    let state = stage.state("commas", AuthorizeRequest::default()).await;
    assert_eq!(self::error(stage.finish("commas", answer(&state)).await).code(), "account-unknown");
    assert_eq!(stage.outside.seen().len(), 1, "this one has no revocation");
}

#[tokio::test]
async fn a_provider_s_refusal_of_the_code_connects_nothing() {
    let outside = Outside::new();
    *outside.exchanged.lock().unwrap() =
        Err(EndpointError::Unavailable { reason: "timed out".into(), retry_after: None });
    let stage = Stage::new(outside);
    for code in ["provider-unavailable", "code-refused"] {
        let state = stage.state("plain", AuthorizeRequest::default()).await;
        assert_eq!(error(stage.finish("plain", answer(&state)).await).code(), code);
        assert_eq!(stage.outside.seen().len(), 1);
    }
}

#[tokio::test]
async fn variables_come_from_user_answer_and_token() {
    let outside = Outside::new();
    if let Ok(answer) = &mut *outside.exchanged.lock().unwrap() {
        answer.values = Values::from([("told".into(), "x".into())]);
        answer.scopes = Some(["granted".to_owned()].into());
    }
    let stage = Stage::new(outside);
    let state = stage.state("books", AuthorizeRequest::default()).await;
    let parameters = Values::from([("realmId".into(), "9".into())]);
    let finished = stage.finish("books", Callback { parameters, ..answer(&state) }).await.unwrap();
    let expected = [("realm", "9"), ("told", "x")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(finished.connection.values, Values::from(expected));
    assert_eq!(finished.connection.scopes, Some(["granted".to_owned()].into()));
    let account = Account { label: "Books".into(), id: "Books;realm=9".into() };
    assert_eq!(finished.connection.account, account, "another company would take its place");

    let state = stage.state("books", AuthorizeRequest::default()).await;
    stage.outside.seen();
    assert_eq!(error(stage.finish("books", answer(&state)).await).code(), "invalid-callback");
    assert_eq!(stage.outside.seen(), [""; 0], "the code was used although the answer was of no use");
}

#[tokio::test]
async fn what_cannot_be_begun_says_why() {
    let stage = Stage::new(Outside::new());
    for (provider, request, code) in [
        ("nobody", AuthorizeRequest::default(), "provider-not-found"),
        ("keys", AuthorizeRequest::default(), "api-key-provider"),
        ("lonely", AuthorizeRequest::default(), "provider-not-configured"),
        ("shops", AuthorizeRequest::default(), "invalid-variables"),
        ("shops", shop("evil.example/"), "invalid-variables"),
        ("plain", shop("good"), "invalid-variables"),
        (
            "plain",
            AuthorizeRequest { scopes: ["a b".to_owned()].into(), ..AuthorizeRequest::default() },
            "invalid-scopes",
        ),
        (
            "plain",
            AuthorizeRequest { return_to: Some("//evil.example".into()), ..AuthorizeRequest::default() },
            "return-to-not-allowed",
        ),
        (
            "plain",
            AuthorizeRequest { connection: Some("nobody".into()), ..AuthorizeRequest::default() },
            "connection-not-found",
        ),
    ] {
        let error = stage.begin(provider, request).await.unwrap_err();
        assert_eq!(error.code(), code, "{provider}: {error}");
    }
    assert!(stage.pending.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_extended_connection_keeps_its_scopes_and_if_named_its_variables() {
    let values = Values::from([("shop".into(), "good".into()), ("gone".into(), "x".into())]);
    let shops = ConnectionSummary { values, ..connected("c1", "shops") };
    let stage = Stage::new(Outside { connected: Some(shops), ..Outside::new() });
    let begun = stage.begin("shops", shop("other")).await.unwrap();
    assert_eq!(begun.url.host_str(), Some("other.shops.example"));
    assert_eq!(parameter(&begun.url, "scope").as_deref(), Some("kept"));
    let missing = stage.begin("shops", AuthorizeRequest::default()).await.unwrap_err();
    assert_eq!(missing.code(), "invalid-variables", "the default account may not be the one that is meant");
    let named = AuthorizeRequest { connection: Some("c1".into()), ..AuthorizeRequest::default() };
    let begun = stage.begin("shops", named.clone()).await.unwrap();
    assert_eq!(begun.url.host_str(), Some("good.shops.example"));
    let elsewhere = stage.begin("plain", named).await.unwrap_err();
    assert_eq!(elsewhere, FlowError::UnknownConnection, "it is another provider's");
}
