//! `key_file`: a key that does not lie beside the database, so that a copy of the data folder opens nothing.

use std::{fs, os::unix::fs::PermissionsExt};

use reqwest::Method;

use super::rotate::{NEW_KEY, NEW_KEY_ID, OLD_KEY, assert_readable, connect, host, rotate, sealed};
use crate::process::{Running, Workway};

const CONFIG: &str = "key_file = \"safe/workway.key\"\n[providers.example]\nhosts = [\"api.example.com\"]\n";

/// A host whose key is to be in `safe/workway.key`.
fn elsewhere(workway: Workway) -> Workway {
    workway.file("workway.toml", CONFIG)
}

async fn add(running: &Running, account: &str) {
    connect(running.request(Method::POST, "/oauth/connections"), account).await;
}

fn text(workway: &Workway, path: &str) -> String {
    fs::read_to_string(workway.path(path)).expect("a key file")
}

#[tokio::test]
async fn a_key_elsewhere_is_created_there_and_rotated_beside_a_host_that_runs() {
    let workway = elsewhere(host());
    let said = workway.refusal().await;
    assert!(said.contains("key_file safe/workway.key") && said.contains("create or mount it"), "{said}");
    fs::create_dir(workway.path("safe")).expect("a folder");
    let running = workway.ready().await;
    add(&running, "a").await;
    let first = text(&workway, "safe/workway.key");
    assert_eq!(fs::metadata(workway.path("safe/workway.key")).expect("a key file").permissions().mode() & 0o777, 0o600);
    assert_eq!(sealed(&rotate(&workway).await).0, 2, "the account, and the key of the runs");
    let second = text(&workway, "safe/workway.key");
    assert!(first != second && second.lines().count() == 1, "the old key is still there, or the new one is not");
    add(&running, "b").await;
    assert_readable(&running, &["a", "b"], "in the host that ran").await;
    running.interrupt().await;
    let running = workway.ready().await;
    assert_readable(&running, &["a", "b"], "after a restart").await;
    running.interrupt().await;
    assert_eq!(fs::read_dir(workway.path("safe")).expect("a folder").count(), 1, "keys are left beside the key file");
    assert!(!workway.path("data/key").exists());

    // A copy of the data folder: without the file nothing opens, and no other key takes its place.
    fs::remove_file(workway.path("safe/workway.key")).expect("the key is gone");
    let said = workway.refusal().await;
    assert!(said.contains("encrypted with key") && said.contains("--drop-unreadable"), "{said}");
}

#[tokio::test]
async fn a_key_that_is_still_in_the_data_folder_is_to_be_moved() {
    let workway = host();
    let running = workway.ready().await;
    add(&running, "a").await;
    running.interrupt().await;
    let workway = elsewhere(workway);
    fs::create_dir(workway.path("safe")).expect("a folder");
    let rotated = rotate(&workway).await;
    for said in [workway.refusal().await, rotated.stderr] {
        assert!(said.contains("the key file safe/workway.key") && said.contains("move that one there"), "{said}");
    }
    assert!(!workway.path("safe/workway.key").exists(), "a key was made that opens nothing");
    fs::copy(workway.path("data/key"), workway.path("safe/workway.key")).expect("the key is copied");
    let running = workway.ready().await;
    assert_readable(&running, &["a"], "with a copy of its key").await;
    let said = running.interrupt().await;
    assert!(said.stderr.contains("delete it, so that no backup has it"), "{said:?}");
    fs::remove_file(workway.path("data/key")).expect("the key is gone");
    let running = workway.ready().await;
    assert_readable(&running, &["a"], "with its key elsewhere").await;
    assert!(!running.interrupt().await.stderr.contains("delete it"));
}

#[tokio::test]
async fn the_variable_wins_and_the_file_is_not_looked_at() {
    let workway = elsewhere(host()).env("WORKWAY_KEY", OLD_KEY);
    let running = workway.ready().await;
    add(&running, "a").await;
    running.interrupt().await;
    assert!(!workway.path("safe").exists() && !workway.path("data/key").exists());
    let workway = workway.env("WORKWAY_KEY", "").file("safe/workway.key", OLD_KEY);
    fs::set_permissions(workway.path("safe/workway.key"), fs::Permissions::from_mode(0o600)).expect("the mode is set");
    let running = workway.ready().await;
    assert_readable(&running, &["a"], "with the same key in the file").await;
    running.interrupt().await;
}

#[tokio::test]
async fn a_file_that_only_the_operator_writes_is_rotated_with_the_variable() {
    let workway = elsewhere(host()).file("safe/workway.key", OLD_KEY);
    let write = |workway: &Workway, text: &str| {
        let path = workway.path("safe/workway.key");
        fs::write(&path, text).expect("the key file is written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).expect("the mode is set");
    };
    write(&workway, OLD_KEY);
    let running = workway.ready().await;
    add(&running, "a").await;
    let both = format!("{NEW_KEY}\n{OLD_KEY}\n");
    write(&workway, &both);
    let workway = workway.env("WORKWAY_KEY", &both);
    assert_eq!(sealed(&rotate(&workway).await), (2, NEW_KEY_ID.to_owned()));
    assert_eq!(text(&workway, "safe/workway.key"), both, "the file is the operator's");
    write(&workway, NEW_KEY);
    add(&running, "b").await;
    assert_readable(&running, &["a", "b"], "in the host that ran").await;
    running.interrupt().await;
}
