//! A host in development follows its plugins folder by itself: nobody calls it, and what it did is told as an event.
//!
//! Nothing is waited for but events. That one does not come is proved by the load of another file that was dropped in
//! later, a sentinel; its name sorts last, because the files of one burst are loaded in the order of their names.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use workway_tests::{Events, TestHost, guest};

use crate::support::{assert_alive, bytes_of, detail, failure, rebuilt};

/// How long a test may wait for what has no event.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many pieces a linker's output comes in.
const PIECES: usize = 8;

/// A host with the guest `hello`, and what it tells from now on.
async fn watching() -> (TestHost, Events) {
    let host = TestHost::builder().guest("hello").watching().start().await;
    let events = host.events().await;
    (host, events)
}

fn drop_in(host: &TestHost, file: &str, name: &str) {
    host.drop_in(file, &guest(name).unwrap_or_else(|| panic!("guest {name} is not built")));
}

#[track_caller]
fn assert_event(event: &Value, kind: &str, integration: &str, file: &str) {
    let told = (&event["type"], &event["integrationId"], &event["file"]);
    assert_eq!(told, (&json!(kind), &json!(integration), &json!(file)), "{event:#}");
}

/// Drops a guest in that is not there yet, and returns what was told before its load.
async fn until_sentinel(host: &TestHost, events: &mut Events, sentinel: &str) -> Vec<Value> {
    let file = format!("zz-{sentinel}.wasm");
    drop_in(host, &file, sentinel);
    let mut told = Vec::new();
    loop {
        let event = events.next().await;
        if event["file"] == file.as_str() {
            assert_event(&event, "loaded", sentinel, &file);
            return told;
        }
        told.push(event);
    }
}

/// Nothing more is told of what happened up to now.
async fn assert_quiet(host: &TestHost, events: &mut Events, sentinel: &str) {
    assert_eq!(until_sentinel(host, events, sentinel).await, Vec::<Value>::new());
}

