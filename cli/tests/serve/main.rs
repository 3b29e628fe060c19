//! `workway serve` as its users meet it: a process with arguments, an environment, two streams, signals and a status.

mod compiling;
mod doctor;
mod kill;
mod marketplace;
mod process;
mod refusals;
mod settings;
mod signals;
mod tokens;

use process::Workway;
use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{guest, plugin};

/// All that may be logged of a request; the compiler, which sees none, would go on for a minute.
const EVERYTHING: &str = "workway=trace,axum=trace,hyper=trace,tower_http=trace,sqlx=trace,wasmtime_wasi=trace";
/// What production asks for; no output may ever have it.
const TOKEN: &str = "operator-0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn serve_says_where_it_listens_and_when_it_is_ready() {
    let workway = Workway::development().component(&plugin("github")).file("plugins/broken.wasm", "not wasm");
    let running = workway.ready().await;
    let ready = running.request(Method::GET, "/readyz").send().await.expect("an answer");
    assert_eq!(ready.status(), 200);
    let stats: Value =
        running.request(Method::GET, "/registry/stats").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(stats["integrations"]["active"], 1, "{stats:#}");
    let origin = running.origin().to_owned();
    assert!(origin.starts_with("http://127.0.0.1:") && !origin.ends_with(":0"), "{origin}");
    let ended = running.interrupt().await;
    assert_eq!(ended.stdout, format!("listening on {origin}\nready: 1 integration, 5 actions, 1 file not loaded\n"));
    let written =
        std::fs::read_dir(workway.path(".")).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let mut written: Vec<_> = written.collect();
    written.sort();
    assert_eq!(written, ["data", "plugins"], "everything is written below the data folder");
}

#[tokio::test]
async fn dev_is_serve_for_a_developer() {
    let hello = guest("hello").expect("hello is built");
    let workway =
        Workway::new(&["dev", "--listen", "127.0.0.1:0"]).component(&hello).file("plugins/broken.wasm", "not wasm");
    let running = workway.ready().await;
    let execute = running
        .request(Method::POST, "/registry/actions/hello.echo/execute")
        .json(&json!({ "input": { "message": "hi" } }));
    let answer: Value = execute.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["output"], json!({ "message": "hi" }));
    let ended = running.interrupt().await;
    let lines: Vec<_> = ended.stdout.lines().skip(1).collect();
    assert!(lines[0].starts_with("  hello ") && lines[0].ends_with(" actions"), "{lines:?}");
    assert!(lines[1].starts_with("  broken.wasm was not loaded: "), "{lines:?}");
    assert!(lines[2].starts_with("ready: 1 integration, "), "{lines:?}");
}

#[tokio::test]
async fn production_answers_calls_that_have_the_operators_token_alone() {
    let workway = Workway::new(&["serve", "--listen", "127.0.0.1:0"])
        .env("WORKWAY_ADMIN_TOKEN", TOKEN)
        .env("WORKWAY_LOG", EVERYTHING);
    let running = workway.component(&guest("hello").expect("hello is built")).ready().await;
    let execute = || {
        running
            .request(Method::POST, "/registry/actions/hello.echo/execute")
            .json(&json!({ "input": { "message": "hi" } }))
    };
    assert_eq!(execute().send().await.expect("an answer").status(), 401);
    assert_eq!(execute().bearer_auth("guess").send().await.expect("an answer").status(), 401);
    assert_eq!(execute().bearer_auth(TOKEN).send().await.expect("an answer").status(), 200);
    let ended = running.interrupt().await;
    assert!(!ended.stdout.contains(TOKEN) && !ended.stderr.contains(TOKEN), "the token was printed");
}

#[tokio::test]
async fn what_was_connected_is_there_after_a_restart_and_after_a_crash() {
    let workway = Workway::development();
    let connections = async |running: &process::Running| -> Value {
        running.request(Method::GET, "/oauth/connections").send().await.expect("an answer").json().await.expect("JSON")
    };
    let running = workway.ready().await;
    let connection = json!({
        "provider": "github", "accessToken": "secret-access-token", "account": "someone@example.com", "scopes": ["repo"],
    });
    let post = running.request(Method::POST, "/oauth/connections").json(&connection);
    assert_eq!(post.send().await.expect("an answer").status(), 201);
    let before = connections(&running).await;
    running.interrupt().await;

    let running = workway.ready().await;
    assert_eq!(connections(&running).await, before);
    running.signal("KILL").await;
    running.ended().await;

    let running = workway.ready().await;
    assert_eq!(connections(&running).await, before);
    assert_eq!(before["items"][0]["account"], "someone@example.com");
    running.interrupt().await;
    let database = std::fs::read(workway.path("data/workway.db")).expect("the database");
    let is_plain = database.windows(b"secret-access-token".len()).any(|window| window == b"secret-access-token");
    assert!(!is_plain, "the token lies open in the database");
}
