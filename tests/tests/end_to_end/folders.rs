//! Folders and files that other users of the machine can change: what a start repairs, and what it says.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use serde_json::json;
use tempfile::TempDir;
use workway_tests::{TestHost, logs};

use crate::support::bytes_of;

fn place(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("the mode changes");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

/// The warnings about a path and what lies below it.
fn warnings(path: &Path) -> Vec<String> {
    let path = path.to_str().expect("a path in UTF-8");
    logs::containing(path)
        .into_iter()
        .map(|line| line.message().to_owned())
        .filter(|text| text.contains(path))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugins_folder_that_others_can_write_to_is_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).expect("a plugins folder");
    for name in ["hello.wasm", "sound.wasm"] {
        fs::write(plugins.join(name), bytes_of("hello")).expect("the component is placed");
        place(&plugins.join(name), 0o644);
    }
    place(&plugins.join("hello.wasm"), 0o666);
    place(&plugins, 0o777);
    let host = TestHost::builder().production().start_in(folder).await;
    assert_eq!(host.execute("hello.echo", json!({ "message": "x" })).await.status, 200, "it serves nevertheless");
    let said = warnings(&plugins);
    for (name, mode) in [("", "0777"), ("/hello.wasm", "0666")] {
        let path = format!("{}{name}", plugins.display());
        let about = |text: &&String| text.contains(&format!("{path} (owner "));
        let line = said.iter().find(about).unwrap_or_else(|| panic!("nothing is said of {path}: {said:#?}"));
        for part in [&format!("mode {mode}"), "accounts", &format!("`chmod go-w {path}`")] {
            assert!(line.contains(part), "{line} does not say {part}");
        }
    }
    assert!(!said.iter().any(|text| text.contains("sound.wasm (")), "{said:#?}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_data_folder_is_closed_with_all_its_files() {
    let folder = TestHost::builder().production().start().await.finish_keeping().await;
    let data = folder.path().join("data");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(exposed_files(&data), [""; 0], "a new data folder is closed");
    place(&data, 0o755);
    place(&data.join("workway.db"), 0o644);
    let host = TestHost::builder().production().start_in(folder).await;
    assert_eq!((mode(&data), mode(&data.join("workway.db"))), (0o700, 0o600));
    assert_eq!(exposed_files(&data), [""; 0]);
    let said = warnings(&data);
    let repaired = "was open to other users (mode 0755): its mode is 0700 now";
    assert!(said.iter().any(|text| text.contains(repaired)), "{said:#?}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_data_folder_is_closed_where_it_lies() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    place(elsewhere.path(), 0o777);
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("data")).expect("a link");
    let host = TestHost::builder().production().start_in(folder).await;
    assert_eq!(mode(elsewhere.path()), 0o700);
    assert!(elsewhere.path().join("workway.db").exists());
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_folders_are_not_mentioned() {
    let folder: TempDir = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().to_owned();
    fs::create_dir(path.join("plugins")).expect("a plugins folder");
    place(&path.join("plugins"), 0o755);
    let host = TestHost::builder().production().start_in(folder).await;
    let said: Vec<_> = warnings(&path).into_iter().filter(|text| text.contains("other users")).collect();
    assert_eq!(said, [""; 0]);
    host.finish().await;
}

/// The files directly in a folder that others may read or write.
fn exposed_files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is listed").map(|entry| entry.expect("an entry").path());
    let open = entries.filter(|path| path.is_file() && mode(path) & 0o077 != 0);
    open.map(|path| path.display().to_string()).collect()
}
