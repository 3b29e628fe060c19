//! Validating a definition without storing it, and the warnings that come with what was published.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::TestHost;

use super::{definition, draft, market, published, whole, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn problems_are_the_answer_and_nothing_is_stored() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let validate = async |body: Value| ann.post("/marketplace/validate", &body).await;
    let sound = validate(json!({ "workflowDefinition": definition("hi") })).await;
    assert_eq!(
        (sound.status, sound.body),
        (200, json!({ "valid": true, "problems": [], "requiredOauthProviders": [] }))
    );
    let wrong = json!({
        "name": "Wrong",
        "trigger": { "manual": {} },
        "steps": [
            { "id": "say", "uses": "hello.ecko", "with": {} },
            { "id": "again", "uses": "hello.echo", "with": { "message": 7 } },
        ],
        "output": "${{ steps.agian.output }}",
    });
    let found = validate(json!({ "workflowDefinition": wrong })).await;
    assert_eq!((found.status, &found.body["valid"]), (200, &json!(false)), "{:#}", found.body);
    let problems = found.body["problems"].as_array().expect("a list");
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem["pointer"].as_str().expect("a pointer"), problem["severity"].as_str().expect("a text")))
        .collect();
    let expected =
        [("/steps/0/uses", "error"), ("/steps/1/with/message", "error"), ("/output", "error"), ("/output", "warning")];
    assert_eq!(told, expected, "{:#}", found.body);
    assert_eq!(problems[0]["message"], "unknown action \"hello.ecko\": did you mean \"hello.echo\"?");
    // A text that is no YAML, and one that is no workflow.
    for yaml in ["name: [", "name: a", ""] {
        let found = validate(json!({ "workflowYaml": yaml })).await;
        assert_eq!((found.status, &found.body["valid"]), (200, &json!(false)), "{yaml}: {:#}", found.body);
        assert_ne!(found.body["problems"], json!([]), "{yaml}");
    }
    assert_eq!(ann.get("/developers/me/workflows").await.body["total"], 0);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_no_request_is_refused() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    for body in [
        json!({}),
        json!({ "workflowDefinition": definition("hi"), "workflowYaml": "name: a" }),
        json!({ "definition": definition("hi") }),
        json!([]),
    ] {
        let refused = ann.post("/marketplace/validate", &body).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid-body"), "{body}");
    }
    let large = ann.post("/marketplace/validate", &json!({ "workflowYaml": "x".repeat(2 << 20) })).await;
    assert_eq!((large.status, large.code()), (413, "body-too-large"));
    let yaml = ann.request(Method::POST, "/marketplace/validate").header("content-type", "application/yaml");
    let refused = host.send(yaml.body("name: a")).await;
    assert_eq!((refused.status, refused.code()), (415, "not-json"));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn warnings_come_with_what_was_published() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let odd = definition("costs ${{ run.id }}");
    let id = draft(&ann, with(whole("Odd"), json!({ "workflowDefinition": odd }))).await;
    let shown = ann.post(&format!("/marketplace/{id}/publish"), &json!({})).await;
    assert_eq!(shown.status, 200, "{:#}", shown.body);
    assert_eq!(shown.body["warnings"][0]["pointer"], "/workflowDefinition/steps/0/with/message", "{:#}", shown.body);
    assert!(ann.get(&format!("/marketplace/{id}")).await.body.get("warnings").is_none());
    let plain = published(&ann, whole("Plain")).await;
    let added = ann
        .post(&format!("/marketplace/{plain}/versions"), &json!({ "workflowDefinition": definition("${{ run.id }}") }))
        .await;
    assert_eq!((added.status, added.body["warnings"].as_array().map(Vec::len)), (201, Some(1)), "{:#}", added.body);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_of_an_action_has_the_last_word() {
    let host = TestHost::builder().plugin("slack").plugin("github").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let pointers = async |uses: &str, input: Value| -> Vec<String> {
        let definition = json!({
            "name": "One", "trigger": { "manual": {} }, "steps": [{ "id": "a", "uses": uses, "with": input }],
        });
        let found = ann.post("/marketplace/validate", &json!({ "workflowDefinition": definition })).await;
        let problems = found.body["problems"].as_array().unwrap_or_else(|| panic!("no problems: {:#}", found.body));
        problems.iter().map(|problem| problem["pointer"].as_str().expect("a pointer").to_owned()).collect()
    };
    let input = json!({
        "owner": "-bad-", "repo": "x y", "perPage": 500, "state": "open", "since": "yesterday", "labels": [""],
    });
    let expected = ["labels/0", "owner", "perPage", "repo", "since"].map(|member| format!("/steps/0/with/{member}"));
    assert_eq!(pointers("github.list-issues", input).await, expected);
    assert_eq!(pointers("slack.post-message", json!({})).await, ["/steps/0", "/steps/0"]);
    let misspelt = pointers("slack.post-message", json!({ "chanel": "#a", "text": 5 })).await;
    assert_eq!(misspelt, ["/steps/0/with", "/steps/0/with/chanel", "/steps/0/with/text"]);
    host.finish().await;
}
