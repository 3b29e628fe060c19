//! A function is what was inserted under its key, or it is not there. What several threads and hosts do is in `sharing`.

use std::{fs, path::PathBuf};

use proptest::prelude::{any, proptest};
use wasmtime::CacheStore;

use super::{
    Data,
    damage::{flip, kinds},
    names, set_used, warnings,
};
use crate::cache::functions::{Bounds, FunctionCache};

pub(super) const BOUNDS: Bounds = Bounds { bytes: 1 << 20, packs: 8, entries: 1_000, pending_bytes: 1 << 19 };

pub(super) fn key(number: u16) -> [u8; 32] {
    let mut key = [0xa5; 32];
    key[..2].copy_from_slice(&number.to_le_bytes());
    key
}

/// Different for each number, and now and then empty.
pub(super) fn value(number: u16) -> Vec<u8> {
    number.to_be_bytes().repeat(usize::from(number % 50))
}

pub(super) fn open(data: &Data) -> FunctionCache {
    open_with(data, BOUNDS)
}

pub(super) fn open_with(data: &Data, bounds: Bounds) -> FunctionCache {
    FunctionCache::with_bounds(data.folder(), bounds).unwrap()
}

pub(super) fn insert(cache: &FunctionCache, numbers: impl IntoIterator<Item = u16>) {
    for number in numbers {
        assert!(cache.insert(&key(number), value(number)), "{number}");
    }
}

/// Which of these are there. What is there must be right.
pub(super) fn found(cache: &FunctionCache, numbers: impl IntoIterator<Item = u16>) -> Vec<u16> {
    let is_found = |number: &u16| match cache.get(&key(*number)) {
        Some(found) => {
            assert_eq!(*found, value(*number), "{number}");
            true
        }
        None => false,
    };
    numbers.into_iter().filter(is_found).collect()
}

/// The pack's file, where there is one.
fn pack(data: &Data) -> PathBuf {
    let packs = data.files();
    assert_eq!(packs.len(), 1, "{packs:?}");
    data.file(&packs[0])
}

fn written(data: &Data) -> PathBuf {
    let cache = open(data);
    insert(&cache, 1..=20);
    cache.flush().unwrap();
    pack(data)
}

#[test]
fn a_function_is_found_at_once_and_after_a_restart() {
    let data = Data::new();
    let cache = open(&data);
    assert_eq!(found(&cache, 1..=3), [0; 0]);
    insert(&cache, 1..=100);
    assert_eq!(found(&cache, 1..=101).len(), 100);
    assert_eq!(data.files(), [""; 0], "nothing is written before the flush");
    cache.flush().unwrap();
    assert_eq!(found(&cache, 1..=101).len(), 100);
    assert_eq!(data.files().len(), 1);
    insert(&cache, 101..=110);
    cache.flush().unwrap();
    assert_eq!(data.files().len(), 2);
    let (again, warned) = warnings(|| open(&data));
    assert_eq!(found(&again, 0..=120).len(), 110);
    assert_eq!(warned, [""; 0]);
    for name in data.files() {
        assert!(name.len() == 21 && name.ends_with(".pack"), "{name}");
    }
}

#[test]
fn nothing_new_writes_no_file() {
    let data = Data::new();
    let cache = open(&data);
    cache.flush().unwrap();
    assert_eq!(data.files(), [""; 0]);
    insert(&cache, 1..=3);
    cache.flush().unwrap();
    let files = data.files();
    cache.flush().unwrap();
    assert_eq!(data.files(), files);
}

#[test]
fn what_was_inserted_last_counts() {
    let data = Data::new();
    let cache = open(&data);
    for text in ["first", "second"] {
        assert!(cache.insert(&key(1), text.into()));
        assert_eq!(*cache.get(&key(1)).unwrap(), *text.as_bytes());
    }
    cache.flush().unwrap();
    assert_eq!(*cache.get(&key(1)).unwrap(), *b"second");
    set_used(&pack(&data), 1);
    assert!(cache.insert(&key(1), "third".into()));
    assert_eq!(*cache.get(&key(1)).unwrap(), *b"third");
    cache.flush().unwrap();
    assert_eq!(*cache.get(&key(1)).unwrap(), *b"third");
    assert_eq!(*open(&data).get(&key(1)).unwrap(), *b"third");
}

#[test]
fn the_same_functions_again_are_the_same_file() {
    let data = Data::new();
    let cache = open(&data);
    for _ in 0..3 {
        insert(&cache, 1..=5);
        cache.flush().unwrap();
        assert_eq!(data.files().len(), 1);
        assert_eq!(found(&cache, 1..=6).len(), 5);
    }
}

#[test]
fn keys_that_are_none_of_the_compilers_are_not_stored() {
    let data = Data::new();
    let cache = open(&data);
    for key in [&[][..], &[1; 31], &[1; 33]] {
        assert!(!cache.insert(key, b"value".to_vec()));
        assert!(cache.get(key).is_none());
    }
}

