//! A start with files that compile slowly or never: nobody waits for them but the host's readiness.

use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;
use workway_host::sandbox::CompileWorker;
use workway_tests::{TestHost, guest};

use crate::support::{assert_alive, detail, failure, rebuilt};

fn component(name: &str) -> PathBuf {
    guest(name).expect("the guest is built")
}

/// A program that takes what it is sent and never answers.
fn never_answers() -> CompileWorker {
    CompileWorker::program("/bin/sleep", ["1000000"])
}

/// A folder in which a host has kept the code of these files.
async fn folder_with_code_of(files: &[(&str, &str)], production: bool) -> TempDir {
    let builder = if production { TestHost::builder().production() } else { TestHost::builder() };
    let host = files.iter().fold(builder, |builder, (file, guest)| builder.file(file, component(guest))).start().await;
    host.finish_keeping().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_integration_whose_code_was_kept_serves_while_others_compile() {
    let folder = folder_with_code_of(&[("hello.wasm", "hello")], true).await;
    // More than can be on their way in at once on any machine, and all of them before `hello` by name.
    let slow = (0..100).map(|number: u8| [rebuilt("counter"), vec![0, 2, 1, number]].concat());
    let builder = TestHost::builder().production().worker(never_answers());
    let builder =
        slow.enumerate().fold(builder, |builder, (number, bytes)| builder.bytes(&format!("a{number}.wasm"), bytes));
    let (host, mut ready) = builder.start_loading_in(folder).await;
    host.serves("hello").await;
    assert_alive(&host).await;
    assert_eq!(host.get("/readyz").await.status, 503, "the host is ready before all files are loaded");
    assert!(ready.try_recv().is_err());
    assert_eq!(host.execute("counter.echo", json!({})).await.status, 404);
    // Whatever is being compiled is given up.
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_file_by_name_keeps_an_id_though_it_is_loaded_last() {
    for production in [false, true] {
        let folder = folder_with_code_of(&[("b.wasm", "duplicate-hello")], production).await;
        let builder = TestHost::builder().file("a.wasm", component("hello")).bytes("c.wasm", rebuilt("hello"));
        let builder = if production { builder.production() } else { builder };
        let host = builder.file("d.wasm", component("duplicate-hello")).start_in(folder).await;
        let known = detail(&host, "hello").await;
        assert_eq!((&known["version"], &known["file"]), (&json!("1.0.0"), &json!("a.wasm")));
        let stats = host.get("/registry/stats").await;
        for file in ["b.wasm", "c.wasm", "d.wasm"] {
            assert!(failure(&stats, file).contains("already belongs to a.wasm"), "{file}: {:#}", stats.body);
        }
        assert_alive(&host).await;
        host.finish().await;
    }
}
