//! The guide to the format: each of its examples can be published on a host with the integrations of this repository.

use serde_json::json;
use workway_tests::TestHost;

use super::done;

const GUIDE: &str = include_str!("../../../../docs/workflow-config.md");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_of_the_guide_is_published() {
    let host = TestHost::builder().plugin("slack").plugin("github").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let examples: Vec<&str> = GUIDE.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() > 5);
    for (number, example) in examples.into_iter().enumerate() {
        let found = ann.post("/marketplace/validate", &json!({ "workflowYaml": example })).await;
        assert_eq!(found.status, 200, "{:#}", found.body);
        assert_eq!((&found.body["valid"], &found.body["problems"]), (&json!(true), &json!([])), "{example}");
        let body = json!({
            "name": format!("Example {number}"),
            "tagline": "An example of the guide",
            "description": "It is in the guide.",
            "workflowYaml": example,
        });
        let made = ann.post("/marketplace", &body).await;
        assert_eq!(made.status, 201, "{example}: {:#}", made.body);
        assert_eq!(made.body["requiredOauthProviders"], found.body["requiredOauthProviders"], "{example}");
        done(&ann, made.body["id"].as_str().expect("an id"), "publish").await;
    }
    host.finish().await;
}
