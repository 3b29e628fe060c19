//! `plugins/github`: against GitHub's own description of its API, served by Prism, and against a mock for what Prism
//! cannot be told to do, which is to refuse. Nothing here reaches github.com.

mod described;
mod refusals;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, USER_AGENT};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, method, path, query_param, query_param_is_missing},
};
use workway_tests::{Answer, TestHost, checked_output};

const TOKEN: &str = "gho_0123456789abcdef";

async fn host_at(origin: &str) -> TestHost {
    TestHost::builder().plugin("github").upstream("api.github.com", origin).start().await
}

async fn connect(host: &TestHost) {
    assert_eq!(host.connect("github", TOKEN, &["repo"]).await.status, 201);
}

/// A host with GitHub played by a mock that answers everything in one way.
async fn host_answered(answer: ResponseTemplate) -> (TestHost, MockServer) {
    let github = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&github).await;
    (host_at(&github.uri()).await, github)
}

#[track_caller]
fn refusal(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

fn repository() -> Value {
    json!({ "owner": "octocat", "repo": "Hello-World" })
}

fn issue_input() -> Value {
    json!({
        "owner": "octocat", "repo": "Hello-World", "title": "Found a bug", "body": "It **crashes**.",
        "labels": ["bug"], "assignees": ["octocat"],
    })
}

fn comment_input() -> Value {
    json!({ "owner": "octocat", "repo": "Hello-World", "issueNumber": 1347, "body": "Me too" })
}

/// An issue with no more than what GitHub always says.
fn issue(number: u64) -> Value {
    json!({
        "id": number, "number": number, "title": format!("Issue {number}"), "state": "open", "body": null,
        "user": null, "labels": [{ "name": "bug" }, "help wanted"], "assignees": null, "comments": 0,
        "html_url": format!("https://github.com/octocat/Hello-World/issues/{number}"),
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "closed_at": null,
    })
}

#[tokio::test]
async fn a_request_carries_what_github_asks_for() {
    let (host, github) = host_answered(ResponseTemplate::new(201).set_body_json(issue(7))).await;
    connect(&host).await;
    let output = checked_output(&host, "github.create-issue", issue_input()).await;
    assert_eq!(output["labels"], json!(["bug", "help wanted"]));
    let requests = github.received_requests().await.expect("requests are recorded");
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/repos/octocat/Hello-World/issues"));
    let body: Value = request.body_json().expect("JSON");
    assert_eq!(
        body,
        json!({ "title": "Found a bug", "body": "It **crashes**.", "labels": ["bug"], "assignees": ["octocat"] })
    );
    let header = |name: &str| text(&request.headers, name);
    assert_eq!(header(AUTHORIZATION.as_str()), format!("Bearer {TOKEN}"));
    assert_eq!(header("host"), "api.github.com");
    assert_eq!(header("x-github-api-version"), "2022-11-28");
    assert!(header(ACCEPT.as_str()).starts_with("application/vnd.github+json"));
    assert!(header(USER_AGENT.as_str()).starts_with("workway-github/"));
    host.finish().await;
}

#[tokio::test]
async fn without_an_account_reads_are_anonymous_and_writes_reach_nobody() {
    let (host, github) = host_answered(ResponseTemplate::new(200).set_body_json(json!([issue(1)]))).await;
    for (action, input) in [("github.create-issue", issue_input()), ("github.add-comment", comment_input())] {
        assert_eq!(refusal(&host.execute(action, input).await), (401, "auth-required"));
    }
    assert!(github.received_requests().await.is_some_and(|requests| requests.is_empty()));
    checked_output(&host, "github.list-issues", repository()).await;
    let requests = github.received_requests().await.expect("requests are recorded");
    assert!(requests.len() == 1 && !requests[0].headers.contains_key(AUTHORIZATION), "{requests:?}");
    host.finish().await;
}

#[tokio::test]
async fn a_connection_without_the_scope_writes_nothing() {
    let (host, github) = host_answered(ResponseTemplate::new(201).set_body_json(issue(1))).await;
    assert_eq!(host.connect("github", TOKEN, &["read:user"]).await.status, 201);
    let answer = host.execute("github.create-issue", issue_input()).await;
    assert_eq!(refusal(&answer), (403, "permission-denied"), "{:#}", answer.body);
    assert!(github.received_requests().await.is_some_and(|requests| requests.is_empty()));
    host.finish().await;
}

#[tokio::test]
async fn invalid_input_reaches_nobody() {
    let (host, github) = host_answered(ResponseTemplate::new(200)).await;
    connect(&host).await;
    let in_repository = |more: Value| {
        let mut input = repository();
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        input
    };
    let cases = [
        ("github.get-repository", json!({ "owner": "octocat" }), ""),
        ("github.get-repository", json!({ "owner": "octocat", "repo": "a/../../user" }), "/repo"),
        ("github.get-repository", json!({ "owner": "octocat", "repo": "Hello", "more": 1 }), ""),
        ("github.list-issues", in_repository(json!({ "perPage": 101 })), "/perPage"),
        ("github.list-issues", in_repository(json!({ "state": "merged" })), "/state"),
        ("github.list-issues", in_repository(json!({ "since": "yesterday" })), "/since"),
        ("github.create-issue", in_repository(json!({ "title": "" })), "/title"),
        ("github.add-comment", in_repository(json!({ "issueNumber": 0, "body": "hi" })), "/issueNumber"),
        ("github.search-issues", json!({ "query": "x".repeat(257) }), "/query"),
    ];
    for (action, input, pointer) in cases {
        let answer = host.execute(action, input.clone()).await;
        assert_eq!(refusal(&answer), (400, "invalid-input"), "{input}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{:#}", answer.body);
    }
    // What a schema cannot say, the integration itself refuses.
    for (action, input) in [
        ("github.get-repository", json!({ "owner": "octocat", "repo": ".." })),
        ("github.list-issues", in_repository(json!({ "cursor": "https://evil.example/?page=2" }))),
        ("github.list-issues", in_repository(json!({ "cursor": "page=2&per_page=1" }))),
        ("github.search-issues", json!({ "query": "crash", "cursor": "page=2#x" })),
    ] {
        assert_eq!(refusal(&host.execute(action, input.clone()).await), (400, "invalid-input"), "{input}");
    }
    assert!(github.received_requests().await.is_some_and(|requests| requests.is_empty()));
    host.finish().await;
}

#[tokio::test]
async fn a_cursor_leads_through_all_pages_and_ends() {
    let github = MockServer::start().await;
    let link = "<https://api.github.com/repositories/1/issues?state=all&page=2>; rel=\"next\", \
                <https://api.github.com/repositories/1/issues?state=all&page=2>; rel=\"last\"";
    let issues =
        || Mock::given(method("GET")).and(path("/repos/octocat/Hello-World/issues")).and(query_param("state", "all"));
    let page = |number| ResponseTemplate::new(200).set_body_json(json!([issue(number)]));
    let first = issues().and(query_param_is_missing("page")).respond_with(page(1).insert_header("link", link));
    first.expect(1).mount(&github).await;
    let second = issues()
        .and(query_param("page", "2"))
        .respond_with(page(2).insert_header("link", "<https://api.github.com/x?page=1>; rel=\"prev\""));
    second.expect(1).mount(&github).await;

    let host = host_at(&github.uri()).await;
    let (mut cursor, mut numbers) = (None, Vec::new());
    loop {
        let mut input = json!({ "owner": "octocat", "repo": "Hello-World", "state": "all" });
        if let Some(cursor) = cursor {
            input["cursor"] = cursor;
        }
        let output = checked_output(&host, "github.list-issues", input).await;
        numbers.push(output["issues"][0]["number"].clone());
        match output["nextCursor"].clone() {
            Value::Null => break,
            next => cursor = Some(next),
        }
    }
    assert_eq!(numbers, [1, 2]);
    host.finish().await;
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
}
