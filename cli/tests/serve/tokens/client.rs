//! The test as a client of the provider: tokens from real sign-ins, and what the provider says of one. No request of these
//! goes through a host.

use reqwest::{Client, Url};
use serde_json::Value;
use workway_tests::{Browser, OidcOptions, OidcProvider};

pub const ID: &str = "workway";
pub const SECRET: &str = "s3cr3t-of-the-client-workway";
/// What the provider has as the account's `email`.
pub const ACCOUNT: &str = "alice@example.test";
/// All that the provider has: which of them a guest needs is its own matter.
pub const SCOPES: [&str; 6] = ["openid", "email", "profile", "offline_access", "read", "write"];

const LOGIN: &str = "alice";
const CALLBACK: &str = "https://app.example.test/oauth/idp/callback";
/// RFC 7636, section 4.2: the second is the base64url of the first one's SHA-256.
const VERIFIER: &str = "s3cr3t-verifier-0123456789-0123456789-0123456789";
const CHALLENGE: &str = "EsFnT-Ie5ePcwWZ68GlIfsrMeyCKqSnptPf-3s9aCXU";

/// What one sign-in gave.
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

/// Starts a provider that rotates refresh tokens. `None` where it is not installed.
pub async fn provider() -> Option<OidcProvider> {
    OidcProvider::start(OidcOptions::default().client(ID, SECRET, CALLBACK)).await
}

/// Signs the user in, in a browser of its own: a grant of its own, which ends alone.
pub async fn sign_in(provider: &OidcProvider) -> Tokens {
    let mut url = Url::parse("https://id.example.test/auth").expect("a URL");
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", ID),
        ("redirect_uri", CALLBACK),
        ("state", "of no account here"),
        ("scope", &SCOPES.join(" ")),
        ("prompt", "consent"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let callback = Browser::new([("id.example.test", provider.port())]).sign_in(url.as_str(), LOGIN).await;
    let code = parameter(&callback, "code").unwrap_or_else(|| panic!("no code: {callback}"));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let (status, answer) = ask(provider, &form).await;
    assert_eq!(status, 200, "{}", answer["error"]);
    let token = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
    Tokens { access: token("access_token"), refresh: token("refresh_token") }
}

/// Uses a refresh token. Answers the status and the error's code.
pub async fn refresh(provider: &OidcProvider, refresh_token: &str) -> (u16, String) {
    let (status, answer) = ask(provider, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    (status, answer["error"].as_str().unwrap_or_default().to_owned())
}

/// The refresh token in the body of a token request.
pub fn refresh_token_of(form: &str) -> String {
    let url = Url::parse(&format!("https://id.example.test/?{form}")).expect("a form is a query");
    parameter(&url, "refresh_token").expect("a refresh token is asked with")
}

async fn ask(provider: &OidcProvider, form: &[(&str, &str)]) -> (u16, Value) {
    let client = Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{}/token", provider.origin())).basic_auth(ID, Some(SECRET)).form(form);
    super::answer(request).await
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}
