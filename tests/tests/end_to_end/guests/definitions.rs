//! Guests that do not get through the door, or that ask for something while they stand in it.

use serde_json::json;
use workway_tests::{TestHost, guest};

use crate::support::{assert_alive, detail, failure, refusal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn describe_fetches() {
    let host = TestHost::builder().guest("describe-fetches").start().await;
    let known = detail(&host, "describe-fetches").await;
    let description = known["description"].as_str().expect("a description");
    for (capability, answer) in ["fetch: ", "oauth: ", "storage: "].iter().zip(description.split("; ")) {
        let denied = answer.strip_prefix(capability).is_some_and(|rest| rest.contains("Denied"));
        assert!(denied, "{capability}was not denied while the guest was described: {description}");
    }
    // Once it is loaded, what it asked for is its own.
    assert_eq!(known["permissions"]["hosts"], json!(["api.example.com"]));
    assert_eq!(host.execute("describe-fetches.run", json!({})).await.output(), &json!({}));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn describe_spins() {
    let message = refusal("describe-spins").await;
    assert!(message.contains("describe") && message.contains("CPU"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn describe_traps() {
    let message = refusal("describe-traps").await;
    assert!(message.contains("describe"), "{message}");
    assert!(message.contains("the guest panics while it describes itself"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn bad_definition() {
    let message = refusal("bad-definition").await;
    let problems: Vec<&str> = message.lines().skip(1).map(str::trim).collect();
    for (place, part) in [
        ("id", "Not Valid"),
        ("version", ""),
        ("permissions.hosts", "*"),
        ("actions", "broken-schema"),
        ("actions", "broken-json"),
        ("actions", "Bad Action"),
        ("actions", "twice"),
    ] {
        let named = problems.iter().any(|problem| problem.starts_with(place) && problem.contains(part));
        assert!(named, "{place} {part} is not named in:\n{message}");
    }
    assert_eq!(problems.len(), 7, "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn remote_ref() {
    let message = refusal("remote-ref").await;
    assert!(message.contains("use a JSON pointer within the document"), "{message}");
    assert!(message.contains("actions.run") && message.contains("https://example.com/schema.json"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn duplicate_hello() {
    let (hello, again) =
        (guest("hello").expect("the guest is built"), guest("duplicate-hello").expect("the guest is built"));
    for (first, second, version) in [(&hello, &again, "1.0.0"), (&again, &hello, "9.9.9")] {
        let builder = TestHost::builder().file("a.wasm", first.clone()).file("b.wasm", second.clone());
        let host = builder.start().await;
        let known = detail(&host, "hello").await;
        assert_eq!((&known["version"], &known["file"]), (&json!(version), &json!("a.wasm")));
        let stats = host.get("/registry/stats").await;
        let message = failure(&stats, "b.wasm");
        assert!(message.contains("hello") && message.contains("a.wasm"), "{message}");
        assert_eq!(stats.body["integrations"]["total"], 1);
        host.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn unknown_import() {
    let message = refusal("unknown-import").await;
    assert!(
        message.contains("evil:host/secrets@0.1.0") && message.contains("remove the code that needs it"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn wrong_version() {
    let message = refusal("wrong-version").await;
    assert!(message.contains("0.2.0") && message.contains("this host supports 0.1.0"), "{message}");
    assert!(message.contains("build it against this host's wit/"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_guests_side_by_side_do_no_harm() {
    let refused = [
        "bad-definition",
        "describe-spins",
        "describe-traps",
        "duplicate-hello",
        "remote-ref",
        "unknown-import",
        "wrong-version",
    ];
    let builder = refused.iter().fold(TestHost::builder(), |builder, name| builder.guest(name));
    let host = builder.file("a.wasm", guest("hello").expect("the guest is built")).start().await;
    let stats = host.get("/registry/stats").await;
    let failures = stats.body["failures"].as_object().expect("failures by file");
    let files: Vec<String> = refused.iter().map(|name| format!("{name}.wasm")).collect();
    assert_eq!(failures.keys().collect::<Vec<_>>(), files.iter().collect::<Vec<_>>());
    assert_alive(&host).await;
    host.finish().await;
}
