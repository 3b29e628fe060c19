//! Bounds of the functions, which of them make room, and what several threads and several hosts do at once.

use std::{
    fs,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
};

use wasmtime::CacheStore;

use super::{
    Data,
    functions::{BOUNDS, found, insert, key, open, open_with, value},
    set_used, warnings,
};
use crate::cache::functions::{Bounds, FunctionCache};

/// Writes a pack of these, which looks as if it was used at `used`.
fn write_pack(cache: &FunctionCache, data: &Data, numbers: impl IntoIterator<Item = u16>, used: u64) {
    let before = data.files();
    insert(cache, numbers);
    cache.flush().unwrap();
    let new: Vec<_> = data.files().into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(new.len(), 1);
    set_used(&data.file(&new[0]), used);
}

#[test]
fn the_pack_that_was_not_used_for_longest_makes_room() {
    for bounds in [
        Bounds { packs: 3, ..BOUNDS },
        Bounds { entries: 30, ..BOUNDS },
        // Three packs of ten values have this many bytes, and a fourth does not fit.
        Bounds { bytes: 3 * (48 + 10 * (52 + 500)) + 100, ..BOUNDS },
    ] {
        let data = Data::new();
        let cache = open_with(&data, bounds);
        let numbers = |pack: u16| pack * 10..pack * 10 + 10;
        let insert_large = |pack: u16, used: u64| {
            for number in numbers(pack) {
                assert!(cache.insert(&key(number), vec![0; 500]));
            }
            cache.flush().unwrap();
            used
        };
        let is_there =
            |cache: &FunctionCache, pack: u16| numbers(pack).filter(|n| cache.get(&key(*n)).is_some()).count();
        let mut known = Vec::new();
        for pack in 1..=3 {
            let used = insert_large(pack, u64::from(pack));
            let new = data.files().into_iter().find(|name| !known.contains(name)).unwrap();
            set_used(&data.file(&new), used);
            known.push(new);
        }
        assert_eq!(is_there(&cache, 1), 10, "this is a use");
        insert_large(4, 4);
        assert_eq!(data.files().len(), 3, "{bounds:?}");
        let rest = [1, 2, 3, 4].map(|pack| is_there(&cache, pack));
        assert_eq!(rest, [10, 0, 10, 10], "{bounds:?}: the second was not used for longest");
        let again = open_with(&data, bounds);
        assert_eq!([1, 2, 3, 4].map(|pack| is_there(&again, pack)), rest);
    }
}

#[test]
fn packs_in_use_outlive_many_new_ones() {
    let data = Data::new();
    let cache = open_with(&data, Bounds { packs: 3, ..BOUNDS });
    write_pack(&cache, &data, 1..=50, 1);
    for build in 0..20 {
        assert_eq!(found(&cache, 1..=50).len(), 50, "build {build}");
        insert(&cache, [100 + build]);
        cache.flush().unwrap();
    }
    assert_eq!(data.files().len(), 3);
    assert_eq!(found(&open(&data), 1..=50).len(), 50);
}

#[test]
fn a_use_is_noted_also_when_nothing_is_new() {
    let data = Data::new();
    let cache = open(&data);
    write_pack(&cache, &data, 1..=5, 1);
    write_pack(&cache, &data, 6..=9, 2);
    assert_eq!(found(&cache, [1]), [1]);
    cache.flush().unwrap();
    let cache = open_with(&data, Bounds { packs: 1, ..BOUNDS });
    assert_eq!(found(&cache, 1..=9), [1, 2, 3, 4, 5]);
    assert_eq!(data.files().len(), 1);
}

#[test]
fn lower_bounds_hold_from_the_start() {
    for bounds in [
        Bounds { packs: 2, ..BOUNDS },
        Bounds { entries: 25, ..BOUNDS },
        Bounds { bytes: 2 * (48 + 10 * 52 + 1_000), ..BOUNDS },
    ] {
        let data = Data::new();
        let cache = open(&data);
        for pack in 1..=5 {
            write_pack(&cache, &data, pack * 10..pack * 10 + 10, u64::from(pack));
        }
        let (cache, warned) = warnings(|| open_with(&data, bounds));
        assert_eq!(found(&cache, 0..100), (40..60).collect::<Vec<_>>(), "{bounds:?}");
        assert_eq!(data.files().len(), 2, "{bounds:?}");
        assert_eq!(warned, [""; 0], "making room is no fault");
    }
}

