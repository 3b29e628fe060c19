//! A host and the provider that its users connect accounts at.

use reqwest::{Method, Url, header::ACCEPT};
use serde_json::{Value, json};
use tempfile::TempDir;
use workway_tests::{
    ADMIN_TOKEN, Answer, Browser, OidcOptions, OidcProvider, TestHost, TestHostBuilder, keep_secret, skip,
};

pub(super) const ISSUER: &str = "https://id.example.test";
/// As the provider knows it.
pub(super) const CALLBACK: &str = "https://localhost/oauth/idp/callback";
/// Another origin that browsers may be sent on to.
pub(super) const APP: &str = "https://app.example.test";
pub(super) const CLIENT_ID: &str = "workway";
pub(super) const CLIENT_SECRET: &str = "s3cr3t-of-the-client";
/// What the entry below asks for anyway, in order.
pub(super) const DEFAULT_SCOPES: [&str; 3] = ["email", "offline_access", "openid"];

/// A provider without OAuth, beside the one that is real.
const KEYED: &str = r#"
[keyed]
name = "Example with keys"
type = "api-key"
hosts = ["api.example.com"]
placement = { header = "x-test-key", value = "{token}" }
"#;

/// Starts a host that knows both providers and has the guest that uses them.
pub(super) async fn host_of(builder: TestHostBuilder) -> TestHost {
    host_in(builder, tempfile::tempdir().expect("a temporary folder")).await
}

/// As [`host_of`], in a folder that an earlier host may have used.
pub(super) async fn host_in(builder: TestHostBuilder, folder: TempDir) -> TestHost {
    let providers = folder.path().join("providers.toml");
    std::fs::write(&providers, format!("{}{KEYED}", OidcProvider::ENTRY)).expect("the providers are written");
    let config = format!(
        "[oauth]\npublic_url = \"https://localhost\"\nreturn_origins = [\"{APP}\"]\nproviders_file = {providers:?}\n"
    );
    let builder = builder.guest("account-probe").config(&config).client("IDP", CLIENT_ID, CLIENT_SECRET);
    builder.start_in(folder).await
}

/// `None` where it is not installed: then the test is skipped. `test` is its name in this module.
pub(super) async fn provider(test: &str) -> Option<OidcProvider> {
    let provider = OidcProvider::start(OidcOptions::default().client(CLIENT_ID, CLIENT_SECRET, CALLBACK)).await;
    if provider.is_none() {
        skip(&format!("connecting::{test}"), "oidc-provider");
    }
    provider
}

pub(super) struct Scene {
    pub(super) host: TestHost,
    pub(super) provider: OidcProvider,
}

impl Scene {
    /// `None` as of [`provider`].
    pub(super) async fn start(test: &str) -> Option<Self> {
        Self::start_with(test, TestHost::builder()).await
    }

    pub(super) async fn start_with(test: &str, builder: TestHostBuilder) -> Option<Self> {
        let provider = provider(test).await?;
        let host = host_of(builder.upstream("id.example.test", &provider.origin())).await;
        Some(Self { host, provider })
    }

    /// Another user's browser, or another one of the same user.
    pub(super) fn browser(&self) -> Browser {
        Browser::new([("id.example.test", self.provider.port()), ("localhost", self.host.address().port())])
    }

    /// Connects the account of `login` for the operator. Answers the connection.
    pub(super) async fn connect(&self, browser: &Browser, login: &str, query: &[(&str, &str)]) -> Value {
        let url = begin(browser, query).await;
        let callback = browser.sign_in(url.as_str(), login).await;
        let answer = come_back(browser, &callback).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        self.keep_tokens().await;
        answer.body
    }

    /// From here on no answer of a host may hold what the provider has given out so far.
    pub(super) async fn keep_tokens(&self) -> Vec<String> {
        let tokens = self.provider.tokens().await;
        tokens.iter().for_each(|token| keep_secret(token));
        tokens
    }

    pub(super) async fn probe(&self, action: &str) -> Answer {
        self.host.execute(&format!("account-probe.{action}"), json!({})).await
    }

