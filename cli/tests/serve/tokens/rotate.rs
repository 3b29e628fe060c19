//! `workway keys rotate`: beside a host that runs, with keys that the operator gives, and where it cannot be done.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use workway_tests::guest;

use super::{answer, audit, log_filter};
use crate::process::{Ended, Running, Workway};

pub const ROTATE: [&str; 2] = ["keys", "rotate"];
/// 32 bytes each of 1 and of 2, in base64.
pub const OLD_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
pub const NEW_KEY: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
/// The start of its SHA-256.
pub const NEW_KEY_ID: &str = "75877bb4";

/// A host with a provider without OAuth, and with a guest that may read its tokens.
pub fn host() -> Workway {
    Workway::development()
        .component(&guest("oauth-reveal").expect("oauth-reveal is built"))
        .file("workway.toml", "[providers.example]\nhosts = [\"api.example.com\"]\n")
        .env("WORKWAY_LOG", log_filter())
}

/// The token of an account in these tests.
pub fn token_of(account: &str) -> String {
    format!("s3cr3t-token-of-{account}")
}

pub async fn connect(request: RequestBuilder, account: &str) {
    let body = json!({
        "provider": "example", "accessToken": token_of(account), "account": account, "scopes": ["read"],
    });
    let (status, answer) = answer(request.json(&body)).await;
    assert!(matches!(status, 200 | 201), "{status}: {answer:#}");
}

/// The ids of connections, by account. Each of them is active.
pub async fn connections(request: RequestBuilder) -> BTreeMap<String, String> {
    let (status, answer) = answer(request).await;
    assert_eq!(status, 200, "{answer:#}");
    let items = answer["items"].as_array().expect("a list").iter();
    let text = |item: &Value, name: &str| item[name].as_str().expect("a text").to_owned();
    items
        .map(|item| {
            assert_eq!(item["status"], "active", "{item:#}");
            (text(item, "account"), text(item, "id"))
        })
        .collect()
}

/// A call for the token of one connection.
pub fn reveal(request: RequestBuilder, id: &str) -> RequestBuilder {
    request.json(&json!({ "input": {}, "connections": { "example": id } }))
}

/// All connections of the user `dev` are these accounts', and have their tokens.
pub async fn assert_readable(running: &Running, accounts: &[&str], when: &str) {
    let ids = connections(running.request(Method::GET, "/oauth/connections")).await;
    assert_eq!(ids.keys().map(String::as_str).collect::<Vec<_>>(), accounts, "{when}");
    for (account, id) in ids {
        let (status, answer) = answer(reveal(running.request(Method::POST, TOKEN), &id)).await;
        assert_eq!((status, &answer["output"]["token"]), (200, &token_of(&account).into()), "{when}: {answer:#}");
    }
}

/// The action that answers a token.
pub const TOKEN: &str = "/registry/actions/oauth-reveal.token/execute";

/// The one line that a rotation prints when it is done: how many records it encrypted, and the id of the key.
pub fn sealed(ended: &Ended) -> (usize, String) {
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    let parsed = ended.stdout.strip_suffix('\n').and_then(|line| {
        let (count, rest) = line.strip_prefix("encrypted ")?.split_once(' ')?;
        let noun = if count == "1" { "record" } else { "records" };
        let id = rest.strip_prefix(noun)?.strip_prefix(" with the key ")?;
        let is_id = id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        Some((count.parse().ok()?, is_id.then(|| id.to_owned())?))
    });
    parsed.unwrap_or_else(|| panic!("{ended:?}"))
}

pub async fn rotate(workway: &Workway) -> Ended {
    workway.beside(&ROTATE).ended().await
}

/// A rotation that ends with status 1. Answers what it said of that.
async fn refused(workway: &Workway, arguments: &[&str]) -> String {
    let ended = workway.beside(&[&ROTATE, arguments].concat()).ended().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.starts_with("workway: ") && !ended.stderr.contains("panicked"), "{ended:?}");
    ended.stderr
}

