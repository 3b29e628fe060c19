//! All actions against GitHub's own OpenAPI file, served by Prism, which nobody here wrote either.

use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use workway_tests::{Prism, TestHost, checked_output, skip};

use super::{comment_input, connect, host_at, issue_input, refusal, repository};

// One test, because Prism takes many seconds to read GitHub's file.
#[tokio::test]
async fn every_action_works_against_githubs_own_description() {
    let Some(prism) = Prism::start().await else {
        return skip("github::described::every_action_works_against_githubs_own_description", "Prism");
    };
    let host = host_at(prism.origin()).await;
    the_mock_refuses_what_github_does_not_describe(&prism).await;
    reads_work(&host, &prism).await;
    for (action, input) in [("github.create-issue", issue_input()), ("github.add-comment", comment_input())] {
        assert_eq!(refusal(&host.execute(action, input).await), (401, "auth-required"));
    }
    connect(&host).await;
    reads_work(&host, &prism).await;
    writes_work(&host).await;
    host.finish().await;
    prism.end().await;
}

/// Otherwise the rest would show nothing.
async fn the_mock_refuses_what_github_does_not_describe(prism: &Prism) {
    for target in ["/repos/octocat/Hello-World/issues?per_page=many", "/repos/octocat/Hello-World/isues"] {
        let refused = ask(prism, target).await;
        assert!(refused.status().is_client_error() || refused.status().is_server_error(), "{target}: {refused:?}");
    }
}

async fn ask_for_json(prism: &Prism, target: &str) -> Value {
    ask(prism, target).await.json().await.expect("JSON")
}

async fn reads_work(host: &TestHost, prism: &Prism) {
    let output = checked_output(host, "github.get-repository", repository()).await;
    let theirs = ask_for_json(prism, "/repos/octocat/Hello-World").await;
    assert_eq!(output["fullName"], theirs["full_name"]);
    assert_eq!(output["defaultBranch"], theirs["default_branch"]);
    assert_eq!(output["owner"]["login"], theirs["owner"]["login"]);
    assert_eq!(output["stargazersCount"], theirs["stargazers_count"]);

    let page = checked_output(host, "github.list-issues", repository()).await;
    let theirs = ask_for_json(prism, "/repos/octocat/Hello-World/issues").await;
    same_issues(&page["issues"], &theirs);
    // GitHub's description gives each page the example of a `Link` header, with page 2 as the next one.
    assert_eq!(page["nextCursor"], "page=2");
    let every_filter = json!({
        "owner": "octocat", "repo": "Hello-World", "state": "all", "labels": ["bug", "help wanted"],
        "assignee": "octocat", "since": "2026-01-01T00:00:00Z", "perPage": 100, "cursor": page["nextCursor"],
    });
    checked_output(host, "github.list-issues", every_filter).await;

    let every_filter = json!({
        "query": "crash repo:octocat/Hello-World", "kind": "issue", "sort": "reactions", "order": "asc",
        "perPage": 100, "cursor": "page=3",
    });
    let found = checked_output(host, "github.search-issues", every_filter).await;
    let theirs = ask_for_json(prism, "/search/issues?q=crash").await;
    assert_eq!(
        (&found["totalCount"], &found["incompleteResults"]),
        (&theirs["total_count"], &theirs["incomplete_results"])
    );
    same_issues(&found["issues"], &theirs["items"]);
    assert_eq!(found["nextCursor"], Value::Null);
}

#[track_caller]
fn same_issues(ours: &Value, theirs: &Value) {
    let numbers = |issues: &Value| -> Vec<Value> {
        issues.as_array().expect("a list").iter().map(|issue| issue["number"].clone()).collect()
    };
    assert_eq!(numbers(ours), numbers(theirs));
}

async fn writes_work(host: &TestHost) {
    let issue = checked_output(host, "github.create-issue", issue_input()).await;
    assert!(issue["number"].is_i64(), "{issue:#}");
    let comment = checked_output(host, "github.add-comment", comment_input()).await;
    assert!(comment["id"].is_i64(), "{comment:#}");
}

/// Asks Prism itself, which answers the same to the same request.
async fn ask(prism: &Prism, target: &str) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.get(format!("{}{target}", prism.origin())).header(ACCEPT, "application/json");
    request.send().await.expect("Prism answers")
}
