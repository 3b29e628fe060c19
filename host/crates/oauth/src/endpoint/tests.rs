//! The requests that go out, a server on loopback in the place of a provider, and what the tests of this module share.
//! Every token contains `s3cr3t`.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::RootCertStore;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use workway_capability::fetch::Upstreams;
use workway_providers::Catalogue;

use super::*;

pub(super) const MARKER: &str = "s3cr3t";

/// A provider `acme`, and us as its client.
pub(super) struct Acme {
    pub(super) provider: Arc<Provider>,
    pub(super) client: ClientCredentials,
    pub(super) values: Values,
}

impl Acme {
    /// `fields` are further lines of its entry; `sections` come after it.
    pub(super) fn new(fields: &str, sections: &str) -> Self {
        let entry = format!(
            r#"
            [acme]
            name = "Acme"
            type = "oauth2"
            documentation = "https://acme.example.com/docs"
            hosts = ["api.acme.example.com"]
            authorization_url = "https://acme.example.com/authorize"
            token_url = "https://acme.example.com/token"
            default_scopes = []
            pkce = true
            refresh = "rotates"
            {fields}
            {sections}
            "#
        );
        let catalogue = Catalogue::new(Some(&entry), &BTreeMap::new()).expect("is an entry");
        let provider = catalogue.get(&"acme".parse().expect("is an id")).expect("is in there").clone();
        let client = ClientCredentials { id: "our id".into(), secret: Some("s3cr3t:of us".into()) };
        Self { provider, client, values: Values::new() }
    }

    /// Without an account.
    pub(super) fn plain(fields: &str) -> Self {
        Self::new(&format!("{fields}\naccount = {{ from = \"none\" }}"), "")
    }

    pub(super) fn party(&self) -> Party<'_> {
        let oauth = self.provider.oauth().expect("is oauth2");
        Party { provider: &self.provider, oauth, client: &self.client, values: &self.values }
    }
}

pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Reply<'static> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Reply::new(status, &headers, body.into(), Vec::new())
}

pub(super) fn tokens(refresh_token: Option<&str>) -> TokenSet {
    TokenSet { access_token: "s3cr3t-access".into(), refresh_token: refresh_token.map(SecretString::from) }
}

pub(super) fn body(outgoing: &Outgoing<'_>) -> String {
    String::from_utf8(outgoing.body.to_vec()).expect("is text")
}