#[tokio::test]
async fn keys_are_rotated_beside_a_host_that_runs() {
    let workway = host();
    let running = workway.ready().await;
    let add = || running.request(Method::POST, "/oauth/connections");
    for account in ["a", "b", "c"] {
        connect(add(), account).await;
    }
    let mut keys = audit::keys(&workway);
    let first = rotate(&workway).await;
    let (count, first_key) = sealed(&first);
    assert_eq!(count, 3 + 1, "the accounts, and the key of the runs");
    keys.extend(audit::keys(&workway));
    assert_eq!(keys.len(), 2, "one key was there, and one is there");
    assert_ne!(keys[0], keys[1], "the old key is still there");
    // It began with the old key alone, and has read none of the three before.
    assert_readable(&running, &["a", "b", "c"], "in the host that ran").await;
    connect(add(), "d").await;
    // And once more: a host that has followed one rotation follows another.
    let second = rotate(&workway).await;
    let (count, second_key) = sealed(&second);
    assert_eq!(count, 4 + 2, "each rotation adds a key of the runs");
    assert_ne!(first_key, second_key);
    // Before it reads anything under the new key.
    connect(add(), "b").await;
    connect(add(), "e").await;
    assert_readable(&running, &["a", "b", "c", "d", "e"], "after a second rotation").await;
    keys.extend(audit::keys(&workway));
    let running_said = running.interrupt().await;

    let running = workway.ready().await;
    assert_readable(&running, &["a", "b", "c", "d", "e"], "after a restart").await;
    let said = [first, second, running_said, running.interrupt().await];
    // What was written meanwhile is under the newest key: there was nothing to seal again.
    let third = rotate(&workway).await;
    assert_eq!(sealed(&third).0, 5 + 3);
    keys.extend(audit::keys(&workway));
    assert_eq!(keys.len(), 4);
    audit::assert_unsaid(&said, &[keys, vec!["s3cr3t".to_owned()]].concat());
    audit::assert_unsaid(&[third], &audit::keys(&workway));
    audit::assert_unwritten(&workway.path("data"), &["s3cr3t".to_owned()]);
}

#[tokio::test]
async fn a_host_goes_on_while_a_rotation_has_no_more_than_begun() {
    let workway = host();
    let running = workway.ready().await;
    let add = || running.request(Method::POST, "/oauth/connections");
    connect(add(), "a").await;
    // The host has not noticed this one when the next one begins.
    sealed(&rotate(&workway).await);
    let [key] = &audit::keys(&workway)[..] else { panic!("one key is left") };
    // As a rotation leaves it that is killed before it has told the database of its key.
    fs::write(workway.path("data/key"), format!("{NEW_KEY}\n{key}\n")).expect("the key file is written");
    connect(add(), "b").await;
    connect(add(), "a").await;
    assert_readable(&running, &["a", "b"], "with a rotation begun").await;
    assert_eq!(sealed(&rotate(&workway).await).1, NEW_KEY_ID, "it goes on where the other one stopped");
    assert_eq!(audit::keys(&workway), [NEW_KEY]);
    connect(add(), "b").await;
    assert_readable(&running, &["a", "b"], "with the rotation completed").await;
    running.interrupt().await;
}

#[tokio::test]
async fn keys_that_the_operator_gives_are_rotated_by_giving_both() {
    let workway = host().env("WORKWAY_KEY", OLD_KEY);
    let running = workway.ready().await;
    connect(running.request(Method::POST, "/oauth/connections"), "a").await;
    let mut said = vec![running.interrupt().await];

    let workway = workway.env("WORKWAY_KEY", format!("{NEW_KEY},{OLD_KEY}"));
    let running = workway.ready().await;
    connect(running.request(Method::POST, "/oauth/connections"), "b").await;
    assert_readable(&running, &["a", "b"], "with both keys").await;
    let rotated = rotate(&workway).await;
    assert_eq!(sealed(&rotated), (2 + 1, NEW_KEY_ID.to_owned()), "until then the old key is the one that seals");
    assert_readable(&running, &["a", "b"], "after the rotation").await;
    said.extend([rotated, running.interrupt().await]);

    let workway = workway.env("WORKWAY_KEY", NEW_KEY);
    let running = workway.ready().await;
    assert_readable(&running, &["a", "b"], "with the new key alone").await;
    said.push(running.interrupt().await);
    let nothing_to_do = rotate(&workway).await;
    assert_eq!(sealed(&nothing_to_do), (0, NEW_KEY_ID.to_owned()));
    said.push(nothing_to_do);
    assert!(!workway.path("data/key").exists(), "nobody asked for a key file");
    audit::assert_unsaid(&said, &[OLD_KEY, NEW_KEY, "s3cr3t"].map(str::to_owned));
}

