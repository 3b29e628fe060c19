//! `workway integration` as its users have it. Here `dev` beside `workway dev`: an edit is built, dropped and answers.

mod cases;
mod live;
mod process;
mod project;
mod templates;

use std::net::Ipv4Addr;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use process::PATIENCE;
use project::Project;

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

/// An integration whose one action answers its version.
fn source(version: &str) -> String {
    format!(
        "use workway_sdk::prelude::*;\n\
         const VERSION: &str = {version:?};\n\
         integration! {{ id: \"probe\", name: \"Probe\", version: VERSION, description: \"\", actions: [version] }}\n\
         /// Says which version answers.\n\
         #[action]\n\
         fn version(_ctx: &Context) -> Result<String> {{ Ok(VERSION.to_owned()) }}\n"
    )
}

async fn answer(origin: &str) -> Value {
    let client = Client::builder().no_proxy().build().expect("a client");
    let execute = client.post(format!("{origin}/registry/actions/probe.version/execute"));
    let answer = execute.json(&json!({ "input": {} })).timeout(PATIENCE).send().await.expect("an answer");
    answer.json::<Value>().await.expect("JSON")["output"].take()
}

#[tokio::test]
async fn an_edit_becomes_an_answer() {
    let project = Project::on_the_sdk();
    project.write("probe/src/lib.rs", source("1.7.1"));
    let mut host = project.host();
    let listening = host.stdout.until("listening on ").await;
    let origin = listening.strip_prefix("listening on ").expect("an origin").to_owned();
    host.stdout.until("ready: ").await;

    let mut dev = project.dev(&["probe", "--host", &origin]);
    let watching = dev.stdout.until("watching ").await;
    assert!(watching.starts_with("watching probe (and ") && watching.contains("/sdk-guest,"), "{watching}");
    dev.stdout.until("installed plugins/probe.wasm (").await;
    dev.stdout.until("loaded probe 1.7.1: 1 action, in ").await;
    assert_eq!(answer(&origin).await, "1.7.1");

    project.write("probe/src/lib.rs", source("2.7.2"));
    dev.stdout.until("changed probe/src/lib.rs").await;
    dev.stdout.until("reloaded probe 2.7.2: 1 action, in ").await;
    dev.stdout.until(" after the change was saved").await;
    assert_eq!(answer(&origin).await, "2.7.2");

    // Neither rustc nor the host takes what serves away.
    project.write("probe/src/lib.rs", source("2.7.2").replace("VERSION.to_owned()", "VERSION"));
    dev.stderr.until("error[E0308]: mismatched types").await;
    dev.stderr.until("--> src/lib.rs:").await;
    dev.stdout.until("build failed after ").await;
    assert_eq!(answer(&origin).await, "2.7.2");
    project.write("probe/src/lib.rs", source("no-version"));
    let failed = dev.stdout.until("failed probe.wasm").await;
    assert!(failed.contains("the previous version stays active"), "{failed}");
    assert_eq!(answer(&origin).await, "2.7.2");

    project.write("probe/src/lib.rs", source("3.7.3"));
    dev.stdout.until("reloaded probe 3.7.3: 1 action, in ").await;
    assert_eq!(answer(&origin).await, "3.7.3");

    dev.interrupt();
    let ended = dev.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(project.plugins(), ["probe.wasm"]);
    host.interrupt();
    let ended = host.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

/// A build script that says over a connection that it runs, and runs until it is ended.
fn endless(port: u16) -> String {
    format!(
        "fn main() {{\n\
             let stream = std::net::TcpStream::connect((\"127.0.0.1\", {port})).unwrap();\n\
             loop {{ std::thread::park(); drop(&stream); }}\n\
         }}\n"
    )
}

async fn build_begins(listener: &TcpListener) -> TcpStream {
    timeout(PATIENCE, listener.accept()).await.expect("a build in time").expect("a connection").0
}

async fn build_is_ended(mut build: TcpStream) {
    let read = timeout(PATIENCE, build.read(&mut [0])).await.expect("an end in time");
    // Killed, it may not have taken leave.
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}

#[tokio::test]
async fn a_build_ends_when_the_source_changes_and_when_its_developer_leaves() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let project = Project::on_nothing();
    project.write("probe/build.rs", endless(port));
    let mut dev = project.dev(&["probe", "--host", NOBODY]);
    dev.stdout.until("no host answers at http://127.0.0.1:1").await;
    let first = build_begins(&listener).await;
    project.write("probe/src/lib.rs", "// changed");
    dev.stdout.until("changed probe/src/lib.rs").await;
    build_is_ended(first).await;
    let second = build_begins(&listener).await;
    dev.interrupt();
    let ended = dev.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    build_is_ended(second).await;
    assert!(project.plugins().is_empty());
}

/// Status 1, and each part is in what is said.
async fn refused(project: &Project, words: &[&str], parts: &[&str]) {
    let ended = project.dev(words).ended().await;
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{ended:?} does not say {part:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_watched_is_explained() {
    let project = Project::on_nothing();
    refused(&project, &["nowhere"], &["nowhere/Cargo.toml", "PATH"]).await;
    refused(&project, &[], &["Cargo.toml", "PATH"]).await;
    refused(&project, &["probe", "--plugins", "elsewhere"], &["no plugins folder at `elsewhere`", "--plugins"]).await;
    project.write("probe/Cargo.toml", "[package]\nname = \"probe\"\nedition = \"2024\"\n\n[workspace]\n");
    refused(&project, &["probe"], &["crate-type = [\"cdylib\"]"]).await;
    project.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"member\"]\n");
    project.write("member/Cargo.toml", "[package]\nname = \"member\"\n");
    project.write("member/src/lib.rs", "");
    refused(&project, &["."], &["is a workspace"]).await;
    project.write("probe/Cargo.toml", "[package");
    refused(&project, &["probe"], &["cargo cannot read", "[package"]).await;
}

#[tokio::test]
async fn a_host_is_asked_without_tls() {
    let ended = Project::on_nothing().dev(&["probe", "--host", "https://example.com"]).ended().await;
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(ended.stderr.contains("--host"), "{ended:?}");
}