fn header<'a>(outgoing: &'a Outgoing<'_>, name: &str) -> Option<&'a str> {
    outgoing.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn exchange(acme: &Acme) -> (String, Option<String>, bool) {
    let (code, verifier) = (SecretString::from("s3cr3t code"), SecretString::from("s3cr3t-verifier"));
    let redirect_uri = Url::parse("https://workway.example.com/v1/oauth/acme/callback").expect("is a URL");
    let outgoing = exchange_request(acme.party(), &code, Some(&verifier), &redirect_uri).expect("is a request");
    (body(&outgoing), header(&outgoing, "content-type").map(str::to_owned), outgoing.credential.is_some())
}

#[test]
fn a_form_holds_the_grant_and_the_client() {
    let acme = Acme::plain("token_parameters = { audience = \"a&b\" }");
    let (body, content_type, basic) = exchange(&acme);
    assert_eq!(
        body,
        "audience=a%26b&client_id=our+id&client_secret=s3cr3t%3Aof+us&code=s3cr3t+code&code_verifier=s3cr3t-verifier\
         &grant_type=authorization_code&redirect_uri=https%3A%2F%2Fworkway.example.com%2Fv1%2Foauth%2Facme%2Fcallback"
    );
    assert_eq!(content_type.as_deref(), Some("application/x-www-form-urlencoded"));
    assert!(!basic);
}

#[test]
fn a_public_client_sends_no_secret() {
    let mut acme = Acme::plain("");
    acme.client.secret = None;
    let (body, ..) = exchange(&acme);
    assert!(body.contains("client_id=our+id") && !body.contains("client_secret"), "{body}");
}

#[test]
fn a_json_body_holds_texts() {
    let acme = Acme::plain("token_request = \"json\"\nclient_authentication = \"basic\"");
    let token = SecretString::from("s3cr3t\"\\");
    let outgoing = refresh_request(acme.party(), &token).expect("is a request");
    assert_eq!(body(&outgoing), r#"{"grant_type":"refresh_token","refresh_token":"s3cr3t\"\\"}"#);
    assert_eq!(header(&outgoing, "content-type"), Some("application/json"));
    assert!(outgoing.credential.is_some(), "the client is in neither place");
}

#[test]
fn a_refresh_goes_where_the_entry_says() {
    let token = SecretString::from("s3cr3t");
    let url = |acme: &Acme| refresh_request(acme.party(), &token).expect("is a request").url.to_string();
    assert_eq!(url(&Acme::plain("")), "https://acme.example.com/token");
    let other = Acme::plain("refresh_url = \"https://acme.example.com/refresh\"");
    assert_eq!(url(&other), "https://acme.example.com/refresh");
}

#[test]
fn only_https_names_are_asked() {
    for url in ["http://acme.example.com/", "https://10.0.0.1/", "https://[::1]/", "ftp://acme.example.com/"] {
        let refused = origin(&Url::parse(url).expect("is a URL"));
        assert!(matches!(refused, Err(EndpointError::Refused { .. })), "{url}");
    }
    let pattern = origin(&Url::parse("https://acme.example.com:8443/token").expect("is a URL")).expect("is one");
    assert_eq!(pattern.to_string(), "https://acme.example.com:8443");
}

/// A server that answers one request with `answer`, and what it was asked.
async fn acme_server(answer: String) -> (TokenEndpoint, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let upstream = format!("http://{}", listener.local_addr().expect("is bound")).parse().expect("is local");
    let mut upstreams = Upstreams::default();
    for host in ["acme.example.com", "api.acme.example.com"] {
        upstreams.insert(host, upstream).expect("is a host");
    }
    let seen = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("is asked");
        let (mut seen, mut part) = (Vec::new(), [0; 1024]);
        loop {
            let read = stream.read(&mut part).await.expect("is readable");
            seen.extend_from_slice(&part[..read]);
            let text = String::from_utf8_lossy(&seen).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if read == 0 || body.len() >= length.map_or(0, |length| length.parse().expect("is a number")) {
                stream.write_all(answer.as_bytes()).await.expect("is writable");
                return text;
            }
        }
    });
    let client = FetchClient::builder().root_certificates(RootCertStore::empty()).upstreams(upstreams).build();
    (TokenEndpoint::new(client), seen)
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_refresh_is_sent_and_its_answer_read() {
    let acme = Acme::plain("client_authentication = \"basic\"");
    let (endpoint, seen) = acme_server(answer("200 OK", r#"{"access_token":"s3cr3t-new","expires_in":3600}"#)).await;
    let tokens = endpoint.refresh(acme.party(), &"s3cr3t-old".into()).await.expect("are tokens");
    assert_eq!(tokens.tokens.access_token.expose_secret(), "s3cr3t-new");
    assert_eq!(tokens.lifetime, Some(Duration::from_secs(3600)));
    let seen = seen.await.expect("no panic").to_lowercase();
    let basic = STANDARD.encode("our+id:s3cr3t%3Aof+us").to_lowercase();
    assert!(seen.starts_with("post /token http/1.1\r\n"), "{seen}");
    assert!(seen.contains("\r\naccept: application/json\r\n"), "{seen}");
    assert!(seen.contains(&format!("\r\nauthorization: basic {basic}\r\n")), "{seen}");
    assert!(seen.ends_with("grant_type=refresh_token&refresh_token=s3cr3t-old"), "{seen}");
}

#[tokio::test]
async fn an_error_does_not_repeat_what_was_sent() {
    let acme = Acme::plain("");
    let echo = r#"{"error":"s3cr3t-old","error_description":"bad s3cr3t-old of our id, s3cr3t:of us"}"#;
    for status in ["200 OK", "400 Bad Request", "503 Service Unavailable"] {
        let (endpoint, _seen) = acme_server(answer(status, echo)).await;
        let error = endpoint.refresh(acme.party(), &"s3cr3t-old".into()).await.expect_err("is an error");
        assert!(!format!("{error:?} {error}").contains(MARKER), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_large_answer_not_read() {
    let acme = Acme::plain("");
    let redirect = "HTTP/1.1 307 Temporary Redirect\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n".to_owned();
    let (endpoint, _seen) = acme_server(redirect).await;
    let error = endpoint.refresh(acme.party(), &"s3cr3t".into()).await.expect_err("is an error");
    assert!(matches!(error, EndpointError::Unavailable { .. }), "{error}");
    let (endpoint, _seen) = acme_server(answer("200 OK", &" ".repeat(256 * 1024 + 1))).await;
    let error = endpoint.refresh(acme.party(), &"s3cr3t".into()).await.expect_err("is an error");
    assert!(matches!(error, EndpointError::Malformed(_)), "{error}");
}

#[tokio::test]
async fn an_account_is_asked_for_with_the_credential() {
    let acme = Acme::new(
        r#"account = { from = "url", url = "https://api.acme.example.com/me", method = "POST", body = "{}", headers = { accept = "application/vnd.acme+json" }, label = ["/email"], id = ["/id"] }"#,
        "",
    );
    let credential = acme.provider.credential(&"s3cr3t-access".into(), &acme.values).expect("is a token");
    let (endpoint, seen) = acme_server(answer("200 OK", r#"{"email":"ann@example.com","id":7}"#)).await;
    let account = endpoint.account(&acme.provider, &credential, &acme.values).await.expect("is an account");
    assert_eq!((account.label.as_str(), account.id.as_str()), ("ann@example.com", "7"));
    let seen = seen.await.expect("no panic");
    assert!(seen.starts_with("POST /me HTTP/1.1\r\n") && seen.ends_with("\r\n\r\n{}"), "{seen}");
    assert!(seen.contains("authorization: Bearer s3cr3t-access\r\n"), "{seen}");
    assert!(
        seen.contains("accept: application/vnd.acme+json\r\n") && !seen.contains("accept: application/json"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_credential_stays_with_the_hosts_of_its_provider() {
    let acme = Acme::plain("revocation = { url = \"https://acme.example.com/revoke\", style = \"bearer-post\" }");
    let (endpoint, seen) = acme_server(answer("200 OK", "")).await;
    let error = endpoint.revoke(acme.party(), &tokens(None)).await.expect_err("is refused");
    assert!(matches!(&error, EndpointError::Refused { code, .. } if code == "denied"), "{error}");
    assert!(!seen.is_finished());
    seen.abort();
}
