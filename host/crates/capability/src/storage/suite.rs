//! What every [`StorageBackend`] must do, as tests that each implementation runs with [`storage_suite!`]. It never names
//! an implementation.

#![allow(clippy::unwrap_used, reason = "tests, which other crates compile as a library")]

use std::sync::Arc;

use super::{Applied, Change, Quota, Space, StorageBackend, StorageError, StoragePage, StoredValue};

/// Makes one test of every function below. `$fixture` is an async function that answers an `Arc` of the backend and a
/// guard that is kept until the test ends.
#[macro_export]
macro_rules! storage_suite {
    ($fixture:path) => {
        $crate::storage_suite!($fixture:
            an_absent_key_is_nothing,
            versions_rise_and_are_never_given_twice,
            spaces_do_not_see_each_other,
            a_commit_is_all_or_nothing,
            an_unmet_expectation_changes_nothing,
            expectations_hold_for_keys_that_are_only_read,
            changes_apply_in_order,
            lists_are_in_byte_order_and_page,
            prefixes_are_literal,
            a_listing_stops_at_its_bytes_but_answers_one,
            the_quota_counts_overwrites_and_deletes,
            the_number_of_keys_is_bounded,
            a_change_may_make_room_for_another,
            a_space_over_a_lowered_quota_can_shrink,
            odd_keys_and_values_come_back_as_they_were,
            no_concurrent_increment_is_lost,
        );
    };
    ($fixture:path: $($case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (backend, _guard) = $fixture().await;
                $crate::storage::suite::$case(backend).await;
            }
        )*
    };
}
const AMPLE: Quota = Quota { bytes: 1_000_000, keys: 1_000 };

pub fn space(integration: &str, user: &str) -> Space {
    Space { integration: integration.parse().unwrap(), user: user.parse().unwrap() }
}

fn ours() -> Space {
    space("slack", "ann")
}

fn put_of(key: &str, value: &[u8]) -> Change {
    Change::Put(key.into(), value.to_vec())
}

fn delete_of(key: &str) -> Change {
    Change::Delete(key.into())
}

async fn put(backend: &impl StorageBackend, space: &Space, key: &str, value: &[u8]) -> u64 {
    match backend.commit(space, AMPLE, vec![], vec![put_of(key, value)]).await.unwrap()[..] {
        [Applied::Put(version)] => version,
        ref other => panic!("a put answered {other:?}"),
    }
}

async fn value(backend: &impl StorageBackend, key: &str) -> Option<Vec<u8>> {
    backend.get(&ours(), key).await.unwrap().map(|entry| entry.value)
}

async fn keys(backend: &impl StorageBackend, page: StoragePage<'_>) -> Vec<String> {
    backend.list(&ours(), page).await.unwrap().into_iter().map(|entry| entry.key).collect()
}

fn page<'a>(prefix: &'a str, start_after: Option<&'a str>, limit: u32) -> StoragePage<'a> {
    StoragePage { prefix, start_after, limit, max_bytes: 1_000_000 }
}

pub async fn an_absent_key_is_nothing(backend: Arc<impl StorageBackend>) {
    assert_eq!(backend.get(&ours(), "k").await, Ok(None));
    assert_eq!(backend.list(&ours(), page("", None, 10)).await, Ok(vec![]));
    assert_eq!(backend.commit(&ours(), AMPLE, vec![], vec![delete_of("k")]).await, Ok(vec![Applied::Deleted(false)]));
    assert_eq!(backend.commit(&ours(), AMPLE, vec![("k".into(), 0)], vec![]).await, Ok(vec![]));
}

pub async fn versions_rise_and_are_never_given_twice(backend: Arc<impl StorageBackend>) {
    let first = put(&*backend, &ours(), "a", b"1").await;
    let second = put(&*backend, &ours(), "a", b"2").await;
    let other = put(&*backend, &ours(), "b", b"1").await;
    assert!(0 < first && first < second && second < other);
    for key in ["a", "b"] {
        backend.commit(&ours(), AMPLE, vec![], vec![delete_of(key)]).await.unwrap();
    }
    let again = put(&*backend, &ours(), "a", b"1").await;
    assert!(other < again, "{again} was given before the deletes");
    let entry = StoredValue { key: "a".into(), value: b"1".to_vec(), version: again };
    assert_eq!(backend.get(&ours(), "a").await, Ok(Some(entry)));
}

