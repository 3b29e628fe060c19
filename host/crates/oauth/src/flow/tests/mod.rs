//! Whole flows, with the real parts of this module: only the provider behind the transport and the database are fakes.
//! Tests of one part are beside that part.

mod begin;
mod callback;
mod database;
mod exchange;
mod provider;

use std::sync::Arc;

use tempfile::TempDir;
use url::Url;
use workway_capability::fetch::FetchClient;
use workway_model::{ProviderId, Timestamp, UserId};
use workway_providers::{Catalogue, Provider, Values};

use self::{database::PendingInMemory, provider::FakeProvider};
use super::{
    AuthorizationFlow, AuthorizeRequest, Begun, Callback, FLOW_LIFETIME, Finished, FlowError, FlowFailure, Session,
    State, state,
};
use crate::{
    Account, ClientCredentials, ConnectionStore, ConnectionSummary, NewConnection, OAuthSettings, TokenEndpoint,
    TokenSet,
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
hosts = ["{realm}.{region}.books.example"]
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
[books.variables.region]
from = "token"
pointer = "/region"
pattern = "[a-z]+"

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

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

/// A host in one browser of the user `ann`.
struct Stage {
    flow: AuthorizationFlow,
    provider: Arc<FakeProvider>,
    connections: ConnectionStore,
    pending: Arc<PendingInMemory>,
    session: Session,
    _data: TempDir,
}

impl Stage {
    fn new(provider: FakeProvider) -> Self {
        let clients = ["strict", "plain", "commas", "shops", "books", "keys"].map(|id| {
            (id.parse().unwrap(), ClientCredentials { id: format!("client-of-{id}"), secret: Some("s3cr3t".into()) })
        });
        let return_origins = vec![Url::parse("https://app.example.com").unwrap()];
        let settings = Arc::new(OAuthSettings { clients: clients.into(), return_origins, ..OAuthSettings::default() });
        let (provider, pending) = (Arc::new(provider), Arc::new(PendingInMemory::default()));
        let endpoint = TokenEndpoint::new(FetchClient::builder().transport(provider.clone()).build());
        let data = tempfile::tempdir().unwrap();
        let connections = database::connections(data.path(), catalogue(), endpoint.clone(), settings.clone());
        let flow = AuthorizationFlow::new(catalogue(), settings, endpoint, connections.clone(), pending.clone());
        let session = Session::generate().unwrap();
        Self { flow, provider, connections, pending, session, _data: data }
    }

    async fn begin(&self, provider: &str, request: AuthorizeRequest) -> Result<Begun, FlowError> {
        let public_url = Url::parse(PUBLIC_URL).unwrap();
        self.flow.begin(&user("ann"), &provider.parse().unwrap(), request, &self.session, &public_url).await
    }

    /// Begins a flow and returns its state.
    async fn state(&self, provider: &str, request: AuthorizeRequest) -> String {
        parameter(&self.begin(provider, request).await.unwrap().url, "state").unwrap()
    }

    async fn finish(&self, provider: &str, callback: Callback) -> Result<Finished, Box<FlowFailure>> {
        self.flow.finish(&provider.parse().unwrap(), callback, Some(&self.session), None).await
    }

    /// Connects an account of `ann` without a flow, with the scope `kept`.
    async fn connect(&self, provider: &str, values: Values) -> ConnectionSummary {
        let new = NewConnection {
            tokens: TokenSet { access_token: "s3cr3t-old".into(), refresh_token: None },
            account: Account { label: "old".into(), id: "old".into() },
            scopes: Some(["kept".to_owned()].into()),
            values,
            expires_at: None,
            keeps_refresh_token: false,
        };
        self.connections.save(&user("ann"), &provider.parse().unwrap(), new).await.unwrap()
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

/// The name of the error's variant.
fn kind(error: &FlowError) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}
