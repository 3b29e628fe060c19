//! The integration as a whole, against a GitHub that answers from rules.

use serde_json::{Value, json};
use workway_sdk::FailureKind;
use workway_sdk::testing::{MockContext, MockResponse, expect_error, setup_integration_tests};

use super::INTEGRATION;

const ISSUES: &str = "https://api.github.com/repos/octocat/Hello-World/issues";

fn connected() -> MockContext {
    setup_integration_tests(&INTEGRATION).context().build()
}

fn anonymous() -> MockContext {
    MockContext::builder().integration(&INTEGRATION).build()
}

fn issue(number: u64) -> Value {
    json!({
        "id": number, "number": number, "title": "Found a bug", "state": "open", "html_url": "https://github.com/x",
        "body": null, "user": { "login": "octocat", "id": 1, "html_url": "https://github.com/octocat", "type": "User" },
        "labels": [], "assignees": [], "comments": 0, "locked": false, "created_at": "2011-04-22T13:33:48Z",
        "updated_at": "2011-04-22T13:33:48Z", "closed_at": null, "repository_url": "https://api.github.com/x",
    })
}

#[test]
fn schemas_speak_camel_case_and_name_their_rules() {
    let list = INTEGRATION.action("list-issues").expect("the action is there");
    let input = list.input_schema();
    assert!(input.contains("\"perPage\""), "{input}");
    assert!(input.contains("\"maximum\":100"), "{input}");
    assert!(input.contains("\"required\":[\"owner\",\"repo\"]"), "{input}");
    let output = list.output_schema();
    assert!(output.contains("\"nextCursor\""), "{output}");
    assert!(output.contains("\"isPullRequest\""), "{output}");
    assert!(!output.contains("pull_request"), "{output}");
}

#[test]
fn issues_are_listed_page_by_page_without_an_account() {
    let ctx = anonymous();
    let link = r#"<https://api.github.com/repositories/1/issues?state=all&page=2>; rel="next""#;
    ctx.fetch_mock().on("GET", ISSUES).query("page", "2").respond(MockResponse::json(200, json!([issue(2)])));
    ctx.fetch_mock()
        .on("GET", ISSUES)
        .query("state", "all")
        .query("labels", "bug,help wanted")
        .header("x-github-api-version", "2022-11-28")
        .respond(MockResponse::json(200, json!([issue(1)])).header("link", link));
    let mut input =
        json!({ "owner": "octocat", "repo": "Hello-World", "state": "all", "labels": ["bug", "help wanted"] });
    let first = ctx.execute("list-issues", input.clone()).expect("a page");
    assert_eq!((&first["issues"][0]["number"], &first["nextCursor"]), (&json!(1), &json!("page=2")));
    input["cursor"] = first["nextCursor"].clone();
    let second = ctx.execute("list-issues", input).expect("a page");
    assert_eq!((&second["issues"][0]["number"], &second["nextCursor"]), (&json!(2), &Value::Null));
}

#[test]
fn an_issue_is_opened_for_the_connected_account_alone() {
    let input = json!({ "owner": "octocat", "repo": "Hello-World", "title": "Found a bug", "labels": ["bug"] });
    let ctx = anonymous();
    expect_error(ctx.execute("create-issue", input.clone()), FailureKind::AuthRequired);
    ctx.fetch_mock().assert_nothing_sent();

    let ctx = connected();
    ctx.fetch_mock().on("POST", ISSUES).respond(MockResponse::json(201, issue(1347)));
    let opened = ctx.execute("create-issue", input).expect("an issue");
    assert_eq!(opened["number"], json!(1347));
    ctx.fetch_mock().assert_sent("POST", ISSUES).times(1).json(json!({ "title": "Found a bug", "labels": ["bug"] }));
}

#[test]
fn an_empty_quota_waits_until_its_reset() {
    let ctx = connected();
    let reset = (workway_sdk::testing::MOCK_EPOCH + 90).to_string();
    let limited = MockResponse::json(403, json!({ "message": "API rate limit exceeded" }))
        .header("x-ratelimit-remaining", "0")
        .header("x-ratelimit-reset", &reset);
    ctx.fetch_mock().on("GET", "https://api.github.com/search/issues").respond(limited);
    let failure = expect_error(ctx.execute("search-issues", json!({ "query": "bug" })), FailureKind::RateLimited);
    assert!(format!("{failure:?}").contains("90s"), "{failure:?}");
}

#[test]
fn what_github_refuses_is_explained() {
    let ctx = connected();
    let refused = json!({ "message": "Validation Failed", "errors": [{ "field": "title", "code": "missing_field" }] });
    ctx.fetch_mock().on("POST", ISSUES).respond_with([
        MockResponse::json(422, refused),
        MockResponse::json(404, json!({ "message": "Not Found" })),
        MockResponse::broken_body(),
    ]);
    let input = json!({ "owner": "octocat", "repo": "Hello-World", "title": "x" });
    let invalid = expect_error(ctx.execute("create-issue", input.clone()), FailureKind::InvalidInput);
    assert!(invalid.message().contains("title: missing_field"), "{invalid}");
    expect_error(ctx.execute("create-issue", input.clone()), FailureKind::NotFound);
    expect_error(ctx.execute("create-issue", input), FailureKind::Transient);
}

#[test]
fn a_name_cannot_lead_to_another_place() {
    let ctx = connected();
    let input = json!({ "owner": "..", "repo": "user" });
    expect_error(ctx.execute("get-repository", input), FailureKind::InvalidInput);
    ctx.fetch_mock().assert_nothing_sent();
}
