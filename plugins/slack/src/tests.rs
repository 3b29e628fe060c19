//! The integration as a whole, against a Slack that answers from rules.

use serde_json::{Value, json};
use workway_sdk::FailureKind;
use workway_sdk::testing::{
    MockContext, MockResponse, create_expired_tokens, create_mock_tokens, create_test_workflow, expect_error,
    setup_integration_tests,
};

use super::INTEGRATION;

const POST: &str = "https://slack.com/api/chat.postMessage";

fn connected() -> MockContext {
    setup_integration_tests(&INTEGRATION).context().build()
}

fn message() -> Value {
    json!({ "channel": "C123ABC456", "text": "Here's a message for you" })
}

#[test]
fn the_schema_of_a_message_asks_for_text_or_blocks() {
    for id in ["post-message", "update-message"] {
        let action = INTEGRATION.action(id).expect("the action is there");
        let schema: Value = serde_json::from_str(&action.input_schema()).expect("JSON");
        assert_eq!(schema["anyOf"], json!([{"required": ["text"]}, {"required": ["blocks"]}]));
    }
}

#[test]
fn a_message_is_posted_for_the_connected_workspace() {
    let ctx = connected();
    let posted = json!({ "ok": true, "channel": "C123ABC456", "ts": "1503435956.000247", "message": {} });
    ctx.fetch_mock().on("POST", POST).respond(MockResponse::json(200, posted));
    let input = json!({ "channel": "C123ABC456", "text": "hi", "threadTs": "1503435950.000001", "unfurlLinks": false });
    let output = ctx.execute("post-message", input).expect("a place");
    assert_eq!(output, json!({ "channel": "C123ABC456", "ts": "1503435956.000247" }));
    ctx.fetch_mock()
        .assert_sent("POST", POST)
        .times(1)
        .header("content-type", "application/json; charset=utf-8")
        .json(json!({ "channel": "C123ABC456", "thread_ts": "1503435950.000001", "unfurl_links": false }));
}

#[test]
fn slacks_refusals_are_failures_of_their_kind() {
    for (name, kind) in [
        ("token_revoked", FailureKind::AuthRequired),
        ("not_in_channel", FailureKind::PermissionDenied),
        ("channel_not_found", FailureKind::NotFound),
        ("is_archived", FailureKind::Conflict),
        ("msg_too_long", FailureKind::InvalidInput),
        ("internal_error", FailureKind::Transient),
        ("an_error_of_tomorrow", FailureKind::Permanent),
    ] {
        let ctx = connected();
        ctx.fetch_mock().on("POST", POST).respond(MockResponse::json(200, json!({ "ok": false, "error": name })));
        let failure = expect_error(ctx.execute("post-message", message()), kind);
        assert!(failure.message().contains(name), "{failure}");
    }
}

#[test]
fn a_rate_limit_and_an_outage_are_worth_another_attempt() {
    let ctx = connected();
    let answers = [MockResponse::rate_limited(30), MockResponse::empty(503), MockResponse::timeout()];
    ctx.fetch_mock().on("POST", POST).respond_with(answers);
    expect_error(ctx.execute("post-message", message()), FailureKind::RateLimited);
    expect_error(ctx.execute("post-message", message()), FailureKind::Transient);
    expect_error(ctx.execute("post-message", message()), FailureKind::Transient);
}

#[test]
fn without_a_workspace_nobody_is_asked() {
    let ctx = MockContext::builder().integration(&INTEGRATION).build();
    expect_error(ctx.execute("post-message", message()), FailureKind::AuthRequired);
    ctx.fetch_mock().assert_nothing_sent();
}

#[test]
fn a_workspace_that_was_connected_for_less_is_refused() {
    let tokens = create_mock_tokens().scopes(["users:read"]);
    let ctx = MockContext::builder().integration(&INTEGRATION).tokens("slack", tokens).build();
    let failure = expect_error(ctx.execute("post-message", message()), FailureKind::PermissionDenied);
    assert!(failure.message().contains("chat:write"), "{failure}");
}

#[test]
fn an_expired_token_is_renewed_on_the_way() {
    let ctx = MockContext::builder().integration(&INTEGRATION).tokens("slack", create_expired_tokens()).build();
    let posted = json!({ "ok": true, "channel": "C1", "ts": "1.2" });
    ctx.fetch_mock().on("POST", POST).respond(MockResponse::json(200, posted));
    ctx.execute("post-message", message()).expect("a place");
    assert_eq!(ctx.oauth().calls().refresh_tokens, 1);
}

#[test]
fn a_person_is_found_and_written_to() {
    let ctx = connected();
    let found = json!({ "ok": true, "user": { "id": "W012A3CDE", "name": "spengler", "profile": { "title": "" } } });
    ctx.fetch_mock()
        .on("GET", "https://slack.com/api/users.lookupByEmail")
        .query("email", "spengler@ghostbusters.example.com")
        .respond(MockResponse::json(200, found));
    let posted = json!({ "ok": true, "channel": "D024BE91L", "ts": "1.2" });
    ctx.fetch_mock().on("POST", POST).respond(MockResponse::json(200, posted));

    let run = create_test_workflow()
        .step("find", "find-user-by-email", json!({ "email": "spengler@ghostbusters.example.com" }))
        .step_with("write", "post-message", |outputs| json!({ "channel": outputs["find"]["id"], "text": "hi" }))
        .run(&ctx)
        .expect("both steps");
    assert_eq!(run.output("write"), &json!({ "channel": "D024BE91L", "ts": "1.2" }));
    ctx.fetch_mock().assert_sent("POST", POST).json(json!({ "channel": "W012A3CDE" }));
}

#[test]
fn channels_come_page_by_page() {
    let ctx = connected();
    let page = |id: &str, next: &str| {
        let channel = json!({ "id": id, "name": "general" });
        MockResponse::json(
            200,
            json!({ "ok": true, "channels": [channel], "response_metadata": { "next_cursor": next } }),
        )
    };
    let list = "https://slack.com/api/conversations.list";
    ctx.fetch_mock().on("GET", list).query("cursor", "two").respond(page("C2", ""));
    ctx.fetch_mock().on("GET", list).query("types", "public_channel").query("limit", "100").respond(page("C1", "two"));
    let first = ctx.execute("list-channels", json!({})).expect("a page");
    assert_eq!((&first["channels"][0]["id"], &first["nextCursor"]), (&json!("C1"), &json!("two")));
    let second = ctx.execute("list-channels", json!({ "cursor": first["nextCursor"] })).expect("a page");
    assert_eq!((&second["channels"][0]["id"], &second["nextCursor"]), (&json!("C2"), &Value::Null));
}
