//! Guests that want more than they are given, or break. Each gets its typed error, and answers well the next time.

use serde_json::json;
use workway_tests::TestHost;

use crate::support::{assert_pings, counted};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn endless_loop() {
    let host = TestHost::builder().guest("endless-loop").config("[limits]\ncpu_ms = 100").start().await;
    let answer = host.execute("endless-loop.spin", json!({})).await;
    assert_eq!((answer.status, answer.code()), (504, "limit-cpu"));
    assert!(answer.detail().contains("limits.cpu_ms"), "{}", answer.detail());
    assert_pings(&host, "endless-loop").await;
    assert_eq!(counted(&host, "endless-loop.spin", "limited").await, 1);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn memory_bomb() {
    let host = TestHost::builder().guest("memory-bomb").config("[limits]\nmemory_bytes = 16_777_216").start().await;
    for _ in 0..3 {
        let answer = host.execute("memory-bomb.grow", json!({})).await;
        assert_eq!((answer.status, answer.code()), (507, "limit-memory"));
        assert!(answer.detail().contains("limits.memory_bytes"), "{}", answer.detail());
        assert_pings(&host, "memory-bomb").await;
    }
    assert_eq!(counted(&host, "memory-bomb.grow", "limited").await, 3);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn stack_overflow() {
    let host = TestHost::builder().guest("stack-overflow").start().await;
    for _ in 0..3 {
        let answer = host.execute("stack-overflow.recurse", json!({})).await;
        assert_eq!((answer.status, answer.code()), (507, "limit-stack"));
        assert_pings(&host, "stack-overflow").await;
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn trap() {
    let host = TestHost::builder().guest("trap").start().await;
    let answer = host.execute("trap.crash", json!({})).await;
    assert_eq!((answer.status, answer.code()), (502, "integration-crashed"));
    let answer = host.execute("trap.panic", json!({})).await;
    assert_eq!((answer.status, answer.code()), (502, "integration-crashed"));
    assert!(answer.detail().contains("the guest panics on purpose"), "{}", answer.detail());
    assert!(answer.detail().chars().all(|character| !character.is_control()), "{:?}", answer.detail());
    assert_pings(&host, "trap").await;
    assert_eq!(counted(&host, "trap.panic", "crashed").await, 1);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn slow_sleeper() {
    let host = TestHost::builder().guest("slow-sleeper").config("[limits]\nwall_ms = 1500").start().await;
    let answer = host.execute("slow-sleeper.sleep", json!({ "ms": 3_600_000 })).await;
    assert_eq!((answer.status, answer.code()), (504, "limit-wall"));
    assert!(answer.detail().contains("limits.wall_ms"), "{}", answer.detail());
    assert_pings(&host, "slow-sleeper").await;
    assert_eq!(host.execute("slow-sleeper.sleep", json!({ "ms": 1 })).await.output(), &json!({ "ms": 1 }));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn big_output() {
    let host = TestHost::builder().guest("big-output").config("[limits]\nbody_bytes = 65_536").start().await;
    let answer = host.execute("big-output.produce", json!({ "bytes": 65_536 })).await;
    assert_eq!(answer.output().as_str().map(str::len), Some(65_534));
    // One byte too many, and so many that the host stops reading half-way.
    for bytes in [65_537, 8 << 20] {
        let answer = host.execute("big-output.produce", json!({ "bytes": bytes })).await;
        assert_eq!((answer.status, answer.code()), (413, "limit-body"), "{bytes} bytes");
        assert!(answer.detail().contains("limits.body_bytes"), "{}", answer.detail());
    }
    let answer = host.execute("big-output.produce", json!({ "bytes": 2 })).await;
    assert_eq!(answer.output(), "");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn not_json() {
    let host = TestHost::builder().guest("not-json").start().await;
    for action in ["not-json.run", "not-json.nothing", "not-json.half", "not-json.half-name"] {
        let answer = host.execute(action, json!({})).await;
        assert_eq!((answer.status, answer.code()), (502, "integration-output"), "{action}");
        assert_eq!(counted(&host, action, "crashed").await, 1);
    }
    assert_eq!(host.execute("not-json.halves", json!({})).await.output(), "\u{1f600}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn endless_schema() {
    let host = TestHost::builder().guest("endless-schema").start().await;
    let answer = host.execute("endless-schema.nest", json!({ "a": 1 })).await;
    assert_eq!((answer.status, answer.code()), (400, "invalid-input"));
    assert!(answer.body["errors"][0]["detail"].to_string().contains("steps"), "{:#}", answer.body);
    // Ten megabytes of mistakes: the first ones are said, and the others are not collected.
    let wrong = "1,".repeat(5_000_000);
    let answer = host.execute("endless-schema.list", serde_json::from_str(&format!("[{wrong}1]")).unwrap()).await;
    assert_eq!((answer.status, answer.code()), (400, "invalid-input"));
    assert_eq!(answer.body["errors"].as_array().map(Vec::len), Some(20));
    assert_pings(&host, "endless-schema").await;
    host.finish().await;
}
