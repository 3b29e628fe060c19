//! Each way in which a file comes, changes and goes.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
};

use super::{Watched, reported};

#[tokio::test]
async fn a_file_that_is_created_is_reported() {
    let names = reported(|watched| {
        let mut file = File::create_new(watched.path("b.wasm")).unwrap();
        file.write_all(b"new").unwrap();
    });
    assert_eq!(names.await, ["b.wasm"]);
}

#[tokio::test]
async fn a_file_that_is_written_in_pieces_is_reported_with_each_and_when_it_is_closed() {
    let mut watched = Watched::start();
    let mut file = OpenOptions::new().write(true).truncate(true).open(watched.path("a.wasm")).unwrap();
    assert_eq!(watched.names().await.0, ["a.wasm".to_owned()].into(), "truncated");
    for piece in ["one", "two", "three"] {
        file.write_all(piece.as_bytes()).unwrap();
        file.sync_all().unwrap();
        assert_eq!(watched.names().await.0, ["a.wasm".to_owned()].into(), "{piece}");
    }
    drop(file);
    assert_eq!(watched.names().await.0, ["a.wasm".to_owned()].into(), "closed");
    assert_eq!(watched.names().await.0, [].into());
}

#[tokio::test]
async fn a_file_that_was_mapped_is_reported_when_it_is_closed() {
    // Writing through a mapping has no events, closing what was open for writing has: nothing else is done here.
    let names = reported(|watched| drop(OpenOptions::new().write(true).open(watched.path("a.wasm")).unwrap()));
    assert_eq!(names.await, ["a.wasm"]);
}

#[tokio::test]
async fn a_temporary_file_that_is_renamed_over_is_reported_by_its_last_name() {
    for temporary in [".a.wasm.tmp", "a.tmp", "../a.wasm"] {
        let names = reported(|watched| {
            fs::write(watched.path(temporary), "new").unwrap();
            fs::rename(watched.path(temporary), watched.path("a.wasm")).unwrap();
        });
        assert_eq!(names.await, ["a.wasm"], "{temporary}");
    }
}

#[tokio::test]
async fn a_file_that_is_copied_over_is_reported() {
    let names = reported(|watched| {
        fs::write(watched.beside("build.wasm"), vec![1; 3 << 20]).unwrap();
        fs::copy(watched.beside("build.wasm"), watched.path("a.wasm")).unwrap();
    });
    assert_eq!(names.await, ["a.wasm"]);
}

#[tokio::test]
async fn a_file_that_is_gone_is_reported() {
    assert_eq!(reported(|watched| fs::remove_file(watched.path("a.wasm")).unwrap()).await, ["a.wasm"]);
    let moved_away = |watched: &Watched| fs::rename(watched.path("a.wasm"), watched.beside("a.wasm")).unwrap();
    assert_eq!(reported(moved_away).await, ["a.wasm"]);
}

#[tokio::test]
async fn a_file_that_is_deleted_and_created_again_is_reported() {
    let names = reported(|watched| {
        fs::remove_file(watched.path("a.wasm")).unwrap();
        fs::write(watched.path("a.wasm"), "new").unwrap();
    });
    assert_eq!(names.await, ["a.wasm"]);
}

#[tokio::test]
async fn a_file_that_is_replaced_and_deleted_at_once_is_reported() {
    // A debouncer may take it for a file that came and went, and say nothing of the one that was there before.
    let names = reported(|watched| {
        fs::write(watched.beside("build.wasm"), "new").unwrap();
        fs::rename(watched.beside("build.wasm"), watched.path("a.wasm")).unwrap();
        fs::remove_file(watched.path("a.wasm")).unwrap();
    });
    assert_eq!(names.await, ["a.wasm"]);
}

#[tokio::test]
async fn a_rename_within_the_folder_is_reported_by_both_names() {
    let names = reported(|watched| fs::rename(watched.path("a.wasm"), watched.path("b.wasm")).unwrap());
    assert_eq!(names.await, ["a.wasm", "b.wasm"]);
    let names = reported(|watched| fs::rename(watched.path("a.wasm"), watched.path("a.wasm.old")).unwrap());
    assert_eq!(names.await, ["a.wasm"]);
}

#[tokio::test]
async fn a_link_is_reported() {
    let names = reported(|watched| {
        fs::write(watched.beside("build.wasm"), "new").unwrap();
        fs::hard_link(watched.beside("build.wasm"), watched.path("hard.wasm")).unwrap();
        symlink("a.wasm", watched.path("soft.wasm")).unwrap();
        // As cargo replaces what it built before.
        fs::remove_file(watched.path("a.wasm")).unwrap();
        fs::hard_link(watched.beside("build.wasm"), watched.path("a.wasm")).unwrap();
    });
    assert_eq!(names.await, ["a.wasm", "hard.wasm", "soft.wasm"]);
}

#[tokio::test]
async fn a_file_whose_mode_changes_is_reported() {
    // It may be one that nobody could read before.
    let names = reported(|watched| {
        fs::set_permissions(watched.path("a.wasm"), fs::Permissions::from_mode(0o400)).unwrap();
    });
    assert_eq!(names.await, ["a.wasm"]);
}
