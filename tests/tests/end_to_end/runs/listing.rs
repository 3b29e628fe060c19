//! Lists of runs, whose runs they are, and what operators see of all.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{Answer, TestHost};

use super::{ended, installed, manual, started};

fn ids(page: &Answer) -> Vec<&str> {
    let runs = page.body["runs"].as_array().unwrap_or_else(|| panic!("no list: {:#}", page.body));
    runs.iter().map(|run| run["id"].as_str().expect("an id")).collect()
}

fn hello() -> Value {
    manual(json!([{ "id": "say", "uses": "hello.echo", "with": { "message": "hi" } }]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_page_by_page_and_filtered() {
    let host = TestHost::builder().guest("hello").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let (one, two) = (installed(&ann, "One", hello()).await, installed(&ann, "Two", hello()).await);
    let mut runs = Vec::new();
    for installation in [&one, &two, &one] {
        let run = started(&ann, installation, Value::Null).await;
        ended(&ann, &run).await;
        runs.push(run);
    }
    let first = ann.get("/runs?limit=2").await;
    assert_eq!(ids(&first), [&runs[2], &runs[1]], "the newest first");
    let cursor = first.body["nextCursor"].as_str().expect("there is more");
    let last = ann.get(&format!("/runs?limit=2&cursor={cursor}")).await;
    assert_eq!((ids(&last), last.body.get("nextCursor")), (vec![runs[0].as_str()], None));
    let workflow = first.body["runs"][1]["workflowId"].as_str().expect("a workflow").to_owned();
    let created = first.body["runs"][0]["createdAt"].as_str().expect("a time").to_owned();
    for (query, expected) in [
        (format!("installation={one}"), vec![&runs[2], &runs[0]]),
        (format!("workflow={workflow}"), vec![&runs[1]]),
        ("status=succeeded".to_owned(), vec![&runs[2], &runs[1], &runs[0]]),
        ("status=failed".to_owned(), vec![]),
        ("origin=webhook".to_owned(), vec![]),
        (format!("createdFrom={created}&limit=1"), vec![&runs[2]]),
        ("createdBefore=2000-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        assert_eq!(ids(&ann.get(&format!("/runs?{query}")).await), expected, "{query}");
    }
    for query in ["limit=0", "limit=101", "status=gone", "cursor=2", "offset=1", "createdFrom=yesterday"] {
        let refused = ann.get(&format!("/runs?{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid-query"), "{query}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_others_a_run_is_not_there() {
    let host = TestHost::builder().guest("hello").start().await;
    let (ann, eve) = (host.developer("ann@example.com", "ann").await, host.user("eve@example.com").await);
    let installation = installed(&ann, "Hers", hello()).await;
    let run = started(&ann, &installation, Value::Null).await;
    ended(&ann, &run).await;
    assert_eq!(ids(&eve.get("/runs").await), [""; 0]);
    assert_eq!(ids(&eve.get(&format!("/runs?installation={installation}")).await), [""; 0]);
    for (method, path, code) in [
        (Method::GET, String::new(), "run-not-found"),
        (Method::GET, "/body?part=output".to_owned(), "run-not-found"),
        (Method::GET, "/events".to_owned(), "run-not-found"),
        (Method::POST, "/cancel".to_owned(), "run-not-found"),
        (Method::POST, "/retry".to_owned(), "run-not-found"),
    ] {
        let refused = eve.send(eve.request(method.clone(), &format!("/runs/{run}{path}"))).await;
        assert_eq!((refused.status, refused.code()), (404, code), "{method} {path}");
    }
    let resolve = json!({ "path": "say", "outcome": "repeat" });
    assert_eq!(eve.post(&format!("/runs/{run}/resolve"), &resolve).await.code(), "run-not-found");
    let refused = eve.post(&format!("/installations/{installation}/run"), &json!({})).await;
    assert_eq!((refused.status, refused.code()), (404, "installation-not-found"));
    let reader = host.user_for("ann@example.com", &["marketplace"]).await;
    assert_eq!(reader.get(&format!("/runs/{run}")).await.status, 200);
    for path in [format!("/runs/{run}/retry"), format!("/installations/{installation}/run")] {
        let refused = reader.send(reader.request(Method::POST, &path)).await;
        assert_eq!((refused.status, refused.code()), (403, "insufficient-scope"), "{path}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_how_many_runs_there_are() {
    let host = TestHost::builder().guest("hello").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let installation = installed(&ann, "Counted", hello()).await;
    let run = started(&ann, &installation, Value::Null).await;
    ended(&ann, &run).await;
    let metrics = host.get("/metrics").await;
    let metrics = metrics.body.as_str().expect("metrics are text");
    for line in [
        "workway_runs{status=\"succeeded\"} 1",
        "workway_runs{status=\"outcome-unknown\"} 0",
        "workway_run_queue_depth 0",
        "workway_run_oldest_due_seconds 0",
        "workway_run_expired_leases 0",
        "workway_schedules_without_next 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
    host.finish().await;
}