pub async fn spaces_do_not_see_each_other(backend: Arc<impl StorageBackend>) {
    put(&*backend, &ours(), "k", b"secret").await;
    // The last two would be one space if the parts were ever joined into one text.
    for stranger in [space("slack", "bob"), space("gmail", "ann"), space("slack-a", "nn"), space("slac", "kann")] {
        assert_eq!(backend.get(&stranger, "k").await, Ok(None));
        assert_eq!(backend.list(&stranger, page("", None, 10)).await, Ok(vec![]));
        let deleted = backend.commit(&stranger, AMPLE, vec![("k".into(), 0)], vec![delete_of("k")]).await;
        assert_eq!(deleted, Ok(vec![Applied::Deleted(false)]));
        put(&*backend, &stranger, "k", b"theirs").await;
    }
    assert_eq!(value(&*backend, "k").await.as_deref(), Some(&b"secret"[..]));
    let full = Quota { bytes: 7, keys: 1 };
    let unaffected = backend.commit(&ours(), full, vec![], vec![put_of("k", b"sixsix")]).await;
    assert!(unaffected.is_ok(), "another space's bytes were counted: {unaffected:?}");
}

pub async fn a_commit_is_all_or_nothing(backend: Arc<impl StorageBackend>) {
    let before = put(&*backend, &ours(), "a", b"old").await;
    let too_much = vec![put_of("a", b"new"), put_of("b", b"new"), put_of("c", &[0; 100])];
    let refused = backend.commit(&ours(), Quota { bytes: 50, keys: 9 }, vec![], too_much).await;
    assert_eq!(refused, Err(StorageError::Quota(50)));
    assert_eq!(value(&*backend, "a").await.as_deref(), Some(&b"old"[..]));
    assert_eq!(keys(&*backend, page("", None, 10)).await, ["a"]);
    let version = put(&*backend, &ours(), "a", b"old").await;
    assert!(version > before);
}

pub async fn an_unmet_expectation_changes_nothing(backend: Arc<impl StorageBackend>) {
    let version = put(&*backend, &ours(), "a", b"old").await;
    for wrong in [0, version + 1, u64::MAX] {
        let expected = vec![("b".into(), 0), ("a".into(), wrong)];
        let answer = backend.commit(&ours(), AMPLE, expected, vec![put_of("b", b"new"), delete_of("a")]).await;
        assert!(matches!(&answer, Err(StorageError::Conflict(text)) if text.contains("\"a\"")), "{wrong}: {answer:?}");
    }
    assert_eq!(keys(&*backend, page("", None, 10)).await, ["a"]);
    let met = vec![("a".into(), version), ("b".into(), 0)];
    assert!(backend.commit(&ours(), AMPLE, met, vec![put_of("b", b"new"), delete_of("a")]).await.is_ok());
    assert_eq!(keys(&*backend, page("", None, 10)).await, ["b"]);
}

pub async fn expectations_hold_for_keys_that_are_only_read(backend: Arc<impl StorageBackend>) {
    let seen = put(&*backend, &ours(), "config", b"1").await;
    put(&*backend, &ours(), "config", b"2").await;
    let answer = backend.commit(&ours(), AMPLE, vec![("config".into(), seen)], vec![put_of("derived", b"1")]).await;
    assert!(matches!(answer, Err(StorageError::Conflict(_))));
    assert_eq!(value(&*backend, "derived").await, None);
}

