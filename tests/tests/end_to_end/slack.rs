//! `plugins/slack` against a mock that answers as Slack documents its Web API, which is 200 with `"ok": false` for most
//! refusals. Nothing here reaches slack.com.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, method, path, query_param, query_param_is_missing},
};
use workway_tests::{Answer, TestHost, checked_output};

const TOKEN: &str = "xoxb-0123456789-abcdef";
const SCOPES: [&str; 5] = ["chat:write", "channels:read", "groups:read", "users:read", "users:read.email"];

async fn start() -> (TestHost, MockServer) {
    let slack = MockServer::start().await;
    let host = TestHost::builder().plugin("slack").upstream("slack.com", &slack.uri()).start().await;
    (host, slack)
}

/// A host whose user has connected a workspace.
async fn start_connected() -> (TestHost, MockServer) {
    let (host, slack) = start().await;
    assert_eq!(host.connect("slack", TOKEN, &SCOPES).await.status, 201);
    (host, slack)
}

async fn answer_with(slack: &MockServer, answer: ResponseTemplate) -> wiremock::MockGuard {
    Mock::given(any()).respond_with(answer).expect(1).mount_as_scoped(slack).await
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

async fn only_request(slack: &MockServer) -> Request {
    let mut requests = slack.received_requests().await.expect("requests are recorded");
    assert_eq!(requests.len(), 1, "{requests:?}");
    let request = requests.remove(0);
    assert_eq!(header(&request, "authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(header(&request, "host"), "slack.com");
    request
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
}

#[track_caller]
fn refusal(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

fn message() -> Value {
    json!({ "channel": "C123ABC456", "text": "Here's a message for you" })
}

#[tokio::test]
async fn a_message_is_posted_as_json_with_the_connections_token() {
    let (host, slack) = start_connected().await;
    // https://docs.slack.dev/reference/methods/chat.postMessage
    let posted = json!({
        "ok": true, "channel": "C123ABC456", "ts": "1503435956.000247",
        "message": { "text": "Here's a message for you", "type": "message", "subtype": "bot_message", "ts": "1503435956.000247" },
    });
    let _mock = answer_with(&slack, ok(posted)).await;
    let input = json!({
        "channel": "C123ABC456", "text": "Here's a message for you", "threadTs": "1503435950.000001",
        "replyBroadcast": true, "unfurlLinks": false, "blocks": [{ "type": "divider" }],
    });
    let output = checked_output(&host, "slack.post-message", input).await;
    assert_eq!(output, json!({ "channel": "C123ABC456", "ts": "1503435956.000247" }));
    let request = only_request(&slack).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/api/chat.postMessage"));
    assert_eq!(header(&request, "content-type"), "application/json; charset=utf-8");
    let sent: Value = request.body_json().expect("JSON");
    assert_eq!(
        sent,
        json!({
            "channel": "C123ABC456", "text": "Here's a message for you", "thread_ts": "1503435950.000001",
            "reply_broadcast": true, "unfurl_links": false, "blocks": [{ "type": "divider" }],
        })
    );
    host.finish().await;
}

#[tokio::test]
async fn a_message_is_replaced() {
    let (host, slack) = start_connected().await;
    // https://docs.slack.dev/reference/methods/chat.update
    let updated = json!({ "ok": true, "channel": "C123ABC456", "ts": "1401383885.000061", "text": "Updated text", "message": { "text": "Updated text" } });
    let _mock = answer_with(&slack, ok(updated)).await;
    let input = json!({ "channel": "C123ABC456", "ts": "1401383885.000061", "text": "Updated text" });
    let output = checked_output(&host, "slack.update-message", input.clone()).await;
    assert_eq!(output, json!({ "channel": "C123ABC456", "ts": "1401383885.000061" }));
    let request = only_request(&slack).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/api/chat.update"));
    assert_eq!(request.body_json::<Value>().expect("JSON"), input);
    host.finish().await;
}

#[tokio::test]
async fn a_person_is_found_by_address() {
    let (host, slack) = start_connected().await;
    // https://docs.slack.dev/reference/methods/users.lookupByEmail
    let found = json!({
        "ok": true,
        "user": {
            "id": "W012A3CDE", "team_id": "T012AB3C4", "name": "spengler", "deleted": false, "color": "9f69e7",
            "real_name": "Egon Spengler", "tz": "America/New_York", "tz_label": "Eastern Daylight Time", "tz_offset": -14400,
            "profile": {
                "avatar_hash": "ge3b51ca72de", "status_text": "Print is dead", "status_emoji": ":books:", "title": "",
                "real_name": "Egon Spengler", "display_name": "spengler", "email": "spengler@ghostbusters.example.com",
            },
            "is_admin": true, "is_owner": false, "is_bot": false, "updated": 1_502_138_686,
        },
    });
    let _mock = answer_with(&slack, ok(found)).await;
    let input = json!({ "email": "spengler+x@ghostbusters.example.com" });
    let output = checked_output(&host, "slack.find-user-by-email", input).await;
    assert_eq!((&output["id"], &output["displayName"]), (&json!("W012A3CDE"), &json!("spengler")));
    assert_eq!((&output["title"], &output["timeZone"]), (&Value::Null, &json!("America/New_York")));
    let request = only_request(&slack).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("GET", "/api/users.lookupByEmail"));
    let query: Vec<_> = request.url.query_pairs().collect();
    assert_eq!(query, [("email".into(), "spengler+x@ghostbusters.example.com".into())], "a plus is no space");
    host.finish().await;
}

#[tokio::test]
async fn channels_are_listed_page_by_page_until_the_last() {
    let (host, slack) = start_connected().await;
    // https://docs.slack.dev/reference/methods/conversations.list
    let page = |id: &str, next: &str| {
        ok(json!({
            "ok": true,
            "channels": [{
                "id": id, "name": "general", "is_channel": true, "is_private": false, "is_archived": false,
                "is_member": true, "num_members": 4, "topic": { "value": "Company-wide", "creator": "", "last_set": 0 },
                "purpose": { "value": "", "creator": "", "last_set": 0 },
            }],
            "response_metadata": { "next_cursor": next },
        }))
    };
    let list = || {
        Mock::given(method("GET"))
            .and(path("/api/conversations.list"))
            .and(query_param("types", "public_channel,private_channel"))
            .and(query_param("exclude_archived", "true"))
            .and(query_param("limit", "1"))
    };
    let first = list().and(query_param_is_missing("cursor")).respond_with(page("C012AB3CD", "dGVhbTpDMDYxRkE1UEI="));
    first.expect(1).mount(&slack).await;
    list()
        .and(query_param("cursor", "dGVhbTpDMDYxRkE1UEI="))
        .respond_with(page("C061EG9T2", ""))
        .expect(1)
        .mount(&slack)
        .await;

    let mut input = json!({ "includePrivate": true, "limit": 1 });
    let output = checked_output(&host, "slack.list-channels", input.clone()).await;
    assert_eq!((&output["channels"][0]["id"], &output["channels"][0]["memberCount"]), (&json!("C012AB3CD"), &json!(4)));
    input["cursor"] = output["nextCursor"].clone();
    let output = checked_output(&host, "slack.list-channels", input).await;
    assert_eq!((&output["channels"][0]["id"], &output["nextCursor"]), (&json!("C061EG9T2"), &Value::Null));
    host.finish().await;
}

#[tokio::test]
async fn every_class_of_slacks_errors_has_its_kind() {
    let (host, slack) = start_connected().await;
    for (name, kind) in [
        ("token_revoked", (401, "auth-required")),
        ("not_in_channel", (403, "permission-denied")),
        ("channel_not_found", (404, "not-found")),
        ("is_archived", (409, "conflict")),
        ("ratelimited", (429, "rate-limited")),
        ("msg_too_long", (400, "invalid-input")),
        ("internal_error", (502, "transient")),
        ("an_error_of_tomorrow", (422, "permanent")),
    ] {
        let _mock = answer_with(&slack, ok(json!({ "ok": false, "error": name }))).await;
        let refused = host.execute("slack.post-message", message()).await;
        assert_eq!(refusal(&refused), kind, "{name}");
        assert!(refused.detail().contains(name), "{:?} does not name {name}", refused.detail());
    }
    host.finish().await;
}

#[tokio::test]
async fn what_slack_says_of_an_error_is_passed_on() {
    let (host, slack) = start_connected().await;
    for (body, part) in [
        (
            json!({ "ok": false, "error": "missing_scope", "needed": "chat:write", "provided": "users:read" }),
            "chat:write",
        ),
        (
            json!({ "ok": false, "error": "invalid_arguments", "response_metadata": { "messages": ["[ERROR] missing required field: channel"] } }),
            "missing required field: channel",
        ),
    ] {
        let _mock = answer_with(&slack, ok(body)).await;
        let refused = host.execute("slack.post-message", message()).await;
        assert!(refused.detail().contains(part), "{:?}", refused.detail());
    }
    host.finish().await;
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let (host, slack) = start_connected().await;
    // https://docs.slack.dev/apis/web-api/rate-limits
    let limited = json!({ "ok": false, "error": "ratelimited" });
    for answer in [ResponseTemplate::new(429), ResponseTemplate::new(429).set_body_json(&limited), ok(limited)] {
        let _mock = answer_with(&slack, answer.insert_header("retry-after", "30")).await;
        let refused = host.execute("slack.post-message", message()).await;
        assert_eq!(refusal(&refused), (429, "rate-limited"));
        assert_eq!(refused.header("retry-after"), "30");
    }
    host.finish().await;
}

#[tokio::test]
async fn an_outage_is_worth_another_attempt_and_nonsense_is_not() {
    let (host, slack) = start_connected().await;
    for status in [500, 502, 503, 504] {
        let _mock = answer_with(&slack, ResponseTemplate::new(status).set_body_string("<html>")).await;
        assert_eq!(refusal(&host.execute("slack.post-message", message()).await), (502, "transient"), "{status}");
    }
    for body in ["", "<html>", "[]", "{}", "{\"ok\": true}"] {
        let _mock = answer_with(&slack, ResponseTemplate::new(200).set_body_string(body)).await;
        assert_eq!(refusal(&host.execute("slack.post-message", message()).await), (422, "permanent"), "{body:?}");
    }
    host.finish().await;
}

#[tokio::test]
async fn without_a_connection_or_with_invalid_input_nobody_is_asked() {
    let (host, slack) = start().await;
    assert_eq!(refusal(&host.execute("slack.post-message", message()).await), (401, "auth-required"));
    assert_eq!(host.connect("slack", TOKEN, &SCOPES).await.status, 201);
    for (action, input) in [
        ("slack.post-message", json!({ "channel": "C1" })),
        ("slack.post-message", json!({ "channel": "C1", "text": null })),
        ("slack.post-message", json!({ "channel": "C1", "text": "hi", "thread_ts": "1.2" })),
        ("slack.update-message", json!({ "channel": "C1", "text": "hi", "ts": "yesterday" })),
        ("slack.list-channels", json!({ "limit": 1001 })),
        ("slack.find-user-by-email", json!({ "email": "nobody" })),
    ] {
        assert_eq!(refusal(&host.execute(action, input.clone()).await), (400, "invalid-input"), "{action} {input}");
    }
    assert!(slack.received_requests().await.is_some_and(|requests| requests.is_empty()));
    host.finish().await;
}
