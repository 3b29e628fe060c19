//! Users over HTTP: registering, logging in, tokens and their scopes, developers, and what strangers can find out.

use std::time::Duration;

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use workway_api::time::Timestamp;
use workway_tests::{Answer, PASSWORD, TestHost, TestUser, keep_secret};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// A password that is nobody's.
const OTHER: &str = "quite another pass phrase";

async fn open(host: &TestHost, path: &str, body: Value) -> Answer {
    host.send(host.anonymous(Method::POST, path).json(&body)).await
}

async fn register(host: &TestHost, email: &str, password: &str) -> Answer {
    open(host, "/auth/register", json!({ "email": email, "password": password })).await
}

async fn log_in(host: &TestHost, email: &str, password: &str) -> Answer {
    open(host, "/auth/tokens", json!({ "email": email, "password": password })).await
}

/// What an answer says, but for what differs with every request.
fn said(answer: &Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("requestId");
    }
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id" && *name != "date");
    (answer.status, body, headers.map(|(name, value)| format!("{name}: {value:?}")).collect())
}

/// Makes a token with the user's own one.
async fn derive(user: &TestUser<'_>, wishes: Value) -> Answer {
    user.post("/auth/tokens", &wishes).await
}

async fn with(host: &TestHost, token: &str, path: &str) -> Answer {
    host.send(host.anonymous(Method::GET, path).bearer_auth(token)).await
}

fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{:#}", answer.body);
    answer.body["token"].as_str().expect("a token").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_registers_logs_in_and_is_known() {
    let host = TestHost::builder().production().guest("hello").start().await;
    assert_eq!(register(&host, "Ann@Example.com", PASSWORD).await.status, 202);
    // One mailbox is one user, however it is written.
    let issued = log_in(&host, "ann@EXAMPLE.com", PASSWORD).await;
    let token = token_of(&issued);
    assert!(token.starts_with("wway_") && token.starts_with(issued.body["prefix"].as_str().unwrap()));
    assert_eq!(issued.header("cache-control"), "no-store");
    let who = with(&host, &token, "/auth/whoami").await;
    assert_eq!((who.status, &who.body["kind"], &who.body["email"]), (200, &json!("user"), &json!("ann@example.com")));
    assert_eq!(who.body["scopes"], json!(["actions:execute", "connections", "marketplace", "publish", "account"]));
    assert_eq!(who.body["token"]["id"], issued.body["id"]);
    let ann = host.user("ann@example.com").await;
    assert_eq!(who.body["user"], ann.id);
    let ran = ann.post("/registry/actions/hello.echo/execute", &json!({ "input": { "message": "hi" } })).await;
    assert_eq!(ran.output(), &json!({ "message": "hi" }));
    let operator = host.get("/auth/whoami").await;
    assert_eq!((&operator.body["user"], &operator.body["kind"]), (&json!("operator"), &json!("admin")));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_learns_whether_an_address_is_registered() {
    let host = TestHost::builder().production().start().await;
    let hashes = || host.app().users().password_hashes();
    let first = register(&host, "ann@example.com", PASSWORD).await;
    assert_eq!((first.status, hashes()), (202, 1));
    let again = register(&host, "ann@example.com", OTHER).await;
    assert_eq!((said(&again), hashes()), (said(&first), 2), "the same work and the same answer");
    let wrong = log_in(&host, "ann@example.com", OTHER).await;
    assert_eq!((wrong.status, wrong.code(), hashes()), (401, "invalid-credentials", 3));
    let unknown = log_in(&host, "bob@example.com", OTHER).await;
    assert_eq!((said(&unknown), hashes()), (said(&wrong), 4), "the same work and the same answer");
    // A password that nobody could have chosen is as wrong as any other.
    let short = log_in(&host, "ann@example.com", "x").await;
    assert_eq!((said(&short), hashes()), (said(&wrong), 5));
    assert_eq!(log_in(&host, "ann@example.com", PASSWORD).await.status, 201, "the second one changed nothing");
    host.finish().await;
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_registration_is_said_at_once() {
    let host = TestHost::builder().production().start().await;
    let secret = "s3cr3t-xx";
    for (email, password, pointers) in [
        ("ann", secret, vec!["/email", "/password"]),
        ("ann@example.com", secret, vec!["/password"]),
        ("ann@example", PASSWORD, vec!["/email"]),
        ("ann@example.com", &"x".repeat(1025), vec!["/password"]),
    ] {
        let answer = register(&host, email, password).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-body"));
        let errors = answer.body["errors"].as_array().expect("errors");
        assert_eq!(errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect::<Vec<_>>(), pointers);
        assert!(!answer.body.to_string().contains(password), "{:#}", answer.body);
    }
    let large = json!({ "email": "a@example.com", "password": "x".repeat(70_000) });
    let answer = open(&host, "/auth/register", large).await;
    assert_eq!((answer.status, answer.code()), (413, "body-too-large"));
    assert_eq!(host.app().users().password_hashes(), 0);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_ends_when_it_expires_or_is_revoked_and_looks_like_none() {
    let host = TestHost::builder().production().start().await;
    let (ann, bob) = (host.user("ann@example.com").await, host.user("bob@example.com").await);
    let (now, end) = (Timestamp::now(), Timestamp::now() + 10 * MINUTE);
    let short = derive(&ann, json!({ "expiresAt": end, "name": "build" })).await;
    let token = token_of(&short);
    keep_secret(&token);
    let users = host.app().users();
    let known = |at| users.authenticate(&token, at);
    assert!(known(end - Duration::from_millis(1)).await.expect("the database answers").is_some());
    assert_eq!(known(end).await.expect("the database answers"), None, "it has expired");
    for (expires_at, why) in [(now, "is past"), (now + 40 * DAY, "is later than that of the token that asks")] {
        let refused = derive(&ann, json!({ "expiresAt": expires_at })).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!("/expiresAt")), "{why}");
    }
    let path = format!("/auth/tokens/{}", short.body["id"].as_str().unwrap());
    let listed = ann.get("/auth/tokens").await;
    let items = listed.body["items"].as_array().expect("items");
    assert_eq!((items.len(), &items[0]["name"], &items[0]["id"]), (2, &json!("build"), &short.body["id"]));
    let strange = bob.delete(&path).await;
    assert_eq!((strange.status, strange.code()), (404, "token-not-found"));
    assert_eq!(with(&host, &token, "/auth/whoami").await.status, 200, "it is still Ann's");
    for _ in 0..2 {
        assert_eq!(ann.delete(&path).await.status, 204, "revoking twice is no error");
    }
    let revoked = with(&host, &token, "/auth/whoami").await;
    assert_eq!((revoked.status, revoked.code()), (401, "unauthenticated"));
    let unknown = with(&host, &format!("wway_{}", "A".repeat(49)), "/auth/whoami").await;
    assert_eq!(said(&revoked), said(&unknown));
    assert_eq!(ann.get("/auth/tokens").await.body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(ann.delete(&format!("/auth/tokens/{}", ann.token_id)).await.status, 204);
    assert_eq!(ann.get("/auth/whoami").await.status, 401, "a token can revoke itself");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_does_what_its_scopes_say_and_makes_none_that_does_more() {
    let host = TestHost::builder().production().guest("hello").start().await;
    let ann = host.user_for("ann@example.com", &["account", "connections"]).await;
    assert_eq!(ann.get("/oauth/connections").await.status, 200);
    let run = ann.post("/registry/actions/hello.echo/execute", &json!({ "input": { "message": "hi" } })).await;
    assert_eq!((run.status, run.code()), (403, "insufficient-scope"));
    assert!(run.detail().contains("actions:execute"), "{}", run.detail());
    let more = derive(&ann, json!({ "scopes": ["connections", "publish"] })).await;
    assert_eq!((more.status, more.code()), (403, "insufficient-scope"));
    assert_eq!(derive(&ann, json!({})).await.body["scopes"], json!(["connections", "account"]));
    let less = token_of(&derive(&ann, json!({ "scopes": ["connections"] })).await);
    keep_secret(&less);
    assert_eq!(with(&host, &less, "/oauth/connections").await.status, 200);
    let listed = with(&host, &less, "/auth/tokens").await;
    assert_eq!((listed.status, listed.code()), (403, "insufficient-scope"));
    let request = host.anonymous(Method::POST, "/auth/tokens").bearer_auth(&less).json(&json!({}));
    assert_eq!(host.send(request).await.code(), "insufficient-scope");
    assert_eq!(derive(&ann, json!({ "scopes": [] })).await.body["errors"][0]["pointer"], "/scopes");
    let approve = ann.post("/registry/integrations/hello/approve", &json!({})).await;
    assert_eq!((approve.status, approve.code()), (403, "admin-only"));
    let operator = host.post("/auth/tokens", &json!({})).await;
    assert_eq!((operator.status, operator.code()), (403, "no-account"));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_many_tokens_can_still_log_in() {
    let host = TestHost::builder().production().start().await;
    let ann = host.user("ann@example.com").await;
    for _ in 1..100 {
        assert_eq!(derive(&ann, json!({})).await.status, 201);
    }
    let refused = derive(&ann, json!({})).await;
    assert_eq!((refused.status, refused.code()), (409, "too-many-tokens"));
    let again = token_of(&log_in(&host, "ann@example.com", PASSWORD).await);
    let listed = with(&host, &again, "/auth/tokens").await;
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(100), "one made room");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_and_tokens_outlive_the_host_and_its_files_hold_neither_password_nor_token() {
    let host = TestHost::builder().production().start().await;
    let token = host.user("ann@example.com").await.token;
    let data = host.data();
    let folder = host.finish_keeping().await;
    for entry in std::fs::read_dir(data).expect("the data folder").map(|entry| entry.expect("an entry").path()) {
        let bytes = if entry.is_file() { std::fs::read(&entry).expect("a file") } else { Vec::new() };
        for secret in [PASSWORD, &token, &token[11..]] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a secret", entry.display());
        }
    }
    let host = TestHost::builder().production().start_in(folder).await;
    assert_eq!(with(&host, &token, "/auth/whoami").await.body["email"], "ann@example.com");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_developer_has_a_public_profile() {
    let host = TestHost::builder().production().start().await;
    let ann = host.user("ann@example.com").await;
    let payout = "DE89 3704 0044 0532 0130 00";
    keep_secret(payout);
    let none = ann.patch("/developers/me", &json!({ "name": "Ann" })).await;
    assert_eq!((none.status, none.code()), (404, "developer-not-found"));
    let profile = json!({ "slug": "ann", "name": "Ann Smith", "website": "https://ann.example.com", "payout": payout });
    let made = ann.post("/developers", &profile).await;
    assert_eq!((made.status, &made.body["hasPayout"]), (201, &json!(true)), "{:#}", made.body);
    let id = made.body["id"].as_str().expect("an id").to_owned();
    for name in ["ann", &id] {
        let seen = host.send(host.anonymous(Method::GET, &format!("/developers/{name}"))).await;
        let fields: Vec<_> = seen.body.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(fields, ["createdAt", "id", "name", "slug", "website"], "{:#}", seen.body);
        assert!(!seen.body.to_string().contains("ann@example.com"));
    }
    assert_eq!(ann.get("/developers/ann").await.body["hasPayout"], true);
    assert_eq!(ann.get("/auth/whoami").await.body["developer"], json!({ "id": id, "slug": "ann" }));
    let changed = ann.patch("/developers/me", &json!({ "bio": "I write.", "website": null })).await;
    assert_eq!((changed.status, &changed.body["bio"]), (200, &json!("I write.")), "{:#}", changed.body);
    assert!(changed.body["website"].is_null() && changed.body["name"] == "Ann Smith", "{:#}", changed.body);
    assert_eq!(changed.body["hasPayout"], true, "what is absent stays");
    let user = ann.id.parse().expect("an id");
    let kept = host.app().users().payout(&user).await.expect("it opens").expect("it is there");
    assert_eq!(kept.text().expose_secret(), payout);
    assert_eq!(ann.patch("/developers/me", &json!({ "payout": null })).await.body["hasPayout"], false);
    let odd = ann.get("/developers/nobody").await;
    assert_eq!((odd.status, odd.code()), (404, "developer-not-found"));
    let stranger = host.anonymous(Method::GET, "/developers/ann").bearer_auth("wrong");
    assert_eq!(host.send(stranger).await.status, 401, "whoever says who they are has to say it right");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slug_and_a_user_have_one_profile() {
    let host = TestHost::builder().production().start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let bob = host.user("bob@example.com").await;
    let taken = bob.post("/developers", &json!({ "slug": "ann", "name": "Bob" })).await;
    assert_eq!((taken.status, taken.code()), (409, "slug-taken"));
    let second = ann.post("/developers", &json!({ "slug": "ann-2", "name": "Ann" })).await;
    assert_eq!((second.status, second.code()), (409, "already-developer"));
    let odd = bob.post("/developers", &json!({ "slug": "me", "name": "", "website": "ftp://x" })).await;
    let pointers: Vec<_> = odd.body["errors"].as_array().unwrap().iter().map(|one| one["pointer"].clone()).collect();
    assert_eq!((odd.status, pointers), (400, vec![json!("/slug"), json!("/name"), json!("/website")]));
    let reader = host.user_for("bob@example.com", &["account"]).await;
    let refused = reader.post("/developers", &json!({ "slug": "bob", "name": "Bob" })).await;
    assert_eq!((refused.status, refused.code()), (403, "insufficient-scope"));
    assert_eq!(bob.post("/developers", &json!({ "slug": "bob", "name": "Bob" })).await.status, 201);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_bounded_by_client_address() {
    let limits = "[accounts]\nattempts_per_address = 2\nattempts_per_email = 1000";
    let host = TestHost::builder().production().config(limits).start().await;
    assert_eq!(register(&host, "ann@example.com", PASSWORD).await.status, 202);
    assert_eq!(log_in(&host, "ann@example.com", PASSWORD).await.status, 201);
    for forwarded in ["192.0.2.1", "192.0.2.2"] {
        let body = json!({ "email": "bob@example.com", "password": PASSWORD });
        let request = host.anonymous(Method::POST, "/auth/tokens").json(&body).header("x-forwarded-for", forwarded);
        let answer = host.send(request).await;
        assert_eq!((answer.status, answer.code()), (429, "rate-limited"));
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=30).contains(&seconds)));
    }
    assert_eq!(host.app().users().password_hashes(), 2, "who is sent away costs no hash");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_bounded_by_e_mail_address_whether_or_not_it_is_registered() {
    let limits = "[accounts]\nattempts_per_address = 1000\nattempts_per_email = 1";
    let host = TestHost::builder().production().config(limits).start().await;
    // Registering an address keeps nobody from logging in with it.
    for status in [202, 429] {
        assert_eq!(register(&host, "ann@example.com", PASSWORD).await.status, status);
    }
    assert_eq!(log_in(&host, "ann@example.com", PASSWORD).await.status, 201);
    assert_eq!(log_in(&host, "bob@example.com", OTHER).await.status, 401);
    let refused = [log_in(&host, "Ann@example.com", PASSWORD).await, log_in(&host, "bob@example.com", OTHER).await];
    for answer in &refused {
        assert_eq!((answer.status, answer.code()), (429, "rate-limited"));
    }
    assert_eq!(log_in(&host, "carol@example.com", OTHER).await.status, 401, "others go on");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn development_knows_users_too_and_takes_nobody_for_one() {
    let host = TestHost::builder().guest("hello").start().await;
    let nobody = host.send(host.anonymous(Method::GET, "/auth/whoami")).await;
    assert_eq!((&nobody.body["user"], &nobody.body["kind"]), (&json!("dev"), &json!("admin")));
    let ann = host.user("ann@example.com").await;
    assert_eq!(ann.get("/auth/whoami").await.body["kind"], "user");
    let reload = ann.post("/registry/reload/hello", &json!({})).await;
    assert_eq!((reload.status, reload.code()), (403, "admin-only"));
    let made =
        host.send(host.anonymous(Method::POST, "/developers").json(&json!({ "slug": "dev-one", "name": "Dev" })));
    assert_eq!(made.await.status, 201, "the user `dev` may publish");
    host.finish().await;
}
