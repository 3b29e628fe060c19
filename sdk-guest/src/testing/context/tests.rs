//! What a context may do, and the calls by id.

use std::time::Duration;

use serde_json::json;

use crate::testing::fixture::{CHAT, NOTES, chat, complaint};
use crate::testing::*;
use crate::{Choice, Event, FailureKind, Level, OAuthError, Polled, Received, StorageError, WebhookRequest};

fn shared<T: Clone + Send + Sync>() {}

#[test]
fn handles_can_be_shared_between_threads() {
    shared::<MockClock>();
    shared::<MockFetch>();
    shared::<MockOAuthManager>();
    shared::<MockStorage>();
}

#[test]
fn a_context_without_an_integration_may_do_nothing_and_says_so() {
    let ctx = MockContext::builder().tokens("chat", create_mock_tokens()).build();
    let hint = "MockContext::builder().integration(&INTEGRATION)";
    let texts = [
        ctx.connection("chat").expect_err("denied").to_string(),
        ctx.get("https://api.chat.example/").send().expect_err("denied").to_string(),
        ctx.get("https://api.chat.example/").header("cookie", "x").send().expect_err("denied").to_string(),
        complaint(|| drop(ctx.execute("whoami", json!({})))),
    ];
    assert!(texts.iter().all(|text| text.contains(hint)), "{texts:#?}");
    assert_eq!(ctx.storage().get::<u32>("k"), Err(StorageError::Denied));
}

#[test]
fn an_integration_is_granted_what_it_declares_and_no_more() {
    let ctx = chat().tokens("other", create_mock_tokens()).build();
    let account = ctx.connection("chat").expect("declared");
    assert_eq!((account.account().as_str(), account.expires_at()), ("mock-account", Some(MOCK_EPOCH + 3_600)));
    assert!(matches!(account.access_token(), Err(OAuthError::Denied { .. })));
    let denied = ctx.connection("other").expect_err("not declared");
    assert_eq!(denied.to_string(), "access to other denied: connections of other were not granted to this integration");
    assert_eq!(ctx.storage().put("k", &1), Err(StorageError::Denied));
    assert_eq!(ctx.storage_mock().put("k", &1), Ok(1), "the test itself may look and prepare");

    let notes = MockContext::builder().integration(&NOTES).tokens("chat", create_mock_tokens()).build();
    assert_eq!(notes.storage().put("k", &1), Ok(1));
    assert!(matches!(notes.connection("chat"), Err(OAuthError::Denied { .. })));

    let revealing = chat().grant_reveal_token().build();
    let token = revealing.connection("chat").and_then(|account| account.access_token()).expect("granted");
    assert_eq!(token.reveal(), "mock-access-token");
}

#[test]
fn scopes_are_held_against_the_declared_ones_before_anything_is_renewed() {
    let lacking = create_expired_tokens().scopes(["read", "more"]);
    let ctx = MockContext::builder().integration(&CHAT).tokens("chat", lacking).build();
    let missing = OAuthError::MissingScopes { provider: "chat".into(), scopes: vec!["write".into()] };
    assert_eq!(ctx.connection("chat").map(drop), Err(missing));
    assert_eq!(ctx.oauth().calls().refresh_tokens, 0);
}

#[test]
fn connections_are_the_users_own_and_tell_about_themselves() {
    let tokens = create_mock_tokens().account("acme").variable("instance", "eu1").scopes(["read", "write", "x"]);
    let ctx = chat().user("ann").tokens("chat", tokens).build();
    let account = ctx.connection("chat").expect("connected");
    assert_eq!((account.account().as_str(), account.variable("instance").as_deref()), ("acme", Some("eu1")));
    assert_eq!((account.scopes().len(), account.variable("shop")), (3, None));
    account.refresh().expect("renewed");
    assert_eq!(ctx.oauth().get_tokens("ann", "chat").expect("connected").access_token, "mock-access-token-2");

    let oauth = ctx.oauth().clone();
    let bob = MockContext::builder().integration(&CHAT).user("bob").oauth(oauth).build();
    assert_eq!(bob.connection("chat").map(drop), Err(OAuthError::NotConnected { provider: "chat".into() }));
}

#[test]
fn an_expired_account_is_renewed_or_must_be_connected_again() {
    let expired = |tokens| MockContext::builder().integration(&CHAT).tokens("chat", tokens).build();
    let ctx = expired(create_expired_tokens());
    assert_eq!(ctx.connection("chat").expect("renewed").expires_at(), Some(MOCK_EPOCH + 3_600));
    assert_eq!(ctx.oauth().calls().refresh_tokens, 1);
    let lost = expired(create_expired_tokens().without_refresh_token());
    expect_error(lost.connection("chat"), FailureKind::AuthRequired);
}

