//! `integration test --live --save` against a Slack of the test's own, with an account that was connected at a host; then
//! the same case without any Slack.

use std::{fs, path::Path};

use reqwest::Client;
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};
use workway_tests::plugin;

use crate::{process::PATIENCE, project::Project};

const TOKEN: &str = "xoxb-a-token-that-nobody-sees";
const CASE: &str = "cases:\n  - name: writes to a channel\n    action: post-message\n    \
                    input: { channel: C1, text: hi }\n    connections: { slack: {} }\n    expect: { output: { channel: C1, ts: \"1.2\" } }\n";

/// No file below a folder has the token in it.
fn assert_secret(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_secret(&path);
        } else {
            let content = fs::read(&path).expect("a file");
            let holds = content.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
            assert!(!holds, "{} holds the token", path.display());
        }
    }
}

#[tokio::test]
async fn what_the_real_service_answered_is_replayed_without_it() {
    let slack = MockServer::start().await;
    // An answer that repeats the token, as some do.
    let posted =
        json!({ "ok": true, "channel": "C1", "ts": "1.2", "echo": format!("Bearer {TOKEN}"), "token": "other" });
    Mock::given(method("POST"))
        .and(path("/api/chat.postMessage"))
        .and(header("authorization", format!("Bearer {TOKEN}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(posted).insert_header("set-cookie", TOKEN))
        .expect(1)
        .mount(&slack)
        .await;
    let project = Project::on_nothing();
    project.write("workway.toml", format!("[upstreams]\n\"slack.com\" = \"{}\"\n", slack.uri()));
    project.write("probe/tests/messages.yaml", CASE);

    let mut host = project.host();
    let listening = host.stdout.until("listening on ").await;
    let origin = listening.strip_prefix("listening on ").expect("an origin");
    let client = Client::builder().no_proxy().build().expect("a client");
    let account = json!({
        "provider": "slack", "accessToken": TOKEN, "account": "acme",
        "scopes": ["chat:write", "channels:read", "groups:read", "users:read", "users:read.email"],
    });
    let connect = client.post(format!("{origin}/oauth/connections")).json(&account).timeout(PATIENCE);
    assert_eq!(connect.send().await.expect("an answer").status(), 201);
    host.interrupt();
    host.ended().await;

    let component = plugin("slack").to_string_lossy().into_owned();
    let words = ["test", "probe", "--component", &component];
    // Without fixtures nothing answers.
    let ended = project.integration(&words).ended().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");

    let ended = project.integration(&[&words[..], &["--live", "--save"]].concat()).ended().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!ended.stdout.contains(TOKEN) && !ended.stderr.contains(TOKEN));
    let recorded = fs::read_to_string(project.path("probe/tests/recorded/messages/writes-to-a-channel.yaml"));
    let recorded = recorded.expect("what was recorded");
    assert!(
        recorded.contains("https://slack.com/api/chat.postMessage") && recorded.contains("[redacted]"),
        "{recorded}"
    );
    assert!(!recorded.contains("other") && !recorded.contains("set-cookie"), "{recorded}");
    slack.verify().await;
    drop(slack);

    let ended = project.integration(&words).ended().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with("1 passed, 0 failed\n"), "{ended:?}");
    assert_secret(&project.path(""));
}
