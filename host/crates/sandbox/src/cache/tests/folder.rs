//! Which folders are refused, and that a file is whole or not there.

use std::{
    fs::{self, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
};

use super::{
    Data,
    damage::{kinds, may_give_away},
    make_pipe, set_used,
};
use crate::cache::folder::{CacheEntry, CacheError, CacheFolder, total_bytes};

fn refusal(data: &Data) -> CacheError {
    CacheFolder::open(&data.dir(), "cache").unwrap_err()
}

fn stems(entries: &[CacheEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.stem.as_str()).collect()
}

#[test]
fn what_the_host_makes_is_for_its_owner_alone() {
    let data = Data::new();
    data.folder().write("file", &[b"text"]).unwrap();
    assert_eq!(fs::metadata(data.path("cache")).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(data.file("file")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    let data = Data::new();
    drop(data.folder());
    for mode in [0o720, 0o702, 0o730, 0o722, 0o777] {
        fs::set_permissions(data.path("cache"), Permissions::from_mode(mode)).unwrap();
        let error = refusal(&data);
        assert!(matches!(error, CacheError::Exposed { mode: found, .. } if found == mode), "{mode:o}: {error}");
        let text = error.to_string();
        assert!(
            text.contains("`cache`") && text.contains("chmod 700") && text.contains(&format!("{mode:o}")),
            "{text}"
        );
    }
    for mode in [0o700, 0o750, 0o755] {
        fs::set_permissions(data.path("cache"), Permissions::from_mode(mode)).unwrap();
        CacheFolder::open(&data.dir(), "cache").unwrap();
    }
}

#[test]
fn what_is_no_folder_is_refused_and_left_alone() {
    let data = Data::new();
    fs::create_dir(data.path("elsewhere")).unwrap();
    let path = data.path("cache");
    for place in [
        &|| symlink("elsewhere", &path).unwrap(),
        &|| symlink("nowhere", &path).unwrap(),
        &|| fs::write(&path, "text").unwrap(),
        &|| make_pipe(&path),
    ] as [&dyn Fn(); 4]
    {
        place();
        let error = refusal(&data);
        assert!(matches!(error, CacheError::NotAFolder { .. }), "{error}");
        assert!(error.to_string().contains("remove it"), "{error}");
        fs::remove_file(&path).unwrap();
    }
    assert_eq!(super::names(&data.path("elsewhere")), [""; 0]);
}

#[test]
fn a_folder_of_another_user_is_refused() {
    if !may_give_away() {
        return;
    }
    let data = Data::new();
    drop(data.folder());
    chown(data.path("cache"), Some(65_534), None).unwrap();
    let error = refusal(&data);
    assert!(matches!(error, CacheError::Foreign { owner: 65_534, .. }), "{error}");
}

#[test]
fn leftovers_of_a_killed_host_are_removed() {
    let data = Data::new();
    drop(data.folder());
    fs::write(data.file(".tmp-half"), "half").unwrap();
    fs::create_dir(data.file(".tmp-folder")).unwrap();
    fs::write(data.file("kept"), "whole").unwrap();
    drop(data.folder());
    assert_eq!(data.files(), ["kept"]);
}

#[test]
fn a_write_that_fails_leaves_what_was_there() {
    let data = Data::new();
    let folder = data.folder();
    folder.write("file", &[b"old"]).unwrap();
    let full = |file: &mut fs::File| {
        file.write_all(b"half of it")?;
        Err(io::Error::from(ErrorKind::StorageFull))
    };
    assert_eq!(folder.write_by("file", full).unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(folder.write_by("other", full).unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(data.files(), ["file"]);
    assert_eq!(fs::read(data.file("file")).unwrap(), b"old");
}

#[test]
fn a_write_survives_that_another_host_takes_its_leftovers_away() {
    let data = Data::new();
    let folder = data.folder();
    let error = folder.write_by("file", |file| {
        drop(data.folder());
        file.write_all(b"text")
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(data.files(), [""; 0]);
    folder.write("file", &[b"text"]).unwrap();
}

#[test]
fn a_file_is_written_in_the_place_of_anything() {
    for damage in kinds(&[]) {
        let data = Data::new();
        let folder = data.folder();
        folder.write("file", &[b"old text"]).unwrap();
        damage.apply(&data.file("file"));
        folder.write("file", &[b"new", b"", b" text"]).unwrap();
        assert_eq!(folder.read("file", 100).unwrap().unwrap(), b"new text", "{}", damage.name);
    }
}

#[test]
fn only_files_that_the_host_wrote_are_opened() {
    let data = Data::new();
    let folder = data.folder();
    assert!(folder.open_file("file").unwrap().is_none());
    type Place = fn(&Path);
    let cases: [(&str, Place); 4] = [
        ("link", |path| symlink("target", path).unwrap()),
        ("not a file", make_pipe),
        ("not a file", |path| fs::create_dir(path).unwrap()),
        ("others", |path| {
            fs::write(path, "text").unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o620)).unwrap();
        }),
    ];
    for (reason, place) in cases {
        fs::write(data.file("target"), "text").unwrap();
        place(&data.file("file"));
        let error = folder.open_file("file").unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        folder.remove("file").unwrap();
        folder.remove("file").unwrap();
        assert_eq!(data.files(), ["target"], "a link's target is not the link");
    }
}

#[test]
fn no_more_is_read_than_was_asked_for() {
    let data = Data::new();
    let folder = data.folder();
    folder.write("file", &[&[7; 100]]).unwrap();
    assert_eq!(folder.read("file", 100).unwrap().unwrap(), [7; 100]);
    assert_eq!(folder.read("file", 99).unwrap_err().kind(), ErrorKind::FileTooLarge);
    assert!(folder.read("none", 99).unwrap().is_none());
}

#[test]
fn the_least_recently_used_entries_make_room() {
    let data = Data::new();
    let folder = data.folder();
    // Of an entry's files the last used one counts, and all of their bytes.
    for (name, used) in [("a.x", 50), ("a.y", 1), ("b.x", 2), ("b.y", 40), ("c.x", 30), ("d.y", 60), ("other", 1)] {
        folder.write(name, &[&[0; 10]]).unwrap();
        set_used(&data.file(name), used);
    }
    let shrink = |bytes: u64, newest| {
        let rest = folder.shrink(&[".x", ".y"], newest, |rest| total_bytes(rest) <= bytes).unwrap();
        stems(&rest).join(" ")
    };
    assert_eq!(shrink(60, None), "d a b c");
    assert_eq!(shrink(59, None), "d a b");
    assert_eq!(data.files(), ["a.x", "a.y", "b.x", "b.y", "d.y", "other"]);
    assert_eq!(shrink(49, Some("b")), "b d", "the newest counts as used last, whatever its time");
    assert_eq!(shrink(0, Some("b")), "", "even the newest goes if it alone does not fit");
    assert_eq!(data.files(), ["other"]);
}
