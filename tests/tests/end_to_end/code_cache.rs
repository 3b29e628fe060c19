//! Compiled code is kept on disk between starts, and never trusted further than its checksum.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use workway_host::{
    Host,
    settings::{Flags, Mode, Settings},
};
use workway_tests::{TestHost, TestHostBuilder};

use crate::support::{assert_alive, rebuilt};

fn artifacts(data: &Path) -> PathBuf {
    data.join("cache/artifacts")
}

/// The files of the artifact cache that end with `extension`.
fn files(data: &Path, extension: &str) -> Vec<PathBuf> {
    let listed = fs::read_dir(artifacts(data)).expect("there is a cache").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> =
        listed.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

/// Where the code of `hello.wasm` comes from when it is loaded while somebody follows.
async fn code_of_hello(host: &TestHost) -> Value {
    let id = "hello".parse().expect("an id");
    host.app().registry().unregister_integration(&id).await.expect("hello is there");
    let mut events = host.events().await;
    let file = "hello.wasm".parse().expect("a file name");
    host.app().registry().register(file).await.expect("hello loads");
    events.next().await["code"].clone()
}

fn builder() -> TestHostBuilder {
    TestHost::builder().guest("hello")
}

/// A folder in which a host has run and kept the code of `hello.wasm`.
async fn folder_with_code() -> TempDir {
    let host = builder().start().await;
    let folder = host.finish_keeping().await;
    assert_eq!(files(&folder.path().join("data"), "cwasm").len(), 1);
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_compiles_nothing() {
    let host = builder().start_in(folder_with_code().await).await;
    assert_eq!(code_of_hello(&host).await, "cache");
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_is_kept_for_each_compiler_by_itself() {
    let host = builder().cranelift().start_in(folder_with_code().await).await;
    assert_alive(&host).await;
    let folder = host.finish_keeping().await;
    assert_eq!(files(&folder.path().join("data"), "cwasm").len(), 2);
    let functions = fs::read_dir(folder.path().join("data/cache/functions")).expect("functions are kept");
    assert_eq!(functions.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_code_is_compiled_anew_and_never_loaded() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 6] = [
        ("truncated", |file| {
            let bytes = fs::read(file).expect("the file is read");
            fs::write(file, &bytes[..bytes.len() / 2]).expect("the file is written");
        }),
        ("one bit flipped", |file| {
            let mut bytes = fs::read(file).expect("the file is read");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(file, bytes).expect("the file is written");
        }),
        ("empty", |file| fs::write(file, "").expect("the file is written")),
        ("foreign", |file| fs::write(file, rebuilt("hello")).expect("the file is written")),
        ("a folder", |file| {
            fs::remove_file(file).expect("the file is removed");
            fs::create_dir(file).expect("a folder is made");
        }),
        ("gone", |file| fs::remove_file(file).expect("the file is removed")),
    ];
    let mut folder = folder_with_code().await;
    for extension in ["cwasm", "json"] {
        for (name, damage) in &damages {
            damage(&files(&folder.path().join("data"), extension)[0]);
            let host = builder().start_in(folder).await;
            assert_alive(&host).await;
            folder = host.finish_keeping().await;
            // What was compiled instead is kept, and good.
            let host = builder().start_in(folder).await;
            assert_eq!(code_of_hello(&host).await, "cache", "after {extension} was {name}");
            assert_alive(&host).await;
            folder = host.finish_keeping().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_of_another_component_is_never_taken_for_this_one() {
    let host = TestHost::builder().guest("hello").guest("counter").start().await;
    let folder = host.finish_keeping().await;
    let data = folder.path().join("data");
    let images = files(&data, "cwasm");
    let swapped = artifacts(&data).join("swap");
    for (from, to) in [(&images[0], &swapped), (&images[1], &images[0]), (&swapped, &images[1])] {
        fs::rename(from, to).expect("the file is renamed");
    }
    let host = TestHost::builder().guest("hello").guest("counter").start_in(folder).await;
    assert_alive(&host).await;
    assert_eq!(host.execute("counter.echo", json!({})).await.status, 404);
    host.finish().await;
}

#[tokio::test]
async fn a_cache_that_others_can_write_to_is_refused() {
    let folder = folder_with_code().await;
    let data = folder.path().join("data");
    let settings = || {
        Settings::load(Flags {
            mode: Some(Mode::Development),
            listen: Some(([127, 0, 0, 1], 0).into()),
            plugins: Some(folder.path().join("plugins")),
            data: Some(data.clone()),
            config: Some(folder.path().join("workway.toml")),
            ..Flags::default()
        })
        .expect("the settings hold")
    };
    for refused in [data.join("cache"), artifacts(&data), data.join("cache/functions")] {
        fs::set_permissions(&refused, fs::Permissions::from_mode(0o777)).expect("the mode is set");
        let message = Host::start(settings()).await.err().expect("the host refuses it").to_string();
        assert!(message.contains("chmod 700"), "{message}");
        fs::set_permissions(&refused, fs::Permissions::from_mode(0o700)).expect("the mode is set");
    }
    assert!(Host::start(settings()).await.is_ok());
}
