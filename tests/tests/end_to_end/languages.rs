//! Guests that are not written in Rust: JavaScript made into a component by jco, Python by componentize-py. The contract
//! has to carry them, within the limits that every integration has unless its operator says otherwise.

use serde_json::{Value, json};
use workway_tests::{TestHost, guest, skip};

/// A host with the guest of a language and the default limits. `None` where that language's tools are absent.
async fn host(test: &str, language: &str) -> Option<TestHost> {
    let Some(component) = guest(language) else {
        skip(&format!("languages::{test}"), &format!("{language} guest"));
        return None;
    };
    Some(TestHost::builder().file(&format!("{language}.wasm"), component).start().await)
}

// One test a language: making machine code of a whole engine takes many seconds.

#[tokio::test]
async fn a_javascript_guest_answers_within_the_default_limits() {
    if let Some(host) = host("a_javascript_guest_answers_within_the_default_limits", "javascript").await {
        loads_and_answers(&host, "javascript", "js-hello").await;
        keeps_within_limits(&host, "js-hello.echo").await;
        host.finish().await;
    }
}

#[tokio::test]
async fn a_python_guest_answers_within_the_default_limits() {
    if let Some(host) = host("a_python_guest_answers_within_the_default_limits", "python").await {
        loads_and_answers(&host, "python", "py-hello").await;
        keeps_within_limits(&host, "py-hello.echo").await;
        host.finish().await;
    }
}

async fn loads_and_answers(host: &TestHost, language: &str, integration: &str) {
    let entry = host.get(&format!("/registry/integrations/{integration}")).await;
    assert_eq!((entry.status, &entry.body["status"]), (200, &json!("active")), "{:#}", entry.body);
    assert_eq!(entry.body["file"], format!("{language}.wasm"));
    assert_eq!(entry.body["categories"], json!(["test"]));

    let action = format!("{integration}.echo");
    let detail = host.get(&format!("/registry/actions/{action}")).await;
    assert_eq!(detail.body["inputSchema"]["required"], json!(["message"]), "{:#}", detail.body);
    let message = "Grüße, 世界 🦀 \u{0} \"\\";
    let output = host.execute(&action, json!({ "message": message })).await.output().clone();
    assert_eq!(output, json!({ "message": message, "language": language }));

    let refused = host.execute(&action, json!({ "message": 5 })).await;
    assert_eq!((refused.status, refused.code()), (400, "invalid-input"));
}

/// An engine of another language brings its own heap and its own start: 128 MiB and 10 s have to hold both, for many
/// calls at once as for one, and for a message of a megabyte.
async fn keeps_within_limits(host: &TestHost, action: &str) {
    let large = "m".repeat(1 << 20);
    let output = host.execute(action, json!({ "message": large })).await.output().clone();
    assert_eq!(output["message"].as_str().map(str::len), Some(large.len()));

    let messages: Vec<Value> = (0..8).map(|number| json!({ "message": number.to_string() })).collect();
    let calls = messages.iter().map(|input| host.execute(action, input.clone()));
    for (answer, input) in futures_util::future::join_all(calls).await.iter().zip(&messages) {
        assert_eq!(answer.output()["message"], input["message"]);
    }
}
