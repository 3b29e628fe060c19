//! Cancelling a run, repeating one from a step on, and saying what came of a step.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use super::{ended, host_with, installed, manual, run_of, started};
use crate::upstream::{Upstream, text, with_header};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_begins_no_other_step() {
    let (upstream, held) = Upstream::held().await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let step = |id: &str| json!({ "id": id, "uses": "run-probe.risk", "with": { "text": "x" } });
    let installation = installed(&ann, "Cancelled", manual(json!([step("first"), step("second")]))).await;
    let run = started(&ann, &installation, Value::Null).await;
    held.arrived(1).await;
    let retry = ann.post(&format!("/runs/{run}/retry"), &json!({})).await;
    assert_eq!((retry.status, retry.code()), (409, "run-not-ended"));
    let resolve = json!({ "path": "first", "outcome": "happened" });
    let resolved = ann.post(&format!("/runs/{run}/resolve"), &resolve).await;
    assert_eq!((resolved.status, resolved.code()), (409, "outcome-known"));
    assert_eq!(ann.post(&format!("/runs/{run}/cancel"), &json!({})).await.status, 202);
    let shown = ended(&ann, &run).await;
    assert_eq!(shown["status"], "cancelled");
    let steps = shown["steps"].as_array().expect("steps");
    assert_eq!((steps.len(), &steps[0]["status"]), (1, &json!("cancelled")));
    let again = ann.post(&format!("/runs/{run}/cancel"), &json!({})).await;
    assert_eq!((again.status, again.code()), (409, "run-ended"));
    held.release();
    assert_eq!(upstream.seen().len(), 1);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_within_a_loop_repeats_nothing_that_ended() {
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&is_mended);
    let upstream = Upstream::start(move |seen| {
        let is_refused = seen.body == b"b" && !mended.load(Ordering::SeqCst);
        async move { if is_refused { with_header(422, "x-reason", b"broken") } else { text(seen.body) } }
    })
    .await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let definition = json!({
        "name": "Work", "trigger": { "webhook": {} },
        "steps": [
            { "id": "first", "uses": "run-probe.risk", "with": { "text": "first" } },
            { "id": "each", "for-each": "trigger.body", "steps": [
                { "id": "enter", "uses": "run-probe.risk", "with": { "text": "{{ item }}" } },
            ] },
        ],
        "on-failure": [{ "id": "sorry", "uses": "run-probe.risk", "with": { "text": "sorry" } }],
        "output": { "all": "{{ steps.each.output }}" },
    });
    let installation = installed(&ann, "Loop", definition).await;
    let run = started(&ann, &installation, json!({ "body": ["a", "b", "c"] })).await;
    let failed = ended(&ann, &run).await;
    assert_eq!((&failed["status"], &failed["failure"]["step"]), (&json!("failed"), &json!("each[1]/enter")));
    let paths: Vec<_> = failed["steps"].as_array().expect("steps").iter().map(|step| &step["path"]).collect();
    assert_eq!(paths, ["first", "each", "on-failure/sorry"]);
    let bodies = || -> Vec<String> {
        upstream.seen().iter().map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).collect()
    };
    assert_eq!(bodies(), ["first", "a", "b", "sorry"]);
    is_mended.store(true, Ordering::SeqCst);
    for from in ["each[2]/enter", "on-failure/sorry", "nothing", "each[01]/enter"] {
        let refused = ann.post(&format!("/runs/{run}/retry"), &json!({ "from": from })).await;
        assert_eq!((refused.status, refused.code()), (404, "step-not-found"), "{from}");
    }
    let repeated = run_of(&ann.post(&format!("/runs/{run}/retry"), &json!({})).await);
    let shown = ended(&ann, &repeated).await;
    assert_eq!(
        (&shown["status"], &shown["retryOf"], &shown["origin"]),
        (&json!("succeeded"), &json!(run), &json!("retry"))
    );
    assert_eq!(bodies(), ["first", "a", "b", "sorry", "b", "c"], "only from the step that failed on");
    let answers: Vec<_> =
        shown["output"]["value"]["all"].as_array().expect("a list").iter().map(|one| &one["text"]).collect();
    assert_eq!(answers, ["a", "b", "c"]);
    let kept = &shown["steps"][1]["children"][0];
    assert_eq!((&kept["status"], kept.get("attempts")), (&json!("succeeded"), None));
    let whole = run_of(&ann.post(&format!("/runs/{run}/retry"), &json!({ "from": "first" })).await);
    assert_eq!(ended(&ann, &whole).await["status"], "succeeded");
    assert_eq!(bodies().len(), 10);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uninstalled_workflow_stops() {
    let (upstream, held) = Upstream::held().await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let steps = json!([{ "id": "enter", "uses": "run-probe.note", "with": { "text": "x" } }]);
    let installation = installed(&ann, "Gone", manual(steps)).await;
    let run = started(&ann, &installation, Value::Null).await;
    held.arrived(1).await;
    assert_eq!(ann.delete(&format!("/installations/{installation}")).await.status, 204);
    assert_eq!(ended(&ann, &run).await["status"], "cancelled");
    let refused = ann.post(&format!("/installations/{installation}/run"), &json!({})).await;
    assert_eq!((refused.status, refused.code()), (404, "installation-not-found"));
    held.release();
    host.finish().await;
}