pub async fn changes_apply_in_order(backend: Arc<impl StorageBackend>) {
    let changes = vec![put_of("k", b"1"), delete_of("k"), delete_of("k"), put_of("k", b"2"), put_of("k", b"3")];
    let applied = backend.commit(&ours(), AMPLE, vec![("k".into(), 0)], changes).await.unwrap();
    assert!(
        matches!(
            applied[..],
            [Applied::Put(a), Applied::Deleted(true), Applied::Deleted(false), Applied::Put(b), Applied::Put(c)]
                if a < b && b < c
        ),
        "{applied:?}"
    );
    assert_eq!(value(&*backend, "k").await.as_deref(), Some(&b"3"[..]));
}

pub async fn lists_are_in_byte_order_and_page(backend: Arc<impl StorageBackend>) {
    let sorted = ["A", "a", "a\0", "a/1", "a/10", "a/2", "b", "z", "ä", "\u{ffff}", "\u{10ffff}", "\u{10ffff}a"];
    for key in sorted.iter().rev() {
        put(&*backend, &ours(), key, b"v").await;
    }
    assert_eq!(keys(&*backend, page("", None, 100)).await, sorted);
    assert_eq!(keys(&*backend, page("", Some("a/1"), 3)).await, ["a/10", "a/2", "b"]);
    assert_eq!(keys(&*backend, page("a/", None, 100)).await, ["a/1", "a/10", "a/2"]);
    assert_eq!(keys(&*backend, page("a/", Some("a/10"), 100)).await, ["a/2"]);
    assert_eq!(keys(&*backend, page("a/", Some("A"), 1)).await, ["a/1"], "a start before the prefix is the prefix");
    assert_eq!(keys(&*backend, page("a/", Some("b"), 100)).await, [""; 0], "a start behind it is the end");
    assert_eq!(keys(&*backend, page("\u{10ffff}", None, 100)).await, ["\u{10ffff}", "\u{10ffff}a"]);
    assert_eq!(keys(&*backend, page("", None, 0)).await, [""; 0]);

    let mut paged: Vec<String> = Vec::new();
    loop {
        let next = keys(&*backend, page("", paged.last().map(String::as_str), 5)).await;
        if next.is_empty() {
            break;
        }
        paged.extend(next);
    }
    assert_eq!(paged, sorted);
}

pub async fn prefixes_are_literal(backend: Arc<impl StorageBackend>) {
    for key in ["a%c", "abc", "a_c", "a\\c", "A%C", "a*c", "a?c", "a[c"] {
        put(&*backend, &ours(), key, b"v").await;
    }
    for prefix in ["a%", "a_", "a\\", "a*", "a?", "a["] {
        assert_eq!(keys(&*backend, page(prefix, None, 100)).await, [format!("{prefix}c")]);
    }
    assert_eq!(keys(&*backend, page("a' OR 1=1 --", None, 100)).await, [""; 0]);
}

pub async fn a_listing_stops_at_its_bytes_but_answers_one(backend: Arc<impl StorageBackend>) {
    for key in ["a", "b", "c"] {
        put(&*backend, &ours(), key, &[0; 9]).await;
    }
    let bounded = |max_bytes| StoragePage { max_bytes, ..page("", None, 100) };
    assert_eq!(keys(&*backend, bounded(30)).await, ["a", "b", "c"]);
    assert_eq!(keys(&*backend, bounded(29)).await, ["a", "b"]);
    assert_eq!(keys(&*backend, bounded(1)).await, ["a"]);
}

pub async fn the_quota_counts_overwrites_and_deletes(backend: Arc<impl StorageBackend>) {
    let quota = Quota { bytes: 20, keys: 100 };
    let space = ours();
    let commit = |changes| backend.commit(&space, quota, vec![], changes);
    assert!(commit(vec![put_of("ä", &[0; 18])]).await.is_ok(), "a key counts its bytes: 2 and 18 are 20");
    assert_eq!(commit(vec![put_of("b", b"")]).await, Err(StorageError::Quota(20)));
    assert!(commit(vec![put_of("ä", &[1; 18])]).await.is_ok(), "an overwrite of the same size needs no room");
    assert_eq!(commit(vec![put_of("ä", &[1; 19])]).await, Err(StorageError::Quota(20)));
    assert!(commit(vec![put_of("ä", &[1; 8])]).await.is_ok(), "a shorter value gives room back");
    assert!(commit(vec![put_of("b", &[1; 9])]).await.is_ok());
    assert!(commit(vec![delete_of("ä")]).await.is_ok());
    assert!(commit(vec![put_of("c", &[1; 9])]).await.is_ok(), "so does a delete");
    assert_eq!(commit(vec![put_of("d", b"")]).await, Err(StorageError::Quota(20)));
}