#[tokio::test]
async fn a_rotation_that_cannot_be_done_says_what_to_do() {
    let none = |workway: &Workway| !workway.path("data").exists();
    let workway = host();
    for arguments in [&[][..], &["--data", "nowhere"], &["--data", "workway.toml"]] {
        let said = refused(&workway, arguments).await;
        let folder = arguments.get(1).unwrap_or(&"data");
        assert!(said.contains(&format!("data folder {folder}")) && said.contains("--data"), "{said}");
    }
    let said = refused(&workway, &["--data", "plugins"]).await;
    assert!(said.contains("plugins") && said.contains("it has no workway.db") && said.contains("--data"), "{said}");
    assert!(!workway.path("plugins/key").exists() && none(&workway), "it made something where nothing was");
    let said = refused(&workway, &["--config", "nowhere.toml"]).await;
    assert!(said.contains("configuration file nowhere.toml"), "{said}");

    let running = workway.ready().await;
    connect(running.request(Method::POST, "/oauth/connections"), "a").await;
    running.interrupt().await;
    let key = fs::read(workway.path("data/key")).expect("a key file");
    for (content, mode, parts) in [
        (&b"s3cr3t, but no key"[..], 0o600, ["key file", "openssl rand -base64 32"]),
        (&key[..], 0o644, ["key file", "chmod 600"]),
    ] {
        fs::write(workway.path("data/key"), content).expect("the key file is written");
        fs::set_permissions(workway.path("data/key"), fs::Permissions::from_mode(mode)).expect("the mode is set");
        let said = refused(&workway, &[]).await;
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains("s3cr3t"), "{said}");
        assert_eq!(fs::read(workway.path("data/key")).expect("a key file"), content, "it was left alone");
    }
    fs::set_permissions(workway.path("data/key"), fs::Permissions::from_mode(0o600)).expect("the mode is set");
    let garbage = workway.env("WORKWAY_KEY", format!("s3cr3t,{NEW_KEY}"));
    let said = refused(&garbage, &[]).await;
    assert!(said.contains("WORKWAY_KEY") && said.contains("openssl rand -base64 32"), "{said}");
    assert!(!said.contains("s3cr3t") && !said.contains(NEW_KEY), "{said}");

    // Nothing of that did any harm.
    let workway = garbage.env("WORKWAY_KEY", "");
    assert_eq!(sealed(&rotate(&workway).await).0, 1 + 1);
    let running = workway.ready().await;
    assert_readable(&running, &["a"], "after the refusals").await;
    running.interrupt().await;
}

#[tokio::test]
async fn a_rotation_without_the_key_says_so_and_loses_nothing() {
    let workway = host();
    let running = workway.ready().await;
    connect(running.request(Method::POST, "/oauth/connections"), "a").await;
    running.interrupt().await;
    let (file, aside) = (workway.path("data/key"), workway.path("key-that-was-moved"));
    fs::rename(&file, &aside).expect("the key is moved away");
    let said = refused(&workway, &[]).await;
    assert!(said.contains("key file") && said.contains("WORKWAY_KEY"), "{said}");
    assert!(!file.exists(), "a key was made that opens nothing");
    let elsewhere = workway.env("WORKWAY_KEY", NEW_KEY);
    let said = refused(&elsewhere, &[]).await;
    assert!(said.contains("encrypted with key") && said.contains("--drop-unreadable"), "{said}");
    let workway = elsewhere.env("WORKWAY_KEY", "");

    fs::rename(&aside, &file).expect("the key is back");
    let running = workway.ready().await;
    assert_readable(&running, &["a"], "with its key").await;
    running.interrupt().await;
    assert_eq!(sealed(&rotate(&workway).await).0, 1 + 1);
    let running = workway.ready().await;
    assert_readable(&running, &["a"], "under a new key").await;
    running.interrupt().await;
}

#[tokio::test]
async fn a_host_without_the_key_does_not_start_and_can_go_on_without_what_it_sealed() {
    let workway = host();
    let running = workway.ready().await;
    connect(running.request(Method::POST, "/oauth/connections"), "a").await;
    running.interrupt().await;
    fs::remove_file(workway.path("data/key")).expect("the key is lost");
    let said = workway.refusal().await;
    assert!(said.contains("--drop-unreadable"), "{said}");

    let elsewhere = workway.env("WORKWAY_KEY", OLD_KEY);
    let refused = elsewhere.refusal().await;
    assert!(refused.contains("encrypted with key"), "{refused}");
    let workway = elsewhere.env("WORKWAY_KEY", "");
    let dropped = workway.beside(&["keys", "rotate", "--drop-unreadable"]).ended().await;
    assert!(
        dropped.status.success() && dropped.stdout.contains("deleted 2 records that no key could decrypt"),
        "{dropped:?}"
    );
    let running = workway.ready().await;
    assert_readable(&running, &[], "without its key").await;
    connect(running.request(Method::POST, "/oauth/connections"), "b").await;
    assert_readable(&running, &["b"], "connected again").await;
    running.interrupt().await;
}
