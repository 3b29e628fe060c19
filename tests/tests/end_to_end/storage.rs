//! What an integration keeps between calls, and that nobody else sees it.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{Answer, TestHost};

const QUOTA_BYTES: u64 = 10 << 20;
const VALUE_BYTES: u64 = 256 << 10;

/// Does operations as the operator.
async fn run(host: &TestHost, ops: Value) -> Vec<Value> {
    outcomes(&host.execute("storage-probe.run", json!({ "ops": ops })).await)
}

/// Does operations as the user `dev`.
async fn run_as_dev(host: &TestHost, ops: Value) -> Vec<Value> {
    let path = "/registry/actions/storage-probe.run/execute";
    outcomes(&host.send(host.anonymous(Method::POST, path).json(&json!({ "input": { "ops": ops } }))).await)
}

fn outcomes(answer: &Answer) -> Vec<Value> {
    answer.output().as_array().expect("one outcome an operation").clone()
}

fn put(key: &str, value: &str) -> Value {
    json!({ "op": "put", "key": key, "value": value })
}

fn get(key: &str) -> Value {
    json!({ "op": "get", "key": key })
}

fn version(outcome: &Value) -> u64 {
    outcome["ok"].as_u64().unwrap_or_else(|| panic!("no version: {outcome}"))
}

