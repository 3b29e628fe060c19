//! Whose limits hold: the general ones, those of one integration, and each of them for its own call alone.

use serde_json::json;
use workway_tests::{Answer, TestHost, TestHostBuilder};

use crate::support::{assert_alive, assert_pings, counted};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_integration_may_be_given_less_than_the_others() {
    let host = TestHost::builder()
        .guest("big-output")
        .guest("hello")
        .config("[integrations.big-output.limits]\nbody_bytes = 1_000")
        .start()
        .await;
    let answer = host.execute("big-output.produce", json!({ "bytes": 1_001 })).await;
    assert_eq!((answer.status, answer.code()), (413, "limit-body"));
    let long = "x".repeat(5_000);
    assert_eq!(host.execute("hello.echo", json!({ "message": long })).await.output()["message"], long);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_integration_may_be_given_more_than_the_others() {
    let host = TestHost::builder()
        .guest("big-output")
        .guest("hello")
        .config("[limits]\nbody_bytes = 1_000\n[integrations.big-output.limits]\nbody_bytes = 100_000")
        .start()
        .await;
    assert_eq!(host.execute("big-output.produce", json!({ "bytes": 100_000 })).await.status, 200);
    let answer = host.execute("hello.echo", json!({ "message": "x".repeat(5_000) })).await;
    assert_eq!((answer.status, answer.code()), (413, "input-too-large"));
    assert!(answer.detail().contains("1000") && answer.detail().contains("limits.body_bytes"), "{}", answer.detail());
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_memory_of_one_integration_may_be_raised() {
    let limits = "[limits]\nmemory_bytes = 4_194_304\n[integrations.big-output.limits]\nmemory_bytes = 67_108_864";
    let host = TestHost::builder().guest("big-output").guest("memory-bomb").config(limits).start().await;
    // The text, its JSON and what Rust doubles on the way are far over four MiB.
    let answer = host.execute("big-output.produce", json!({ "bytes": 4 << 20 })).await;
    assert_eq!(answer.output().as_str().map(str::len), Some((4 << 20) - 2));
    let answer = host.execute("memory-bomb.grow", json!({})).await;
    assert_eq!((answer.status, answer.code()), (507, "limit-memory"));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_too_large_for_its_memory_says_so() {
    let host = TestHost::builder()
        .guest("hello")
        .guest("trap")
        .config("[integrations.trap.limits]\nmemory_bytes = 1_048_576")
        .start()
        .await;
    // Its stack alone is a MiB: it cannot even be instantiated, which is the limit's doing and not the host's.
    let answer = host.execute("trap.ping", json!({})).await;
    assert_eq!((answer.status, answer.code()), (507, "limit-memory"));
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_integration_out_of_time_takes_none_from_another() {
    let config =
        "[integrations.endless-loop.limits]\ncpu_ms = 200\n[integrations.slow-sleeper.limits]\nwall_ms = 1_500";
    let host =
        TestHost::builder().guest("endless-loop").guest("slow-sleeper").guest("hello").config(config).start().await;
    // As many loops as there are threads: without yielding, nobody else would ever be answered.
    let spin = || host.execute("endless-loop.spin", json!({}));
    let sleep = host.execute("slow-sleeper.sleep", json!({ "ms": 3_600_000 }));
    let others = async {
        for _ in 0..10 {
            assert_alive(&host).await;
        }
    };
    let (one, two, three, slept, ()) = tokio::join!(spin(), spin(), spin(), sleep, others);
    for answer in [one, two, three] {
        assert_eq!((answer.status, answer.code()), (504, "limit-cpu"));
    }
    assert_eq!((slept.status, slept.code()), (504, "limit-wall"));
    assert_pings(&host, "endless-loop").await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_calls_mixed_with_good_ones_get_each_their_own_answer() {
    bad_calls_get_each_their_own_answer(TestHost::builder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_calls_compiled_as_in_production_get_each_their_own_answer() {
    bad_calls_get_each_their_own_answer(TestHost::builder().cranelift()).await;
}

async fn bad_calls_get_each_their_own_answer(builder: TestHostBuilder) {
    const ROUNDS: usize = 10;
    let host = builder
        .guest("endless-loop")
        .guest("memory-bomb")
        .guest("stack-overflow")
        .guest("trap")
        .guest("hello")
        .config("[limits]\ncpu_ms = 2_000\nmemory_bytes = 16_777_216\n[integrations.endless-loop.limits]\ncpu_ms = 20")
        .start()
        .await;
    let call = |action: &'static str| host.execute(action, json!({}));
    for _ in 0..ROUNDS {
        let (spun, grown, sunk, crashed, panicked, ()) = tokio::join!(
            call("endless-loop.spin"),
            call("memory-bomb.grow"),
            call("stack-overflow.recurse"),
            call("trap.crash"),
            call("trap.panic"),
            assert_alive(&host),
        );
        let told = |answer: Answer| (answer.status, answer.code().to_owned());
        assert_eq!(told(spun), (504, "limit-cpu".into()));
        assert_eq!(told(grown), (507, "limit-memory".into()));
        assert_eq!(told(sunk), (507, "limit-stack".into()));
        assert_eq!(told(crashed), (502, "integration-crashed".into()));
        assert_eq!(told(panicked), (502, "integration-crashed".into()));
    }
    let rounds = u64::try_from(ROUNDS).expect("a small number");
    assert_eq!(counted(&host, "endless-loop.spin", "limited").await, rounds);
    assert_eq!(counted(&host, "trap.crash", "crashed").await, rounds);
    assert_eq!(counted(&host, "hello.echo", "ok").await, rounds);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_input_is_bounded_before_any_guest_runs() {
    let host = TestHost::builder().guest("hello").config("[limits]\nbody_bytes = 1_000").start().await;
    // `{"message":""}` has 14 bytes.
    let fits = host.execute("hello.echo", json!({ "message": "x".repeat(986) })).await;
    assert_eq!(fits.status, 200, "{:#}", fits.body);
    let over = host.execute("hello.echo", json!({ "message": "x".repeat(987) })).await;
    assert_eq!((over.status, over.code()), (413, "input-too-large"));
    let far_over = host.execute("hello.echo", json!({ "message": "x".repeat(200_000) })).await;
    assert_eq!((far_over.status, far_over.code()), (413, "body-too-large"));
    assert_eq!(counted(&host, "hello.echo", "ok").await, 1);
    for outcome in ["failed", "limited", "crashed", "host"] {
        assert_eq!(counted(&host, "hello.echo", outcome).await, 0, "{outcome}");
    }
    host.finish().await;
}