#[test]
fn one_clock_holds_for_the_context_and_its_accounts() {
    let ctx = chat().build();
    ctx.clock().advance(Duration::from_secs(10));
    assert_eq!(ctx.now(), ctx.oauth().clock().now());
    let clock = MockClock::new();
    let with = |oauth: MockOAuthManager| MockContext::builder().clock(clock.clone()).oauth(oauth);
    assert_eq!(with(MockOAuthManager::with_clock(&clock)).build().now(), clock.now());
    let complaint = complaint(|| drop(with(MockOAuthManager::new()).build()));
    assert!(complaint.contains("with_clock(&clock)"), "{complaint}");
}

#[test]
fn a_call_is_what_was_said_of_it() {
    let ctx = chat().user("ann").run_id("r").step_id("s").attempt(3).build();
    assert_eq!((ctx.user_id(), ctx.run_id(), ctx.step_id()), ("ann", "r", Some("s")));
    assert_eq!((ctx.attempt(), ctx.idempotency_key()), (3, "r/s"));
    assert_eq!(chat().idempotency_key("k").build().idempotency_key(), "k");
    ctx.log().warn("odd", &[("n", "1")]);
    let logs = ctx.logs();
    assert_eq!((logs[0].level, logs[0].message.as_str(), logs[0].field("n")), (Level::Warn, "odd", Some("1")));
}

#[test]
fn the_users_part_of_a_storage_is_seen() {
    let storage = MockStorage::new();
    storage.for_user("ann").put("k", &7).expect("stored");
    let of = |user: &str| MockContext::builder().grant_storage().storage(storage.clone()).user(user).build();
    assert_eq!(of("ann").storage().get("k"), Ok(Some(7)));
    assert_eq!(of("bob").storage().get::<u32>("k"), Ok(None));
}

#[test]
fn actions_and_options_run_by_id() {
    let ctx = chat().user("ann").build();
    assert_eq!(ctx.execute("whoami", json!({ "said": "x" })).expect("runs")["said"], "x");
    expect_error(ctx.execute("whoami", json!({ "said": 1 })), FailureKind::InvalidInput);
    expect_error(ctx.execute("fail", json!({ "kind": "rate-limited" })), FailureKind::RateLimited);
    assert_eq!(ctx.options("whoami", "said", json!({ "said": "x" })), Ok(vec![Choice::new("ann", "x")]));
    let unknown = complaint(|| drop(ctx.execute("nothing", json!({}))));
    assert_eq!(unknown, "`chat` has no action `nothing`, but `whoami`, `fail`, `count`");
    assert!(complaint(|| drop(ctx.options("whoami", "x", json!({})))).contains("lists no values for the field `x`"));
}

#[test]
fn triggers_run_by_id() {
    let ctx = chat().build();
    ctx.fetch_mock()
        .on("GET", "https://api.chat.example/messages")
        .query("since", 4)
        .respond(MockResponse::json(200, [5, 6]));
    let polled = ctx.poll("messages", json!({}), Some(json!(4))).expect("polled");
    let event = |id: u32| Event::new(id.to_string(), json!({ "id": id }));
    assert_eq!(polled, Polled { events: vec![event(5), event(6)], cursor: Some(json!(6)) });

    let state = ctx.enable("calls", json!({}), Some("https://hooks.example/1")).expect("enabled");
    assert_eq!(state, "subscription of https://hooks.example/1");
    let received = ctx.receive("calls", json!({}), &state, WebhookRequest::post(&[], "abc")).expect("received");
    assert_eq!(received, Received::status(202).event("subscription of https://hooks.example/1", json!(3)));
    assert_eq!(ctx.disable("calls", json!({}), &state), Ok(()));
    expect_error(ctx.enable("calls", json!({}), None), FailureKind::InvalidInput);
    assert!(complaint(|| drop(ctx.poll("x", json!({}), None))).contains("but `messages`, `calls`"));
}

#[test]
fn options_of_a_struct_make_the_same_context() {
    let ctx = create_mock_context(MockContextOptions {
        integration: Some(&CHAT),
        tokens: vec![("chat", create_mock_tokens())],
        ..Default::default()
    });
    assert_eq!(ctx.user_id(), MOCK_USER);
    assert!(ctx.connection("chat").is_ok());
}

#[test]
fn nothing_prints_a_token() {
    let ctx = chat().build();
    let account = ctx.connection("chat").expect("connected");
    ctx.fetch_mock().on("GET", "**").respond(MockResponse::empty(204));
    ctx.get("https://api.chat.example/").auth(&account).send().expect("answered");
    let text = format!("{ctx:?} {account:?} {:?} {:?}", ctx.fetch_mock().requests(), chat());
    assert!(!text.contains("mock-access-token") && !text.contains("mock-refresh-token"), "{text}");
}

#[test]
fn each_integration_finds_its_own_storage_again() {
    let ctx = MockContext::builder().integration(&NOTES).build();
    ctx.storage_mock().put("key", &1).expect("is stored");
    let other = ctx.for_integration(&CHAT);
    assert_eq!(other.storage_mock().get::<u32>("key"), Ok(None));
    assert_eq!(other.for_integration(&NOTES).storage_mock().get("key"), Ok(Some(1)));
}