/// Lets `replace` put other bytes in the place of `hello.wasm`: `replace(the file, a path beside the folder, bytes)`.
/// The host is to take it for one reload.
async fn assert_one_reload(replace: impl FnOnce(&Path, &Path, &[u8])) {
    let (host, mut events) = watching().await;
    let before = detail(&host, "hello").await;
    replace(&host.plugins().join("hello.wasm"), &host.plugins().with_file_name("build.wasm"), &rebuilt("hello"));
    assert_event(&events.next().await, "reloaded", "hello", "hello.wasm");
    assert_alive(&host).await;
    assert_quiet(&host, &mut events, "counter").await;
    let after = detail(&host, "hello").await;
    assert_ne!(before["sha256"], after["sha256"]);
    assert_eq!(after["lastError"], Value::Null);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_is_loaded() {
    let (host, mut events) = watching().await;
    drop_in(&host, "counter.wasm", "counter");
    assert_event(&events.next().await, "loaded", "counter", "counter.wasm");
    assert_eq!(host.execute("counter.next", json!({})).await.output(), &json!({ "count": 1 }));
    assert_eq!(detail(&host, "counter").await["file"], "counter.wasm");
    assert_quiet(&host, &mut events, "trap").await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_truncated_and_written_at_once_is_one_reload() {
    assert_one_reload(|file, _, bytes| fs::write(file, bytes).expect("the file is written")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_truncated_and_written_in_pieces_is_one_reload() {
    assert_one_reload(|file, _, bytes| {
        let mut file = OpenOptions::new().write(true).truncate(true).open(file).expect("the file is opened");
        for piece in bytes.chunks(bytes.len().div_ceil(PIECES)) {
            file.write_all(piece).expect("a piece is written");
            file.flush().expect("a piece is written");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_temporary_file_that_is_renamed_over_is_one_reload() {
    assert_one_reload(|file, _, bytes| {
        let temporary = file.with_file_name(".hello.wasm.tmp");
        fs::write(&temporary, bytes).expect("the file is written");
        fs::rename(temporary, file).expect("the file is renamed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_copied_over_is_one_reload() {
    assert_one_reload(|file, build, bytes| {
        fs::write(build, bytes).expect("the file is written");
        fs::copy(build, file).expect("the file is copied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_deleted_and_created_again_is_one_reload() {
    assert_one_reload(|file, _, bytes| {
        fs::remove_file(file).expect("the file was there");
        fs::write(file, bytes).expect("the file is written");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_moved_aside_and_written_anew_is_one_reload() {
    assert_one_reload(|file, _, bytes| {
        let backup = file.with_file_name("hello.wasm~");
        fs::rename(file, &backup).expect("the file was there");
        fs::write(file, bytes).expect("the file is written");
        fs::remove_file(backup).expect("the backup was there");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hard_link_in_the_place_of_a_file_is_one_reload() {
    assert_one_reload(|file, build, bytes| {
        fs::write(build, bytes).expect("the file is written");
        fs::remove_file(file).expect("the file was there");
        fs::hard_link(build, file).expect("the file is linked");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_saves_end_on_the_last() {
    let (host, mut events) = watching().await;
    let before = detail(&host, "hello").await;
    let (first, second) = (bytes_of("hello"), rebuilt("hello"));
    for save in 0..20 {
        let bytes = if save % 2 == 0 { &first } else { &second };
        fs::write(host.plugins().join("hello.wasm"), bytes).expect("the file is written");
    }
    let mut told = until_sentinel(&host, &mut events, "counter").await;
    while detail(&host, "hello").await["sha256"] == before["sha256"] {
        told.push(events.next().await);
    }
    for event in told {
        assert_event(&event, "reloaded", "hello", "hello.wasm");
    }
    assert_quiet(&host, &mut events, "trap").await;
    assert_ne!(detail(&host, "hello").await["sha256"], before["sha256"]);
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_the_same_bytes_is_no_event() {
    let (host, mut events) = watching().await;
    let before = detail(&host, "hello").await;
    let (file, bytes) = (host.plugins().join("hello.wasm"), bytes_of("hello"));
    let opened = OpenOptions::new().write(true).open(&file).expect("the file is opened");
    opened.set_modified(SystemTime::now()).expect("the file is touched");
    drop(opened);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode is changed");
    assert_eq!(fs::read(&file).expect("the file is read"), bytes);
    assert_quiet(&host, &mut events, "counter").await;
    fs::write(&file, &bytes).expect("the file is written");
    assert_quiet(&host, &mut events, "trap").await;
    drop_in(&host, "hello.wasm", "hello");
    assert_quiet(&host, &mut events, "chatty").await;
    assert_eq!(detail(&host, "hello").await, before);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_grows_is_no_error_and_holds_up_no_other() {
    let (host, mut events) = watching().await;
    let (path, bytes) = (host.plugins().join("hello.wasm"), rebuilt("hello"));
    let (half, mut rest) = bytes.split_at(bytes.len() / 2);
    let mut file = File::create(path).expect("the file is opened");
    file.write_all(half).expect("half of it is written");
    // It grows by a byte at a time, in step with the old version's answers, until the host has loaded another file.
    let grown = async {
        loop {
            assert_alive(&host).await;
            let (byte, later) = rest.split_at(1);
            assert!(later.len() > 1, "the other file was held up");
            file.write_all(byte).expect("a byte is written");
            rest = later;
        }
    };
    tokio::select! {
        () = grown => {}
        () = assert_quiet(&host, &mut events, "counter") => {}
    }
    file.write_all(rest).expect("the rest is written");
    drop(file);
    assert_event(&events.next().await, "reloaded", "hello", "hello.wasm");
    assert_alive(&host).await;
    assert_quiet(&host, &mut events, "trap").await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_stays_broken_fails_once_and_the_old_version_serves() {
    let (host, mut events) = watching().await;
    let before = detail(&host, "hello").await;
    let (file, bytes) = (host.plugins().join("hello.wasm"), rebuilt("hello"));
    fs::write(&file, &bytes[..bytes.len() / 2]).expect("the file is written");
    let failed = events.next().await;
    assert_event(&failed, "failed", "hello", "hello.wasm");
    assert!(failed["message"].as_str().is_some_and(|message| message.contains("damaged")), "{failed:#}");
    assert_quiet(&host, &mut events, "counter").await;
    let known = detail(&host, "hello").await;
    assert_eq!(known["lastError"]["message"], failed["message"]);
    assert_eq!((&known["sha256"], &known["loadedAt"]), (&before["sha256"], &before["loadedAt"]));
    assert_alive(&host).await;
    // A good one makes good for it.
    fs::write(&file, &bytes).expect("the file is written");
    assert_event(&events.next().await, "reloaded", "hello", "hello.wasm");
    let known = detail(&host, "hello").await;
    assert_eq!(known["lastError"], Value::Null);
    assert_ne!(known["sha256"], before["sha256"]);
    assert_alive(&host).await;
    assert_quiet(&host, &mut events, "trap").await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_deleted_is_unregistered() {
    let (host, mut events) = watching().await;
    fs::remove_file(host.plugins().join("hello.wasm")).expect("the file was there");
    assert_event(&events.next().await, "removed", "hello", "hello.wasm");
    assert_eq!(host.get("/registry/integrations/hello").await.code(), "integration-not-found");
    let answer = host.execute("hello.echo", json!({ "message": "x" })).await;
    assert_eq!((answer.status, answer.code()), (404, "action-not-found"));
    assert_quiet(&host, &mut events, "counter").await;
    // And it comes back with its file.
    drop_in(&host, "hello.wasm", "hello");
    assert_event(&events.next().await, "loaded", "hello", "hello.wasm");
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_file_with_an_id_waits_until_the_first_is_deleted() {
    let (host, mut events) = watching().await;
    drop_in(&host, "second.wasm", "duplicate-hello");
    let failed = events.next().await;
    assert_eq!((&failed["type"], &failed["file"]), (&json!("failed"), &json!("second.wasm")), "{failed:#}");
    assert!(failed["message"].as_str().is_some_and(|message| message.contains("hello.wasm")), "{failed:#}");
    assert_eq!(detail(&host, "hello").await["version"], "1.0.0");
    assert_eq!(failure(&host.get("/registry/stats").await, "second.wasm"), failed["message"]);
    assert_alive(&host).await;
    fs::remove_file(host.plugins().join("hello.wasm")).expect("the file was there");
    assert_event(&events.next().await, "removed", "hello", "hello.wasm");
    assert_event(&events.next().await, "loaded", "hello", "second.wasm");
    let known = detail(&host, "hello").await;
    assert_eq!((&known["version"], &known["file"]), (&json!("9.9.9"), &json!("second.wasm")));
    assert_eq!(host.get("/registry/stats").await.body["failures"], json!({}));
    assert_quiet(&host, &mut events, "counter").await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_never_was_a_component_is_listed_until_it_is_deleted() {
    let (host, mut events) = watching().await;
    let file = host.plugins().join("notes.wasm");
    fs::write(&file, "# An integration\n").expect("the file is written");
    let failed = events.next().await;
    assert_eq!((&failed["type"], &failed["file"]), (&json!("failed"), &json!("notes.wasm")), "{failed:#}");
    let stats = host.get("/registry/stats").await;
    assert_eq!(failure(&stats, "notes.wasm"), failed["message"]);
    assert!(failure(&stats, "notes.wasm").contains("not a WebAssembly component"), "{failed:#}");
    assert_quiet(&host, &mut events, "counter").await;
    fs::remove_file(file).expect("the file was there");
    // What never was an integration ends without an event.
    let listed = async { while host.get("/registry/stats").await.body["failures"] != json!({}) {} };
    tokio::time::timeout(PATIENCE, listed).await.expect("the failure goes with the file");
    assert_quiet(&host, &mut events, "trap").await;
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_component_of_the_folder_itself_is_no_event() {
    let (host, mut events) = watching().await;
    let release = host.plugins().join("counter/target/wasm32-wasip2/release");
    fs::create_dir_all(&release).expect("folders");
    for name in ["counter/hello.wasm", "counter/target/wasm32-wasip2/release/hello.wasm"] {
        fs::write(host.plugins().join(name), rebuilt("hello")).expect("the file is written");
    }
    for name in [".hello.wasm", ".hello.wasm.tmp", "hello.wasm.tmp", "hello.wasm~", "README.md"] {
        fs::write(host.plugins().join(name), "half-written").expect("the file is written");
        fs::remove_file(host.plugins().join(name)).expect("the file was there");
    }
    fs::write(host.plugins().join(".counter.wasm"), bytes_of("counter")).expect("the file is written");
    assert_quiet(&host, &mut events, "trap").await;
    fs::remove_dir_all(host.plugins().join("counter")).expect("the folders were there");
    assert_quiet(&host, &mut events, "chatty").await;
    let stats = host.get("/registry/stats").await.body;
    assert_eq!((&stats["integrations"]["total"], &stats["failures"]), (&json!(3), &json!({})));
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_does_not_reload() {
    let host = TestHost::builder().production().guest("hello").start().await;
    let before = detail(&host, "hello").await;
    drop_in(&host, "counter.wasm", "counter");
    fs::write(host.plugins().join("hello.wasm"), rebuilt("hello")).expect("the file is written");
    let answer = host.post("/registry/reload/hello", &json!({})).await;
    assert_eq!(answer.status, 403, "{:#}", answer.body);
    // That nothing comes of the files later has no event to wait for.
    assert_eq!(detail(&host, "hello").await, before);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_serves_gets_the_id_it_wants_when_that_is_free() {
    let host = TestHost::builder().watching().guest("hello").guest("counter").start().await;
    let mut events = host.events().await;
    host.drop_in("counter.wasm", &guest("duplicate-hello").expect("the guest is built"));
    let failed = events.next().await;
    assert_eq!((&failed["type"], &failed["integrationId"]), (&json!("failed"), &json!("counter")), "{failed:#}");
    fs::remove_file(host.plugins().join("hello.wasm")).expect("the file was there");
    for (kind, id) in [("removed", "hello"), ("removed", "counter"), ("loaded", "hello")] {
        let event = events.next().await;
        assert_eq!((&event["type"], &event["integrationId"]), (&json!(kind), &json!(id)), "{event:#}");
    }
    assert_eq!(detail(&host, "hello").await["version"], "9.9.9");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_leads_out_of_the_folder_fails_and_the_old_version_serves() {
    let host = TestHost::builder().watching().guest("hello").start().await;
    let mut events = host.events().await;
    let link = host.plugins().join(".link");
    std::os::unix::fs::symlink(guest("counter").expect("the guest is built"), &link).expect("a link is made");
    fs::rename(link, host.plugins().join("hello.wasm")).expect("the link is put in place");
    let failed = events.next().await;
    assert_eq!((&failed["type"], &failed["serving"]), (&json!("failed"), &json!(true)), "{failed:#}");
    assert!(failed["message"].as_str().is_some_and(|message| message.contains("cannot be read")), "{failed:#}");
    assert_alive(&host).await;
    host.finish().await;
}
