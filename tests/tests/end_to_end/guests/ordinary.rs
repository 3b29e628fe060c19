//! Guests that do nothing worse than fail, count, talk or offer triggers.

use serde_json::{Value, json};
use workway_tests::TestHost;

use crate::{
    logs,
    support::{assert_alive, counted, detail},
};

/// What an action may log unless the operator says otherwise.
const LOG_BYTES: usize = 64 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn hello() {
    let host = TestHost::builder().guest("hello").start().await;
    let answer = host.execute("hello.greet", json!({ "name": "Ann" })).await;
    assert_eq!(answer.output(), &json!({ "greeting": "Hello, Ann!" }));
    assert!(answer.body["durationMs"].as_f64().is_some_and(|milliseconds| milliseconds > 0.0), "{:#}", answer.body);
    assert_eq!(answer.body.as_object().expect("an object").len(), 2, "{:#}", answer.body);
    assert_alive(&host).await;
    assert_eq!(counted(&host, "hello.greet", "ok").await, 1);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn counter() {
    let host = TestHost::builder().guest("counter").start().await;
    let call = || host.execute("counter.next", json!({}));
    for answer in [call().await, call().await, call().await] {
        assert_eq!(answer.output(), &json!({ "count": 1 }), "memory survived a call");
    }
    let (one, two, three) = tokio::join!(call(), call(), call());
    for answer in [one, two, three] {
        assert_eq!(answer.output(), &json!({ "count": 1 }), "calls share memory");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn failures() {
    const MESSAGE: &str = "the guest failed on purpose";
    let host = TestHost::builder().guest("failures").start().await;
    let kinds = [
        ("invalid-input", 400),
        ("auth-required", 401),
        ("permission-denied", 403),
        ("not-found", 404),
        ("conflict", 409),
        ("rate-limited", 429),
        ("transient", 502),
        ("permanent", 422),
    ];
    for (kind, status) in kinds {
        let answer = host.execute("failures.fail", json!({ "kind": kind })).await;
        assert_eq!((answer.status, answer.code(), answer.detail()), (status, kind, MESSAGE));
        assert!(!answer.headers.contains_key("retry-after"), "{kind}: {answer:?}");
    }
    // Whole seconds, never earlier than asked.
    for (milliseconds, seconds) in [(0, "0"), (1, "1"), (1_000, "1"), (1_500, "2"), (59_001, "60")] {
        let input = json!({ "kind": "rate-limited", "retryAfterMs": milliseconds });
        let answer = host.execute("failures.fail", input).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, seconds), "{milliseconds} ms");
    }
    let answer = host.execute("failures.fail", json!({ "kind": "halt" })).await;
    assert_eq!((answer.output(), &answer.body["halted"]), (&Value::Null, &json!(MESSAGE)));
    assert!(answer.body.as_object().is_some_and(|body| body.contains_key("output")), "{:#}", answer.body);
    assert_eq!(counted(&host, "failures.fail", "failed").await, 14);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn chatty() {
    logs::capture();
    let host = TestHost::builder().guest("chatty").start().await;
    for (action, sources) in [("chatty.log", vec!["log"]), ("chatty.print", vec!["stdout", "stderr"])] {
        let answer = host.execute(action, json!({ "count": 5_000, "size": 100 })).await;
        assert_eq!(answer.output(), &json!({ "lines": 5_000 }), "a guest that talks too much is not punished");
        let lines = logs::of_run(answer.header("x-request-id"));
        let (notes, said): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.field("source") == "host");
        assert_eq!(notes.len(), 1, "{action}: {notes:?}");
        assert!(notes[0].message().contains("log limit"), "{notes:?}");
        assert!(sources.iter().all(|source| said.iter().any(|line| line.field("source") == *source)), "{action}");
        let bytes: usize = said.iter().map(|line| line.message().len() + line.field("fields").len()).sum();
        assert!(bytes > LOG_BYTES / 4 && bytes <= LOG_BYTES, "{action} wrote {bytes} bytes");
        for line in lines {
            assert_eq!(line.field("integration"), "chatty");
            let texts = [line.message(), line.field("fields")];
            assert!(texts.iter().all(|text| !text.contains(char::is_control)), "{line:?}");
        }
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_guest_is_logged_whole() {
    logs::capture();
    let host = TestHost::builder().guest("chatty").start().await;
    let answer = host.execute("chatty.log", json!({ "count": 3, "size": 2 })).await;
    let lines = logs::of_run(answer.header("x-request-id"));
    let messages: Vec<&str> = lines.iter().map(logs::Line::message).collect();
    assert_eq!(messages, ["line 0 xx", "line 1 xx", "line 2 xx"]);
    assert_eq!(lines[2].field("fields"), "number=2");
    // A line is cut, however long it is.
    let answer = host.execute("chatty.print", json!({ "count": 1, "size": 20_000 })).await;
    let lines = logs::of_run(answer.header("x-request-id"));
    assert!(lines.len() > 2 && lines.iter().all(|line| line.message().len() <= 4_096), "{} lines", lines.len());
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_limit_of_nothing_leaves_silence() {
    logs::capture();
    let host = TestHost::builder().guest("chatty").config("[limits]\nlog_bytes = 0").start().await;
    for action in ["chatty.log", "chatty.print"] {
        let answer = host.execute(action, json!({ "count": 10, "size": 10 })).await;
        assert_eq!(answer.output(), &json!({ "lines": 10 }));
        assert_eq!(logs::of_run(answer.header("x-request-id")).len(), 0, "{action}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn with_triggers() {
    let host = TestHost::builder().guest("with-triggers").guest("hello").start().await;
    let known = detail(&host, "with-triggers").await;
    assert_eq!((&known["triggersCount"], &known["actionsCount"]), (&json!(2), &json!(1)));
    let triggers = known["triggers"].as_array().expect("triggers are listed");
    let kinds: Vec<_> = triggers.iter().map(|trigger| (trigger["id"].as_str(), trigger["kind"].as_str())).collect();
    assert_eq!(kinds, [(Some("new-number"), Some("poll")), (Some("pushed"), Some("webhook"))]);
    assert_eq!(host.get("/registry/stats").await.body["triggers"], 2);
    assert_eq!(host.execute("with-triggers.ping", json!({})).await.status, 200);
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_is_no_action() {
    let host = TestHost::builder().guest("with-triggers").start().await;
    let answer = host.execute("with-triggers.new-number", json!({})).await;
    assert_eq!((answer.status, answer.code()), (404, "action-not-found"));
    host.finish().await;
}