#[test]
fn what_waits_in_memory_is_bounded() {
    let data = Data::new();
    let cache = open_with(&data, Bounds { pending_bytes: 3 * (100 + 52), ..BOUNDS });
    for number in 1..=3 {
        assert!(cache.insert(&key(number), vec![1; 100]));
    }
    assert!(!cache.insert(&key(4), Vec::new()));
    assert!(cache.get(&key(4)).is_none());
    assert!(cache.insert(&key(3), vec![2; 100]), "what it replaces no longer counts");
    assert!(!cache.insert(&key(3), vec![3; 101]));
    assert_eq!(*cache.get(&key(3)).unwrap(), [2; 100], "a refused value changes nothing");
    cache.flush().unwrap();
    assert!(cache.insert(&key(4), vec![1; 100]), "what is written no longer waits");

    let cache = open_with(&Data::new(), Bounds { entries: 2, ..BOUNDS });
    insert(&cache, 1..=2);
    assert!(!cache.insert(&key(3), Vec::new()));
    insert(&cache, [2]);
}

#[test]
fn what_does_not_fit_on_disk_does_not_wait_to_be_written() {
    let data = Data::new();
    let cache = open_with(&data, Bounds { bytes: 48 + 2 * (100 + 52), ..BOUNDS });
    assert!(cache.insert(&key(1), vec![1; 100]) && cache.insert(&key(2), vec![1; 100]));
    assert!(!cache.insert(&key(3), Vec::new()));
    cache.flush().unwrap();
    assert!(cache.get(&key(1)).is_some());
    assert!(cache.insert(&key(3), vec![1; 100]));
    cache.flush().unwrap();
    assert!(cache.get(&key(1)).is_none() && cache.get(&key(3)).is_some());

    let cache = open_with(&Data::new(), Bounds { bytes: 0, ..BOUNDS });
    assert!(!cache.insert(&key(1), Vec::new()));
    cache.flush().unwrap();
}

#[test]
fn a_disk_that_takes_nothing_fills_no_memory() {
    let data = Data::new();
    let cache = open_with(&data, Bounds { pending_bytes: 200, ..BOUNDS });
    fs::remove_dir_all(data.path("cache")).unwrap();
    for number in 1..=20 {
        assert!(cache.insert(&key(number), vec![1; 100]), "{number}");
        assert!(cache.flush().is_err());
        assert!(cache.get(&key(number)).is_none());
    }
}

#[test]
fn hosts_that_share_a_folder_do_not_disturb_each_other() {
    let data = Data::new();
    let bounds = Bounds { packs: 2, ..BOUNDS };
    let one = open_with(&data, bounds);
    write_pack(&one, &data, 1..=5, 1);
    let other = open_with(&data, bounds);
    assert_eq!(found(&open(&data), 1..=5).len(), 5);
    write_pack(&other, &data, 6..=9, 2);
    assert_eq!(found(&one, 6..=9), [0; 0], "it is seen after a restart");
    write_pack(&other, &data, 10..=14, 3);
    assert_eq!(data.files().len(), 2, "the packs of both count");
    assert_eq!(found(&one, 1..=5).len(), 5, "an open pack outlives its name");
    write_pack(&one, &data, [20], 4);
    assert_eq!(found(&one, 1..=5), [0; 0], "but only until the next flush: files without a name are not counted");
    assert_eq!(found(&open(&data), 1..=20), [10, 11, 12, 13, 14, 20]);
}

#[test]
fn threads_get_only_what_was_inserted_under_the_key() {
    const THREADS: u16 = 4;
    const ROUNDS: u16 = 40;

    let data = Data::new();
    // Small enough that packs come and go all the time.
    let cache = open_with(&data, Bounds { packs: 3, entries: 300, pending_bytes: 20_000, ..BOUNDS });
    let (start, done) = (Barrier::new(usize::from(THREADS) + 1), AtomicBool::new(false));
    let hits = std::thread::scope(|scope| {
        let work = |thread: u16| {
            let mut hits = 0;
            start.wait();
            for round in 0..ROUNDS {
                for step in 0..50 {
                    let number = (thread * 31 + round * 7 + step * 3) % 200;
                    hits += found(&cache, [number, 999 - number]).len();
                    cache.insert(&key(number), value(number));
                }
            }
            hits
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        let flush = scope.spawn(|| {
            start.wait();
            while !done.load(Ordering::Relaxed) {
                cache.flush().unwrap();
            }
        });
        let ended: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        done.store(true, Ordering::Relaxed);
        flush.join().unwrap();
        ended.into_iter().map(Result::unwrap).sum::<usize>()
    });
    assert!(hits > 0);
    cache.flush().unwrap();
    assert!(data.files().len() <= 3, "{:?}", data.files());
    found(&open(&data), 0..200);
}