#[test]
fn any_damage_to_a_pack_is_found_out() {
    // Within the magic, the format, the number of entries, the checksum, at the index, within it and at the values.
    for damage in kinds(&[1, 8, 12, 16, 30, 47, 48, 49, 99, 100, 48 + 20 * 52 - 1, 48 + 20 * 52]) {
        let name = &damage.name;
        let data = Data::new();
        let path = written(&data);
        damage.apply(&path);
        let ((cache, intact), warned) = warnings(|| {
            let cache = open(&data);
            let intact = found(&cache, 1..=20).len();
            (cache, intact)
        });
        assert!(intact < 20, "{name}: all of it was used");
        assert!(warned.len() == 1, "{name}: {warned:?}");
        assert!(warned[0].contains(path.file_name().unwrap().to_str().unwrap()), "{name}: {warned:?}");
        assert!(path.symlink_metadata().is_err(), "{name}: it lies there still");
        assert_eq!(found(&cache, 1..=20), [0; 0], "{name}: a damaged pack is used on");
        insert(&cache, 1..=20);
        cache.flush().unwrap();
        assert_eq!(found(&open(&data), 1..=20).len(), 20, "{name}");
    }
}

proptest! {
    #[test]
    fn one_changed_bit_anywhere_is_found_out(bit in any::<usize>()) {
        let data = Data::new();
        let path = written(&data);
        flip(&path, bit);
        let cache = open(&data);
        assert!(found(&cache, 1..=20).len() < 20);
        assert!(!path.exists());
        insert(&cache, 1..=20);
        cache.flush().unwrap();
        assert_eq!(found(&open(&data), 1..=20).len(), 20);
    }
}

#[test]
fn damage_while_the_host_runs_is_found_out_once() {
    let data = Data::new();
    let cache = open(&data);
    insert(&cache, 1..=20);
    cache.flush().unwrap();
    let path = pack(&data);
    let length = fs::metadata(&path).unwrap().len();
    fs::File::options().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    let (intact, warned) = warnings(|| found(&cache, (1..=20).chain(1..=20)));
    assert!(intact.len() < 20 && warned.len() == 1, "{intact:?} {warned:?}");
    assert_eq!(data.files(), [""; 0]);
}

#[test]
fn a_pack_under_another_packs_name_is_not_read() {
    let data = Data::new();
    let cache = open(&data);
    insert(&cache, 1..=5);
    cache.flush().unwrap();
    let first = pack(&data);
    let aside = data.path("aside");
    fs::copy(&first, &aside).unwrap();
    insert(&cache, 6..=9);
    cache.flush().unwrap();
    let second = data.files().into_iter().map(|name| data.file(&name)).find(|path| *path != first).unwrap();
    fs::rename(aside, &second).unwrap();
    let (cache, warned) = warnings(|| open(&data));
    assert!(warned.len() == 1 && warned[0].contains("does not match its content"), "{warned:?}");
    assert_eq!(found(&cache, 1..=9), [1, 2, 3, 4, 5]);
    assert!(!second.exists());
}

/// A pack with a right checksum and name, made by hand.
fn forge(data: &Data, head: &[u8], index: &[u8], values: &[u8]) {
    use sha2::{Digest, Sha256};

    let checksum = Sha256::new().chain_update(head).chain_update(index).finalize();
    let name = format!("{}.pack", hex::encode(&checksum[..8]));
    fs::write(data.file(&name), [head, &checksum, index, values].concat()).unwrap();
}

#[test]
fn a_pack_that_says_what_cannot_be_is_not_read() {
    let entry = |length: u32| [&[1; 32][..], &length.to_le_bytes(), &[0; 16]].concat();
    let head = |format: u32, entries: u32| [&b"WWAYPACK"[..], &format.to_le_bytes(), &entries.to_le_bytes()].concat();
    let many = entry(u32::MAX).repeat(3);
    for (reason, head, index) in [
        ("format", head(2, 1), entry(4)),
        ("format", head(0, 1), entry(4)),
        ("entries", head(1, u32::MAX), entry(4)),
        ("entries", head(1, 1_001), entry(0).repeat(1_001)),
        ("bytes", head(1, 2), entry(4)),
        ("bytes", head(1, 1_000), entry(4)),
        ("bytes", head(1, 1), entry(5)),
        ("bytes", head(1, 1), entry(3)),
        ("bytes", head(1, 3), many),
    ] {
        let data = Data::new();
        drop(data.folder());
        forge(&data, &head, &index, b"1234");
        let (_, warned) = warnings(|| open(&data));
        assert!(warned.len() == 1 && warned[0].contains(reason), "{reason}: {warned:?}");
        assert_eq!(names(&data.path("cache")), [""; 0]);
    }
}

#[test]
fn a_file_that_is_no_pack_is_left_alone() {
    let data = Data::new();
    drop(data.folder());
    fs::write(data.file("README"), "mine").unwrap();
    let cache = open_with(&data, Bounds { packs: 1, ..BOUNDS });
    for number in 1..=3 {
        insert(&cache, [number]);
        cache.flush().unwrap();
    }
    assert_eq!(data.files().len(), 2);
    assert_eq!(fs::read(data.file("README")).unwrap(), b"mine");
}