pub async fn the_number_of_keys_is_bounded(backend: Arc<impl StorageBackend>) {
    let quota = Quota { bytes: 1_000, keys: 2 };
    let space = ours();
    let commit = |changes| backend.commit(&space, quota, vec![], changes);
    assert!(commit(vec![put_of("a", b""), put_of("b", b"")]).await.is_ok());
    assert_eq!(commit(vec![put_of("c", b"")]).await, Err(StorageError::Quota(2)));
    assert!(commit(vec![put_of("a", b"1")]).await.is_ok(), "an overwrite is no new key");
    assert!(commit(vec![delete_of("a")]).await.is_ok());
    assert!(commit(vec![put_of("c", b"")]).await.is_ok());
}

pub async fn a_change_may_make_room_for_another(backend: Arc<impl StorageBackend>) {
    let quota = Quota { bytes: 10, keys: 1 };
    let space = ours();
    let commit = |changes| backend.commit(&space, quota, vec![], changes);
    assert!(commit(vec![put_of("a", &[0; 9])]).await.is_ok());
    assert!(commit(vec![put_of("b", &[0; 9]), delete_of("a")]).await.is_ok());
    assert_eq!(keys(&*backend, page("", None, 10)).await, ["b"]);
}

pub async fn a_space_over_a_lowered_quota_can_shrink(backend: Arc<impl StorageBackend>) {
    for key in ["a", "b", "c"] {
        put(&*backend, &ours(), key, &[0; 9]).await;
    }
    let lowered = Quota { bytes: 5, keys: 1 };
    let space = ours();
    let commit = |changes| backend.commit(&space, lowered, vec![], changes);
    assert!(commit(vec![put_of("a", &[0; 8])]).await.is_ok());
    assert!(commit(vec![delete_of("b")]).await.is_ok());
    assert_eq!(commit(vec![put_of("a", &[0; 9])]).await, Err(StorageError::Quota(5)));
}

pub async fn odd_keys_and_values_come_back_as_they_were(backend: Arc<impl StorageBackend>) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    for (key, bytes) in [("\0", vec![]), (" ", vec![0]), ("a\0b", every_byte), ("🦀", vec![0xff; 100_000])] {
        put(&*backend, &ours(), key, &bytes).await;
        assert_eq!(value(&*backend, key).await, Some(bytes), "{key:?}");
    }
    assert_eq!(value(&*backend, "a").await, None, "a key does not end at its first NUL");
    assert_eq!(keys(&*backend, page("a\0", None, 10)).await, ["a\0b"]);
}

pub async fn no_concurrent_increment_is_lost(backend: Arc<impl StorageBackend + 'static>) {
    const TASKS: usize = 8;
    const INCREMENTS: usize = 10;
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let backend = Arc::clone(&backend);
            tokio::spawn(async move {
                for _ in 0..INCREMENTS {
                    increment(&*backend).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(value(&*backend, "counter").await, Some((TASKS * INCREMENTS).to_string().into_bytes()));
}

/// Reads, adds one and commits until nobody came between.
async fn increment(backend: &impl StorageBackend) {
    loop {
        let entry = backend.get(&ours(), "counter").await.unwrap();
        let (count, version) = match &entry {
            Some(entry) => (std::str::from_utf8(&entry.value).unwrap().parse::<usize>().unwrap(), entry.version),
            None => (0, 0),
        };
        let next = put_of("counter", (count + 1).to_string().as_bytes());
        match backend.commit(&ours(), AMPLE, vec![("counter".into(), version)], vec![next]).await {
            Ok(_) => return,
            Err(StorageError::Conflict(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}