    /// The provider's own answer to the operator's call is about this account.
    pub(super) async fn assert_me(&self, login: &str) {
        is_me(&self.probe("me").await, login);
    }

    /// The operator's connections.
    pub(super) async fn connections(&self) -> Vec<Value> {
        let answer = self.host.get("/oauth/connections").await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        answer.body["items"].as_array().expect("connections are a list").clone()
    }

    /// What the provider answered to requests for a path, in the order in which they came.
    pub(super) async fn answered(&self, path: &str) -> Vec<u16> {
        let requests = self.provider.requests().await.into_iter().filter(|request| request.path == path);
        requests.filter_map(|request| request.status).collect()
    }

    /// What the provider answered to those who asked for tokens by this grant.
    pub(super) async fn granted(&self, grant_type: &str) -> Vec<u16> {
        let requests = self.provider.requests().await.into_iter();
        let of_grant = requests.filter(|request| request.grant_type.as_deref() == Some(grant_type));
        of_grant.filter_map(|request| request.status).collect()
    }

    pub(super) async fn refreshes(&self) -> Vec<u16> {
        self.granted("refresh_token").await
    }

    /// Ends both. No token that was ever given out may be in a log or lie open on the disk.
    pub(super) async fn finish(self) {
        for token in self.keep_tokens().await {
            assert!(!lies_open(&self.host, &token), "a token lies open on the disk");
        }
        self.host.finish().await;
        self.provider.end().await;
    }
}

/// Whether a file of the data folder holds the text.
fn lies_open(host: &TestHost, text: &str) -> bool {
    let files = std::fs::read_dir(host.data()).expect("the data folder").map(|file| file.expect("a file").path());
    files
        .filter(|path| path.is_file())
        .any(|path| std::fs::read(path).expect("it is read").windows(text.len()).any(|part| part == text.as_bytes()))
}

#[track_caller]
pub(super) fn is_me(answer: &Answer, login: &str) {
    let output = answer.output();
    assert_eq!((&output["status"], &output["body"]["sub"]), (&json!(200), &json!(login)), "{output:#}");
}

/// Where a flow is begun.
pub(super) fn authorize_url(provider: &str, query: &[(&str, &str)]) -> Url {
    let mut url = Url::parse(&format!("https://localhost/oauth/{provider}/authorize")).expect("a URL");
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// Asks for a flow as the operator, in this browser.
pub(super) async fn authorize(browser: &Browser, url: &Url) -> Answer {
    let request = browser.request(Method::GET, url.as_str()).bearer_auth(ADMIN_TOKEN);
    browser.send(request.header(ACCEPT, "application/json")).await
}

/// Begins a flow as the operator. Answers the authorization URL.
pub(super) async fn begin(browser: &Browser, query: &[(&str, &str)]) -> Url {
    begun(&authorize(browser, &authorize_url("idp", query)).await)
}

#[track_caller]
pub(super) fn begun(answer: &Answer) -> Url {
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let url: Url = answer.body["url"].as_str().and_then(|url| url.parse().ok()).expect("an authorization URL");
    keep_secret(&parameter(&url, "state").expect("a flow has a state"));
    url
}

/// Opens the callback as a program does that drives the browser.
pub(super) async fn come_back(browser: &Browser, callback: &Url) -> Answer {
    if let Some(code) = parameter(callback, "code") {
        keep_secret(&code);
    }
    browser.send(browser.request(Method::GET, callback.as_str()).header(ACCEPT, "application/json")).await
}

/// The flow was not completed, and why.
#[track_caller]
pub(super) fn refused(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

pub(super) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(of, _)| of == name).map(|(_, value)| value.into_owned())
}

/// The URL with another value of a parameter, or without it.
pub(super) fn with(url: &Url, name: &str, value: Option<&str>) -> Url {
    let pairs: Vec<_> = url.query_pairs().filter(|(of, _)| of != name).collect();
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    if let Some(value) = value {
        changed.query_pairs_mut().append_pair(name, value);
    }
    changed
}

pub(super) fn id_of(connection: &Value) -> &str {
    connection["id"].as_str().unwrap_or_else(|| panic!("no connection: {connection:#}"))
}
