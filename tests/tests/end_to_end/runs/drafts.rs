//! Trying an own workflow before it is published.

use serde_json::{Value, json};
use workway_tests::{TestHost, keep_secret};

use super::{ended, run_of};
use crate::marketplace::{draft, with};

/// A value of a secret input, which no answer and no log may hold.
const SECRET: &str = "a secret that only a draft was told";

fn definition() -> Value {
    json!({
        "name": "Draft",
        "inputs": {
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": { "name": { "type": "string" }, "key": { "type": "string", "format": "secret" } },
        },
        "trigger": { "webhook": {} },
        "steps": [
            { "id": "greet", "uses": "hello.greet", "with": { "name": "{{ inputs.name }} {{ trigger.body }}" } },
            { "id": "say", "uses": "hello.echo", "with": { "message": "{{ steps.greet.output.greeting }}" } },
        ],
        "output": "{{ steps.say.output.message }}",
    })
}

fn body() -> Value {
    json!({ "name": "Draft", "workflowDefinition": definition() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_tried_with_inputs_and_a_payload() {
    keep_secret(SECRET);
    let host = TestHost::builder().guest("hello").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let workflow = draft(&ann, body()).await;
    let request = json!({ "inputs": { "name": "Ann", "key": SECRET }, "trigger": { "body": "Lee" } });
    let run = run_of(&ann.post(&format!("/workflows/{workflow}/execute"), &request).await);
    let shown = ended(&ann, &run).await;
    assert_eq!((&shown["status"], &shown["origin"]), (&json!("succeeded"), &json!("draft")));
    assert_eq!(
        (&shown["workflowId"], shown.get("installationId"), shown.get("version")),
        (&json!(workflow), None, None)
    );
    assert_eq!(shown["output"]["value"], "Hello, Ann Lee!");
    assert_eq!(shown["inputs"]["value"], json!({ "name": "Ann" }), "a secret input is left out");
    let repeated = run_of(&ann.post(&format!("/runs/{run}/retry"), &json!({ "from": "say" })).await);
    assert_eq!(ended(&ann, &repeated).await["output"]["value"], "Hello, Ann Lee!");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mocks_replace_every_action() {
    let host = TestHost::builder().guest("hello").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let workflow = draft(&ann, body()).await;
    let path = format!("/workflows/{workflow}/execute");
    let inputs = json!({ "inputs": { "name": "Ann" }, "trigger": { "body": "Lee" } });
    let all = json!({ "greet": { "greeting": "Hi" }, "say": { "message": "mocked" } });
    let run = run_of(&ann.post(&path, &with(inputs.clone(), json!({ "mocks": all }))).await);
    let shown = ended(&ann, &run).await;
    assert_eq!(
        (&shown["output"]["value"], &shown["steps"][1]["input"]["value"]),
        (&json!("mocked"), &json!({ "message": "Hi" }))
    );
    let run = run_of(&ann.post(&path, &with(inputs, json!({ "mocks": { "greet": { "greeting": "Hi" } } }))).await);
    let shown = ended(&ann, &run).await;
    assert_eq!((&shown["status"], &shown["failure"]["code"]), (&json!("failed"), &json!("no-mock")));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_has_to_be_whole_own_and_given_what_it_needs() {
    let host = TestHost::builder().guest("hello").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let bob = host.developer("bob@example.com", "bob").await;
    let workflow = draft(&ann, body()).await;
    let path = format!("/workflows/{workflow}/execute");
    for (request, pointer) in [
        (json!({}), "/inputs"),
        (json!({ "inputs": { "name": 7 } }), "/inputs/name"),
        (json!({ "inputs": { "name": "Ann", "other": 1 } }), "/inputs"),
        (json!({ "inputs": { "name": "Ann" }, "connections": { "slack": "x" } }), "/connections/slack"),
    ] {
        let refused = ann.post(&path, &request).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid-input"), "{request}");
        let problem = refused.body["errors"][0]["pointer"].as_str().expect("a pointer");
        assert!(problem.starts_with(pointer), "{request}: {problem}");
    }
    let refused = bob.post(&path, &json!({ "inputs": { "name": "Bob" } })).await;
    assert_eq!((refused.status, refused.code()), (404, "workflow-not-found"));
    let half = draft(&ann, json!({ "name": "Half", "workflowDefinition": { "name": "Half" } })).await;
    let refused = ann.post(&format!("/workflows/{half}/execute"), &json!({})).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid-workflow"));
    host.finish().await;
}