fn kind(outcome: &Value) -> &str {
    outcome["err"]["kind"].as_str().unwrap_or_else(|| panic!("no error: {outcome}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn storage_probe() {
    let host = TestHost::builder().guest("storage-probe").start().await;
    let outcomes = run(&host, json!([get("a"), put("a", "one"), put("b", "two"), put("a", "three"), get("a")])).await;
    assert_eq!(outcomes[0], json!({ "ok": null }));
    let versions = [version(&outcomes[1]), version(&outcomes[2]), version(&outcomes[3])];
    assert!(versions[0] > 0 && versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    // Another call has another instance: only what was stored is there.
    let outcomes = run(&host, json!([get("a"), { "op": "list" }, { "op": "delete", "key": "a" }, get("a")])).await;
    let (a, b) = (
        json!({ "key": "a", "value": "three", "version": versions[2] }),
        json!({ "key": "b", "value": "two", "version": versions[1] }),
    );
    assert_eq!(outcomes, [json!({ "ok": a }), json!({ "ok": [a, b] }), json!({ "ok": true }), json!({ "ok": null })]);
    let outcomes = run(&host, json!([{ "op": "delete", "key": "a" }, put("a", "again")])).await;
    assert_eq!(outcomes[0], json!({ "ok": false }));
    assert!(version(&outcomes[1]) > versions[2], "a version was given twice");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn storage_denied() {
    let host = TestHost::builder().guest("storage-denied").start().await;
    let answer = host.execute("storage-denied.put", json!({})).await;
    assert_eq!(answer.output(), &json!({ "err": { "kind": "denied", "detail": null } }));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_is_in_the_order_of_keys_and_goes_on_where_it_stopped() {
    let host = TestHost::builder().guest("storage-probe").start().await;
    let keys = ["a/1", "a/2", "a/é", "b/1", "a%", "a_"];
    run(&host, Value::Array(keys.iter().map(|key| put(key, "x")).collect())).await;
    let list = |outcome: &Value| -> Vec<String> {
        let entries = outcome["ok"].as_array().expect("entries");
        entries.iter().map(|entry| entry["key"].as_str().expect("a key").to_owned()).collect()
    };
    let outcomes = run(
        &host,
        json!([
            { "op": "list" },
            { "op": "list", "prefix": "a/" },
            { "op": "list", "prefix": "a/", "limit": 2 },
            { "op": "list", "prefix": "a/", "startAfter": "a/2" },
            { "op": "list", "prefix": "a%" },
            { "op": "list", "limit": 0 },
        ]),
    )
    .await;
    assert_eq!(list(&outcomes[0]), ["a%", "a/1", "a/2", "a/é", "a_", "b/1"]);
    assert_eq!(list(&outcomes[1]), ["a/1", "a/2", "a/é"]);
    assert_eq!(list(&outcomes[2]), ["a/1", "a/2"]);
    assert_eq!(list(&outcomes[3]), ["a/é"]);
    assert_eq!(list(&outcomes[4]), ["a%"], "a prefix is no pattern");
    assert_eq!(list(&outcomes[5]), [""; 0]);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_is_all_or_nothing() {
    let host = TestHost::builder().guest("storage-probe").start().await;
    let seen = version(&run(&host, json!([put("a", "one")])).await[0]);
    let commit = |expected: Value| json!({ "op": "commit", "expected": expected, "changes": [{ "put": ["a", "two"] }, { "put": ["b", "new"] }] });
    for wrong in [json!([["a", seen + 1]]), json!([["a", 0]]), json!([["a", seen], ["b", 7]])] {
        let outcomes = run(&host, json!([commit(wrong), get("a"), get("b")])).await;
        assert_eq!(kind(&outcomes[0]), "conflict");
        assert_eq!((&outcomes[1]["ok"]["value"], &outcomes[2]["ok"]), (&json!("one"), &Value::Null), "half was done");
    }
    let outcomes = run(&host, json!([commit(json!([["a", seen], ["b", 0]])), get("a"), get("b")])).await;
    assert_eq!((&outcomes[0], &outcomes[1]["ok"]["value"]), (&json!({ "ok": null }), &json!("two")));
    assert_eq!(outcomes[2]["ok"]["value"], "new");
    assert_eq!(kind(&run(&host, json!([commit(json!([["a", seen]]))])).await[0]), "conflict", "that version is past");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_commits_at_once_exactly_one_wins() {
    const RIVALS: u64 = 8;
    let host = TestHost::builder().guest("storage-probe").start().await;
    let seen = version(&run(&host, json!([put("n", "0")])).await[0]);
    let mut rivals = Vec::new();
    for rival in 1..=RIVALS {
        let change = json!({ "put": ["n", rival.to_string()] });
        let ops = json!([{ "op": "commit", "expected": [["n", seen]], "changes": [change] }]);
        let request = host.request(Method::POST, "/registry/actions/storage-probe.run/execute");
        rivals.push(tokio::spawn(request.json(&json!({ "input": { "ops": ops } })).send()));
    }
    let mut won = 0;
    for rival in rivals {
        let response = rival.await.expect("no panic").expect("the host answers");
        let answer: Value = response.json().await.expect("JSON");
        match &answer["output"][0]["ok"] {
            Value::Null if answer["output"][0].get("ok").is_some() => won += 1,
            _ => assert_eq!(kind(&answer["output"][0]), "conflict", "{answer}"),
        }
    }
    assert_eq!(won, 1);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_do_not_see_each_others_entries() {
    let host = TestHost::builder().guest("storage-probe").start().await;
    run(&host, json!([put("k", "the operator's"), put("mine", "x")])).await;
    let outcomes =
        run_as_dev(&host, json!([get("k"), { "op": "list" }, { "op": "delete", "key": "k" }, put("k", "dev's")])).await;
    assert_eq!(outcomes[..3], [json!({ "ok": null }), json!({ "ok": [] }), json!({ "ok": false })]);
    assert_eq!(run(&host, json!([get("k")])).await[0]["ok"]["value"], "the operator's");
    assert_eq!(run_as_dev(&host, json!([get("k")])).await[0]["ok"]["value"], "dev's");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sizes_and_numbers_are_bounded() {
    let host = TestHost::builder().guest("storage-probe").start().await;
    let large = usize::try_from(VALUE_BYTES).expect("a small number");
    let ops = json!([
        put(&"k".repeat(513), ""),
        put("k", &"x".repeat(large + 1)),
        put(&"k".repeat(512), &"x".repeat(large)),
        get(""),
        { "op": "commit", "changes": (0..101).map(|number| json!({ "delete": number.to_string() })).collect::<Vec<_>>() },
        { "op": "list", "prefix": "k".repeat(513) },
    ]);
    let outcomes = run(&host, ops).await;
    for (place, detail) in [(0, 512), (1, VALUE_BYTES), (4, 100), (5, 512)] {
        assert_eq!(outcomes[place]["err"], json!({ "kind": "too-large", "detail": detail }), "operation {place}");
    }
    assert!(version(&outcomes[2]) > 0, "the bounds themselves are allowed");
    assert_eq!(kind(&outcomes[3]), "conflict", "an empty key");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_space_takes_no_more_until_something_is_deleted() {
    let host = TestHost::builder().guest("storage-probe").start().await;
    let fill = json!({ "count": 50, "size": VALUE_BYTES });
    let answer = host.execute("storage-probe.fill", fill).await;
    assert_eq!(answer.output()["err"], json!({ "kind": "quota", "detail": QUOTA_BYTES }), "{:#}", answer.body);
    // Keys count as well: the fortieth value no longer fits.
    assert_eq!(answer.output()["written"], QUOTA_BYTES / VALUE_BYTES - 1);
    let value = "x".repeat(usize::try_from(VALUE_BYTES).expect("a small number"));
    let outcomes =
        run(&host, json!([put("more", &value), { "op": "delete", "key": "fill/000000" }, put("more", &value)])).await;
    assert_eq!((kind(&outcomes[0]), &outcomes[1]), ("quota", &json!({ "ok": true })));
    assert!(version(&outcomes[2]) > 0);
    assert!(version(&run_as_dev(&host, json!([put("k", &value)])).await[0]) > 0, "another user has room of its own");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_survive_a_restart_and_an_upgrade_of_the_file() {
    let host = TestHost::builder().guest("storage-probe").start().await;
    let seen = version(&run(&host, json!([put("k", "kept")])).await[0]);
    let folder = host.finish_keeping().await;
    let host = TestHost::builder()
        .bytes("storage-probe.wasm", crate::support::rebuilt("storage-probe"))
        .start_in(folder)
        .await;
    let outcomes = run(&host, json!([get("k"), put("k", "newer")])).await;
    assert_eq!(outcomes[0]["ok"], json!({ "key": "k", "value": "kept", "version": seen }));
    assert!(version(&outcomes[1]) > seen);
    host.finish().await;
}
