//! One version in another's place, while calls run and when the next one is broken.

use reqwest::Method;
use serde_json::{Value, json};
use workway_host::registry::Activated;
use workway_tests::{Answer, TestHost, guest, time_of};

use crate::{
    support::{assert_alive, bytes_of, detail, rebuilt, register},
    upstream::Upstream,
};

fn write(host: &TestHost, file: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(host.plugins().join(file), bytes).expect("the file is written");
}

async fn unregister(host: &TestHost, id: &str) {
    let id = id.parse().expect("an id");
    host.app().registry().unregister_integration(&id).await.expect("the integration is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_change_nothing() {
    let host = TestHost::builder().guest("hello").start().await;
    let before = detail(&host, "hello").await;
    let id = "hello".parse().expect("an id");
    assert_eq!(register(&host, "hello.wasm").await, Ok(Activated::Unchanged(id)));
    assert_eq!(detail(&host, "hello").await, before);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_build_takes_the_place_of_the_first() {
    let host = TestHost::builder().guest("hello").start().await;
    let before = detail(&host, "hello").await;
    write(&host, "hello.wasm", rebuilt("hello"));
    assert!(matches!(register(&host, "hello.wasm").await, Ok(Activated::Serving(_))));
    let after = detail(&host, "hello").await;
    assert_ne!(before["sha256"], after["sha256"]);
    assert!(time_of(&before["loadedAt"]) <= time_of(&after["loadedAt"]), "{before:#} {after:#}");
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_that_fails_leaves_the_old_version_serving() {
    let host = TestHost::builder().guest("hello").start().await;
    let before = detail(&host, "hello").await;
    for (broken, part) in [
        (b"oops".to_vec(), "not a WebAssembly component"),
        (bytes_of("hello")[..1_000].to_vec(), "damaged"),
        (bytes_of("describe-traps"), "describe"),
        (bytes_of("bad-definition"), "definition"),
        (bytes_of("unknown-import"), "evil:host/secrets"),
    ] {
        write(&host, "hello.wasm", broken);
        let message = register(&host, "hello.wasm").await.expect_err("the file is broken");
        assert!(message.contains(part), "{message}");
        let known = detail(&host, "hello").await;
        assert_eq!(known["lastError"]["message"], message, "{known:#}");
        assert!(time_of(&known["lastError"]["at"]) >= time_of(&known["loadedAt"]), "{known:#}");
        assert_eq!((&known["sha256"], &known["status"]), (&before["sha256"], &json!("active")));
        assert_alive(&host).await;
    }
    let stats = host.get("/registry/stats").await.body;
    assert_eq!((&stats["integrations"]["withLastError"], &stats["failures"]), (&json!(1), &json!({})));
    // The old file comes back: it is what answers, so there is no error any more.
    write(&host, "hello.wasm", bytes_of("hello"));
    assert!(matches!(register(&host, "hello.wasm").await, Ok(Activated::Unchanged(_))));
    assert_eq!(detail(&host, "hello").await, before);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_gone_is_an_error_until_it_is_unregistered() {
    let host = TestHost::builder().guest("hello").start().await;
    std::fs::remove_file(host.plugins().join("hello.wasm")).expect("the file was there");
    let message = register(&host, "hello.wasm").await.expect_err("the file is gone");
    assert!(message.contains("cannot be read"), "{message}");
    assert_eq!(detail(&host, "hello").await["lastError"]["message"], message);
    assert_alive(&host).await;
    unregister(&host, "hello").await;
    assert_eq!(host.get("/registry/integrations/hello").await.code(), "integration-not-found");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unregistered_integration_is_not_found() {
    let host = TestHost::builder().guest("hello").guest("counter").start().await;
    unregister(&host, "hello").await;
    let answer = host.execute("hello.echo", json!({ "message": "x" })).await;
    assert_eq!((answer.status, answer.code()), (404, "action-not-found"));
    for (path, code) in [
        ("/registry/integrations/hello", "integration-not-found"),
        ("/registry/actions/hello.echo", "action-not-found"),
    ] {
        let answer = host.get(path).await;
        assert_eq!((answer.status, answer.code()), (404, code), "{path}");
    }
    assert_eq!(host.get("/registry/integrations").await.body["total"], 1);
    let again = host.app().registry().unregister_integration(&"hello".parse().expect("an id")).await;
    assert!(again.is_err(), "it was unregistered twice");
    // It comes back when somebody asks for it.
    assert!(matches!(register(&host, "hello.wasm").await, Ok(Activated::Serving(_))));
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_becomes_another_integration_leaves_nothing_behind() {
    let host = TestHost::builder().file("a.wasm", guest("counter").expect("the guest is built")).start().await;
    write(&host, "a.wasm", bytes_of("hello"));
    assert!(matches!(register(&host, "a.wasm").await, Ok(Activated::Serving(_))));
    assert_eq!(host.get("/registry/integrations/counter").await.status, 404);
    assert_eq!(host.get("/registry/integrations").await.body["total"], 1);
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_file_never_takes_the_first_ones_id() {
    let host = TestHost::builder().guest("hello").start().await;
    host.drop_in("another.wasm", &guest("duplicate-hello").expect("the guest is built"));
    let message = register(&host, "another.wasm").await.expect_err("the id is taken");
    assert!(message.contains("hello.wasm"), "{message}");
    assert_eq!(detail(&host, "hello").await["version"], "1.0.0");
    // Once the first one is gone the second may have it.
    unregister(&host, "hello").await;
    assert!(matches!(register(&host, "another.wasm").await, Ok(Activated::Serving(_))));
    assert_eq!(detail(&host, "hello").await["version"], "9.9.9");
    host.finish().await;
}

/// Holds a call of `fetch-probe` under way, lets `change` happen, and returns the call's answer.
async fn while_a_call_runs(change: impl AsyncFnOnce(&TestHost)) -> (TestHost, Upstream, Answer) {
    let (upstream, held) = Upstream::held().await;
    let builder = TestHost::builder().guest("fetch-probe").upstream("api.example.com", upstream.origin());
    let host = builder.start().await;
    let request = host
        .request(Method::POST, "/registry/actions/fetch-probe.fetch/execute")
        .json(&json!({ "input": { "url": "https://api.example.com/" } }));
    let (answer, ()) = tokio::join!(host.send(request), async {
        held.arrived(1).await;
        change(&host).await;
        assert_eq!(host.app().registry().calls_in_flight().0, 1, "the call was cut off");
        held.release();
    });
    (host, upstream, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_ends_on_the_version_that_it_began_with() {
    let (host, _upstream, answer) = while_a_call_runs(async |host| {
        write(host, "fetch-probe.wasm", rebuilt("fetch-probe"));
        assert!(matches!(register(host, "fetch-probe.wasm").await, Ok(Activated::Serving(_))));
    })
    .await;
    assert_eq!(answer.output()["ok"]["body"], "released");
    let next = host.execute("fetch-probe.fetch", json!({ "url": "https://api.example.com/" })).await;
    assert_eq!(next.output()["ok"]["body"], "released");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_ends_well_when_its_integration_is_gone() {
    let (host, _upstream, answer) = while_a_call_runs(async |host| {
        write(host, "fetch-probe.wasm", bytes_of("hello"));
        assert!(matches!(register(host, "fetch-probe.wasm").await, Ok(Activated::Serving(_))));
        let next = host.execute("fetch-probe.fetch", json!({ "url": "https://api.example.com/" })).await;
        assert_eq!((next.status, next.code()), (404, "action-not-found"));
        assert_alive(host).await;
        unregister(host, "hello").await;
    })
    .await;
    assert_eq!(answer.output()["ok"]["body"], "released");
    assert_eq!(host.get("/registry/integrations").await.body["items"], Value::Array(vec![]));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_during_many_reloads_are_all_answered() {
    let host = TestHost::builder().guest("hello").start().await;
    let reloads = async {
        for round in 0..6 {
            let bytes = if round % 2 == 0 { rebuilt("hello") } else { bytes_of("hello") };
            write(&host, "hello.wasm", bytes);
            assert!(matches!(register(&host, "hello.wasm").await, Ok(Activated::Serving(_))));
        }
    };
    let calls = async {
        for _ in 0..100 {
            assert_alive(&host).await;
        }
    };
    tokio::join!(reloads, calls);
    host.finish().await;
}
