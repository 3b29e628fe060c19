//! GitHub's refusals, as failures that a caller can act on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::{host_at, refusal, repository};

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let github = MockServer::start().await;
    let host = host_at(&github.uri()).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    let reset = (now + Duration::from_secs(3600)).as_secs().to_string();
    let refused = |status, headers: &[(&str, &str)], message: &str| {
        let answer = ResponseTemplate::new(status).set_body_json(json!({ "message": message }));
        headers.iter().fold(answer, |answer, (name, value)| answer.insert_header(*name, *value))
    };
    let quota = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())];
    for (answer, most) in [
        (refused(403, &quota, "API rate limit exceeded"), 3600),
        (refused(429, &quota, "API rate limit exceeded"), 3600),
        (refused(429, &[("retry-after", "17")], "Slow down"), 17),
        (refused(403, &[("retry-after", "17")], "You have exceeded a secondary rate limit"), 17),
        (refused(403, &[], "You have exceeded a secondary rate limit"), 60),
    ] {
        let _once = Mock::given(any()).respond_with(answer).expect(1).mount_as_scoped(&github).await;
        let limited = host.execute("github.get-repository", repository()).await;
        assert_eq!(refusal(&limited), (429, "rate-limited"));
        let wait: u64 = limited.header("retry-after").parse().expect("whole seconds");
        // A reset is a time of day: some of the wait may be over.
        assert!(wait == most || (most == 3600 && (1..most).contains(&wait)), "{wait} of {most} seconds");
    }
    host.finish().await;
}

#[tokio::test]
async fn every_refusal_of_github_has_its_kind() {
    let github = MockServer::start().await;
    let host = host_at(&github.uri()).await;
    for (theirs, message, kind) in [
        (401, "Bad credentials", (401, "auth-required")),
        (403, "Resource not accessible by integration", (403, "permission-denied")),
        (404, "Not Found", (404, "not-found")),
        (409, "Conflict", (409, "conflict")),
        (410, "Issues has been disabled in this repository.", (422, "permanent")),
        (422, "Validation Failed", (400, "invalid-input")),
        (500, "Server Error", (502, "transient")),
        (503, "Unavailable", (502, "transient")),
    ] {
        let answer = ResponseTemplate::new(theirs).set_body_json(json!({ "message": message }));
        // Once: what GitHub refuses is not asked for again in the same call.
        let _once = Mock::given(any()).respond_with(answer).expect(1).mount_as_scoped(&github).await;
        let refused = host.execute("github.list-issues", repository()).await;
        assert_eq!(refusal(&refused), kind);
        assert!(refused.detail().contains(message), "{theirs} became {:?}", refused.detail());
    }
    host.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_not_githubs_is_a_failure_without_a_crash() {
    let github = MockServer::start().await;
    let host = host_at(&github.uri()).await;
    for body in ["", "<html>", "[]", "{\"id\": \"text\"}"] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        let _mock = Mock::given(any()).respond_with(answer).mount_as_scoped(&github).await;
        assert_eq!(refusal(&host.execute("github.get-repository", repository()).await), (422, "permanent"), "{body:?}");
    }
    host.finish().await;
}
