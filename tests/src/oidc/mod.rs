//! `oidc-provider`, an OpenID provider that nobody here wrote, for the tests of connecting accounts. It is a process of
//! its own that ends with the value that started it; `tests/oidc/` has its settings.
//!
//! Nothing here knows the protocol. A test that wants to see it goes through the host, or asks the provider by hand.

mod browser;
mod control;
mod cookies;
mod page;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
};

pub use browser::Browser;
pub use control::OidcRequest;

use crate::host::PATIENCE;

/// What the provider is to be like. The default is `https://id.example.test` without clients, access tokens of an hour,
/// and a new refresh token at each refresh.
#[derive(Clone, Debug)]
pub struct OidcOptions {
    /// Its public origin, which is also its `iss`.
    pub issuer: String,
    pub clients: Vec<OidcClient>,
    /// How long an access token lives.
    pub access_token_seconds: u64,
    /// Whether a refresh ends the refresh token and answers with a new one.
    pub rotate: bool,
}

/// One client of the provider. It may say its secret in the header or in the body.
#[derive(Clone, Debug)]
pub struct OidcClient {
    pub id: String,
    pub secret: String,
    pub redirect_uris: Vec<String>,
}

/// A running provider.
///
/// It knows any login, whose account is `sub` = the login and `email` = `LOGIN@example.test`. It has the scopes
/// `openid`, `email`, `profile`, `offline_access`, `read` and `write`, takes no authorization request without S256, and
/// gives a refresh token where `offline_access` was granted, which it ignores unless the request has `prompt=consent`.
pub struct OidcProvider {
    port: u16,
    /// The origin of the control server, see `control.rs`.
    control: String,
    client: reqwest::Client,
    /// Its standard input stays open as long as this lives: the process ends with it, even where nobody can drop this.
    child: Child,
    log: JoinHandle<()>,
}

impl Default for OidcOptions {
    fn default() -> Self {
        let issuer = "https://id.example.test".to_owned();
        Self { issuer, clients: Vec::new(), access_token_seconds: 3600, rotate: true }
    }
}

impl OidcOptions {
    /// Adds a client.
    pub fn client(mut self, id: &str, secret: &str, redirect_uri: &str) -> Self {
        let (id, secret, redirect_uris) = (id.to_owned(), secret.to_owned(), vec![redirect_uri.to_owned()]);
        self.clients.push(OidcClient { id, secret, redirect_uris });
        self
    }

    fn to_json(&self) -> Value {
        let clients = self.clients.iter().map(|client| {
            json!({ "clientId": client.id, "clientSecret": client.secret, "redirectUris": client.redirect_uris })
        });
        json!({
            "issuer": self.issuer,
            "clients": clients.collect::<Vec<_>>(),
            "accessTokenSeconds": self.access_token_seconds,
            "rotate": self.rotate,
        })
    }
}

impl OidcProvider {
    /// What an operator of a host would enter of it, in the catalogue's format, as the provider `idp`.
    pub const ENTRY: &str = r#"
[idp]
name = "Example ID"
type = "oauth2"
documentation = "https://id.example.test/docs"
hosts = ["id.example.test"]
authorization_url = "https://id.example.test/auth"
token_url = "https://id.example.test/token"
issuer = "https://id.example.test"
sends_issuer = true
revocation = { url = "https://id.example.test/token/revocation", style = "rfc7009" }
default_scopes = ["openid", "email", "offline_access"]
pkce = true
# Without it oidc-provider takes no notice of offline_access.
authorization_parameters = { prompt = "consent" }
refresh = "rotates"
account = { from = "url", url = "https://id.example.test/me", label = ["/email"], id = ["/sub"] }
"#;

    /// Starts it on free ports. `None` where `cargo xtask oidc-setup` could not install it.
    pub async fn start(options: OidcOptions) -> Option<Self> {
        let (server, installed) = (server(), installed());
        if !installed.join("node_modules/oidc-provider").exists() {
            return None;
        }
        let mut command = Command::new("node");
        command.arg(server).arg(options.to_json().to_string()).arg(installed);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the provider starts (it needs node)");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let ready = tokio::time::timeout(PATIENCE, ready(&mut output)).await;
        let (port, control) = ready.expect("the provider listens in time");
        // Whatever is not read would stop it as soon as the pipe is full.
        let log = tokio::spawn(async move { while let Ok(Some(_)) = output.next_line().await {} });
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Some(Self { port, control: format!("http://127.0.0.1:{control}"), client, child, log })
    }

    /// Where its issuer is served, without TLS.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT`, as an upstream of a test host.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it and waits until it is gone. Dropping it ends it too.
    pub async fn end(mut self) {
        self.child.kill().await.expect("the provider ends");
        self.log.await.expect("its output ends with it");
    }
}

/// Both ports, from the one line that it prints.
async fn ready(output: &mut Lines<BufReader<ChildStdout>>) -> (u16, u16) {
    let mut said = String::new();
    while let Some(line) = output.next_line().await.expect("the provider prints text") {
        let ports: Value = serde_json::from_str(&line).unwrap_or_default();
        if let (Some(port), Some(control)) = (port(&ports["port"]), port(&ports["control"])) {
            return (port, control);
        }
        said.push_str(&line);
        said.push('\n');
    }
    panic!("the provider ended before it listened:\n{said}");
}

fn port(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|port| u16::try_from(port).ok())
}

fn server() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc/server.mjs")
}

fn installed() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace");
    root.join("target/tools/oidc")
}
