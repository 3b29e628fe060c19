//! One list of cases for two storages: the one that integrations are tested with (`MockStorage`) and the host's own on
//! its database. What holds for one holds for the other, to the words of a refusal. Nothing here starts a host.

use std::sync::Arc;

use cap_std::{ambient_authority, fs::Dir};
use tempfile::TempDir;
use workway_host::{
    capability::storage::{self as host, Space, StorageCtx, StorageLimits},
    db::Database,
};
use workway_sdk::{
    Commit, StorageError,
    testing::{MAX_CHANGES, MAX_KEY_BYTES, MAX_KEYS, MAX_VALUE_BYTES, MockStorage, QUOTA_BYTES},
};

type Answer<T> = Result<T, Refusal>;

/// The contract's `storage-error`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    Denied,
    TooLarge(u64),
    Quota(u64),
    Conflict(String),
    Other(String),
}

/// The contract's `entry`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: String,
    value: Vec<u8>,
    version: u64,
}

/// The contract's `change`.
#[derive(Clone, Debug)]
enum Change {
    Put(String, Vec<u8>),
    Delete(String),
}

/// The contract's interface `storage`, as one user sees it.
trait Contract: Sized {
    fn for_user(&self, user: &str) -> Self;
    /// For an integration that did not ask for storage.
    fn without_grant(&self) -> Self;

    async fn get(&self, key: &str) -> Answer<Option<Entry>>;
    async fn put(&self, key: &str, value: &[u8]) -> Answer<u64>;
    async fn delete(&self, key: &str) -> Answer<bool>;
    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: u32) -> Answer<Vec<Entry>>;
    async fn commit(&self, expected: &[(&str, u64)], changes: &[Change]) -> Answer<()>;
}

impl Contract for MockStorage {
    fn for_user(&self, user: &str) -> Self {
        self.for_user(user)
    }

    fn without_grant(&self) -> Self {
        self.without_grant()
    }

    async fn get(&self, key: &str) -> Answer<Option<Entry>> {
        Ok(self.entry(key)?.map(Into::into))
    }

    async fn put(&self, key: &str, value: &[u8]) -> Answer<u64> {
        Ok(self.put_bytes(key, value)?)
    }

    async fn delete(&self, key: &str) -> Answer<bool> {
        Ok(self.delete(key)?)
    }

    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: u32) -> Answer<Vec<Entry>> {
        Ok(self.list(prefix, start_after, limit)?.into_iter().map(Into::into).collect())
    }

    async fn commit(&self, expected: &[(&str, u64)], changes: &[Change]) -> Answer<()> {
        let commit = expected.iter().fold(Commit::new(), |commit, (key, version)| commit.expect(key, *version));
        let commit = changes.iter().fold(commit, |commit, change| match change {
            Change::Put(key, value) => commit.put_bytes(key, value.clone()),
            Change::Delete(key) => commit.delete(key),
        });
        Ok(self.commit(&commit)?)
    }
}

impl From<workway_sdk::Entry> for Entry {
    fn from(entry: workway_sdk::Entry) -> Self {
        Self { key: entry.key, value: entry.value, version: entry.version }
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Denied => Self::Denied,
            StorageError::TooLarge(limit) => Self::TooLarge(limit),
            StorageError::Quota(limit) => Self::Quota(limit),
            StorageError::Conflict(text) => Self::Conflict(text),
            StorageError::Unavailable(text) | StorageError::Json(text) => Self::Other(text),
        }
    }
}

/// The host's storage on a database of its own.
struct Hosted {
    database: Database,
    /// Kept as long as the database is.
    folder: Arc<TempDir>,
    context: StorageCtx,
}

impl Hosted {
    async fn open() -> Self {
        let folder = Arc::new(TempDir::new().expect("a folder"));
        let data = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("opens");
        let database = Database::open(&data, folder.path()).await.expect("a database");
        Self::seen_by(database, folder, "user-1", true)
    }

    fn seen_by(database: Database, folder: Arc<TempDir>, user: &str, granted: bool) -> Self {
        let space = Space { integration: "chat".parse().expect("an id"), user: user.parse().expect("a user") };
        let context = StorageCtx::new(Arc::new(database.storage()), space, granted, StorageLimits::default());
        Self { database, folder, context }
    }
}

impl Contract for Hosted {
    fn for_user(&self, user: &str) -> Self {
        Self::seen_by(self.database.clone(), self.folder.clone(), user, true)
    }

    fn without_grant(&self) -> Self {
        Self::seen_by(self.database.clone(), self.folder.clone(), "user-1", false)
    }

    async fn get(&self, key: &str) -> Answer<Option<Entry>> {
        Ok(self.context.get(key).await?.map(Into::into))
    }

    async fn put(&self, key: &str, value: &[u8]) -> Answer<u64> {
        Ok(self.context.put(key.to_owned(), value.to_vec()).await?)
    }

    async fn delete(&self, key: &str) -> Answer<bool> {
        Ok(self.context.delete(key.to_owned()).await?)
    }

    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: u32) -> Answer<Vec<Entry>> {
        Ok(self.context.list(prefix, start_after, limit).await?.into_iter().map(Into::into).collect())
    }

    async fn commit(&self, expected: &[(&str, u64)], changes: &[Change]) -> Answer<()> {
        let expected = expected.iter().map(|(key, version)| ((*key).to_owned(), *version)).collect();
        let changes = changes.iter().cloned().map(|change| match change {
            Change::Put(key, value) => host::Change::Put(key, value),
            Change::Delete(key) => host::Change::Delete(key),
        });
        Ok(self.context.commit(expected, changes.collect()).await?)
    }
}

impl From<host::StoredValue> for Entry {
    fn from(entry: host::StoredValue) -> Self {
        Self { key: entry.key, value: entry.value, version: entry.version }
    }
}

impl From<host::StorageError> for Refusal {
    fn from(error: host::StorageError) -> Self {
        match error {
            host::StorageError::Denied => Self::Denied,
            host::StorageError::TooLarge(limit) => Self::TooLarge(limit),
            host::StorageError::Quota(limit) => Self::Quota(limit),
            host::StorageError::Conflict(text) => Self::Conflict(text),
            host::StorageError::Unavailable(text) => Self::Other(text),
        }
    }
}

/// Makes two tests of every case.
macro_rules! cases {
    ($($case:ident,)*) => {
        mod mock {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::MockStorage::new()).await;
                }
            )*
        }

        mod database {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::Hosted::open().await).await;
                }
            )*
        }
    };
}

cases! {
    an_absent_key_is_nothing,
    versions_are_one_sequence_that_no_delete_takes_back,
    what_was_put_comes_back_byte_by_byte,
    users_do_not_see_each_other,
    nothing_works_without_the_grant,
    lists_are_in_byte_order_and_go_on_after_a_key,
    prefixes_are_literal,
    a_listing_has_a_thousand_entries_at_most,
    a_listing_has_four_mebibytes_at_most,
    keys_are_bounded_wherever_they_stand,
    an_empty_key_is_refused,
    values_are_bounded,
    a_space_is_bounded_in_bytes,
    a_space_is_bounded_in_keys,
    a_change_may_make_room_for_another,
    a_commit_is_all_or_nothing,
    changes_apply_in_their_order,
    another_version_is_a_conflict_in_the_same_words,
    the_first_conflict_is_told,
    expectations_hold_for_keys_that_are_not_written,
    a_commit_has_a_hundred_changes_and_expectations_at_most,
    refusals_come_in_the_same_order,
}

fn put_of(key: &str, value: impl Into<Vec<u8>>) -> Change {
    Change::Put(key.to_owned(), value.into())
}

fn delete_of(key: &str) -> Change {
    Change::Delete(key.to_owned())
}

fn conflict<T>(text: &str) -> Answer<T> {
    Err(Refusal::Conflict(text.to_owned()))
}

async fn value(storage: &impl Contract, key: &str) -> Option<Vec<u8>> {
    storage.get(key).await.expect("an answer").map(|entry| entry.value)
}

async fn keys(storage: &impl Contract, prefix: &str, start_after: Option<&str>, limit: u32) -> Vec<String> {
    storage.list(prefix, start_after, limit).await.expect("a list").into_iter().map(|entry| entry.key).collect()
}

/// As many values of the largest size as the quota has room for but one.
async fn nearly_fill(storage: &impl Contract) {
    for number in 10..49 {
        storage.put(&format!("{number}"), &vec![0; size(MAX_VALUE_BYTES)]).await.expect("there is room");
    }
}

fn size(bound: u64) -> usize {
    usize::try_from(bound).expect("fits")
}

async fn an_absent_key_is_nothing(storage: impl Contract) {
    assert_eq!(storage.get("k").await, Ok(None));
    assert_eq!(storage.delete("k").await, Ok(false));
    assert_eq!(storage.list("", None, 10).await, Ok(vec![]));
    assert_eq!(storage.commit(&[("k", 0)], &[delete_of("k")]).await, Ok(()));
    assert_eq!(storage.commit(&[], &[]).await, Ok(()));
}

async fn versions_are_one_sequence_that_no_delete_takes_back(storage: impl Contract) {
    assert_eq!(storage.put("a", b"1").await, Ok(1));
    assert_eq!(storage.put("b", b"1").await, Ok(2));
    assert_eq!(storage.put("a", b"1").await, Ok(3), "the same value is a write too");
    assert_eq!(storage.delete("a").await, Ok(true));
    assert_eq!(storage.delete("b").await, Ok(true));
    assert_eq!(storage.put("a", b"2").await, Ok(4));
    let entry = Entry { key: "a".into(), value: b"2".to_vec(), version: 4 };
    assert_eq!(storage.get("a").await, Ok(Some(entry)));
}

async fn what_was_put_comes_back_byte_by_byte(storage: impl Contract) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    for (key, bytes) in [("\0", vec![]), (" ", vec![0]), ("a\0b", every_byte), ("🦀", vec![0xff; 100])] {
        storage.put(key, &bytes).await.expect("stored");
        assert_eq!(value(&storage, key).await, Some(bytes), "{key:?}");
    }
    assert_eq!(value(&storage, "a").await, None);
}

async fn users_do_not_see_each_other(storage: impl Contract) {
    storage.put("k", b"ours").await.expect("stored");
    let stranger = storage.for_user("bob");
    assert_eq!(stranger.get("k").await, Ok(None));
    assert_eq!(stranger.list("", None, 10).await, Ok(vec![]));
    assert_eq!(stranger.put("k", b"theirs").await, Ok(1), "a space has a sequence of its own");
    assert_eq!(stranger.delete("k").await, Ok(true));
    assert_eq!(value(&storage, "k").await.as_deref(), Some(&b"ours"[..]));
}

async fn nothing_works_without_the_grant(storage: impl Contract) {
    storage.put("k", b"v").await.expect("stored");
    let denied = storage.without_grant();
    assert_eq!(denied.get("k").await, Err(Refusal::Denied));
    assert_eq!(denied.get("").await, Err(Refusal::Denied), "the grant is asked for before anything else");
    assert_eq!(denied.put("k", b"w").await, Err(Refusal::Denied));
    assert_eq!(denied.delete("k").await, Err(Refusal::Denied));
    assert_eq!(denied.list("", None, 1).await, Err(Refusal::Denied));
    assert_eq!(denied.commit(&[], &[]).await, Err(Refusal::Denied));
    assert_eq!(value(&storage, "k").await.as_deref(), Some(&b"v"[..]));
}

async fn lists_are_in_byte_order_and_go_on_after_a_key(storage: impl Contract) {
    let sorted = ["A", "a", "a\0", "a/1", "a/10", "a/2", "b", "z", "ä", "\u{ffff}", "\u{10ffff}", "\u{10ffff}a"];
    for key in sorted.iter().rev() {
        storage.put(key, b"v").await.expect("stored");
    }
    assert_eq!(keys(&storage, "", None, 100).await, sorted);
    assert_eq!(keys(&storage, "", Some("a/1"), 3).await, ["a/10", "a/2", "b"]);
    assert_eq!(keys(&storage, "a/", None, 100).await, ["a/1", "a/10", "a/2"]);
    assert_eq!(keys(&storage, "a/", Some("a/10"), 100).await, ["a/2"]);
    assert_eq!(keys(&storage, "a/", Some("a/11"), 100).await, ["a/2"], "the start need not be there");
    assert_eq!(keys(&storage, "a/", Some("A"), 1).await, ["a/1"], "a start before the prefix is the prefix");
    assert_eq!(keys(&storage, "a/", Some("b"), 100).await, [""; 0], "a start behind it is the end");
    assert_eq!(keys(&storage, "\u{10ffff}", None, 100).await, ["\u{10ffff}", "\u{10ffff}a"]);
    assert_eq!(keys(&storage, "", Some(""), 2).await, ["A", "a"]);
    assert_eq!(keys(&storage, "", None, 0).await, [""; 0]);
}

async fn prefixes_are_literal(storage: impl Contract) {
    for key in ["a%c", "abc", "a_c", "a\\c", "A%C", "a*c", "a?c", "a[c"] {
        storage.put(key, b"v").await.expect("stored");
    }
    for prefix in ["a%", "a_", "a\\", "a*", "a?", "a["] {
        assert_eq!(keys(&storage, prefix, None, 100).await, [format!("{prefix}c")]);
    }
}

async fn a_listing_has_a_thousand_entries_at_most(storage: impl Contract) {
    for hundred in 0..11 {
        let changes: Vec<_> = (0..100).map(|number| put_of(&format!("{hundred:02}{number:02}"), "")).collect();
        storage.commit(&[], &changes).await.expect("stored");
    }
    assert_eq!(keys(&storage, "", None, u32::MAX).await.len(), 1_000);
    assert_eq!(keys(&storage, "", Some("0999"), u32::MAX).await.len(), 100);
}

async fn a_listing_has_four_mebibytes_at_most(storage: impl Contract) {
    nearly_fill(&storage).await;
    // Sixteen values are four mebibytes, and their keys are over that.
    assert_eq!(keys(&storage, "", None, 100).await.len(), 15);
    assert_eq!(keys(&storage, "", Some("47"), 100).await, ["48"]);
}

async fn keys_are_bounded_wherever_they_stand(storage: impl Contract) {
    let longest = "é".repeat(size(MAX_KEY_BYTES) / 2);
    assert_eq!(storage.put(&longest, b"v").await, Ok(1), "the bound itself is allowed");
    assert_eq!(keys(&storage, &longest, Some(&longest), 1).await, [""; 0]);
    let long = format!("{longest}a");
    let refused = Refusal::TooLarge(MAX_KEY_BYTES);
    assert_eq!(storage.get(&long).await, Err(refused.clone()));
    assert_eq!(storage.put(&long, b"").await, Err(refused.clone()));
    assert_eq!(storage.delete(&long).await, Err(refused.clone()));
    assert_eq!(storage.list(&long, None, 1).await, Err(refused.clone()));
    assert_eq!(storage.list("", Some(&long), 1).await, Err(refused.clone()));
    assert_eq!(storage.commit(&[(&long, 0)], &[]).await, Err(refused.clone()));
    assert_eq!(storage.commit(&[], &[delete_of(&long)]).await, Err(refused));
}

async fn an_empty_key_is_refused(storage: impl Contract) {
    let text = "a key must not be empty";
    assert_eq!(storage.get("").await, conflict(text));
    assert_eq!(storage.put("", b"").await, conflict(text));
    assert_eq!(storage.delete("").await, conflict(text));
    assert_eq!(storage.commit(&[("", 0)], &[]).await, conflict(text));
    assert_eq!(storage.commit(&[], &[put_of("a", ""), put_of("", "")]).await, conflict(text));
    assert_eq!(storage.get("a").await, Ok(None));
}

async fn values_are_bounded(storage: impl Contract) {
    let largest = vec![0; size(MAX_VALUE_BYTES)];
    let larger = vec![0; size(MAX_VALUE_BYTES) + 1];
    assert_eq!(storage.put("k", &largest).await, Ok(1));
    assert_eq!(storage.put("k", &larger).await, Err(Refusal::TooLarge(MAX_VALUE_BYTES)));
    let both = [put_of("other", ""), put_of("k", larger)];
    assert_eq!(storage.commit(&[], &both).await, Err(Refusal::TooLarge(MAX_VALUE_BYTES)));
    assert_eq!((storage.get("other").await, value(&storage, "k").await), (Ok(None), Some(largest)));
}

async fn a_space_is_bounded_in_bytes(storage: impl Contract) {
    nearly_fill(&storage).await;
    // 39 keys of two bytes and the last one's own are what is missing for a fortieth value.
    let room = size(MAX_VALUE_BYTES) - 2 * 39 - "last".len();
    let refused = Err(Refusal::Quota(QUOTA_BYTES));
    assert_eq!(storage.put("last", &vec![0; room + 1]).await, refused);
    assert_eq!(storage.put("last", &vec![0; room]).await, Ok(40), "no version was used up");
    assert_eq!(storage.put("x", b"").await, refused, "a key counts");
    assert_eq!(storage.put("last", &vec![1; room]).await, Ok(41), "an overwrite of the same size needs no room");
    assert_eq!(storage.delete("10").await, Ok(true));
    assert_eq!(storage.put("x", b"").await, Ok(42), "a delete gives room back");
    assert_eq!(storage.for_user("bob").put("x", b"").await, Ok(1), "another user has room of his own");
}

async fn a_space_is_bounded_in_keys(storage: impl Contract) {
    for hundred in 0..MAX_KEYS / 100 {
        let changes: Vec<_> = (0..100).map(|number| put_of(&format!("{}", hundred * 100 + number), "")).collect();
        storage.commit(&[], &changes).await.expect("there is room");
    }
    assert_eq!(storage.put("one more", b"").await, Err(Refusal::Quota(MAX_KEYS)));
    assert_eq!(storage.put("0", b"longer").await, Ok(MAX_KEYS + 1), "an overwrite is no new key");
    assert_eq!(storage.commit(&[], &[put_of("one more", ""), delete_of("0")]).await, Ok(()));
    assert_eq!(storage.put("0", b"").await, Err(Refusal::Quota(MAX_KEYS)));
}

async fn a_change_may_make_room_for_another(storage: impl Contract) {
    nearly_fill(&storage).await;
    let largest = vec![0; size(MAX_VALUE_BYTES)];
    let swap = [put_of("new", largest.clone()), delete_of("10")];
    assert_eq!(storage.commit(&[], &swap).await, Ok(()), "the end result is what counts");
    assert_eq!(storage.commit(&[], &[put_of("newer", largest)]).await, Err(Refusal::Quota(QUOTA_BYTES)));
}

async fn a_commit_is_all_or_nothing(storage: impl Contract) {
    nearly_fill(&storage).await;
    let first = storage.put("a", b"old").await.expect("stored");
    let before = storage.list("", None, 3).await;
    let large = vec![0; size(MAX_VALUE_BYTES)];
    let too_much =
        [put_of("a", "new"), delete_of("10"), put_of("b", ""), put_of("c", large.clone()), put_of("d", large)];
    assert_eq!(storage.commit(&[("a", first)], &too_much).await, Err(Refusal::Quota(QUOTA_BYTES)));
    assert_eq!(storage.list("", None, 3).await, before);
    assert_eq!(value(&storage, "a").await.as_deref(), Some(&b"old"[..]));
    assert_eq!(value(&storage, "b").await, None);
    assert_eq!(storage.put("b", b"").await, Ok(first + 1), "no version was used up");
}

async fn changes_apply_in_their_order(storage: impl Contract) {
    let changes =
        [put_of("k", "1"), delete_of("k"), delete_of("k"), put_of("k", "2"), put_of("k", "3"), put_of("l", "")];
    assert_eq!(storage.commit(&[("k", 0)], &changes).await, Ok(()));
    let version = async |key| storage.get(key).await.expect("an answer").map(|entry| entry.version);
    assert_eq!((version("k").await, version("l").await), (Some(3), Some(4)), "each put has a version");
    assert_eq!(value(&storage, "k").await.as_deref(), Some(&b"3"[..]));
    assert_eq!(storage.commit(&[], &[put_of("k", "4"), delete_of("k")]).await, Ok(()));
    assert_eq!(storage.put("k", b"").await, Ok(6));
}

async fn another_version_is_a_conflict_in_the_same_words(storage: impl Contract) {
    storage.put("k\n", b"1").await.expect("stored");
    let write = [put_of("k\n", "2")];
    assert_eq!(
        storage.commit(&[("k\n", 0)], &write).await,
        conflict(r#"key "k\n" has version 1, but the commit expected no such key"#)
    );
    assert_eq!(
        storage.commit(&[("k\n", 7)], &write).await,
        conflict(r#"key "k\n" has version 1, but the commit expected version 7"#)
    );
    assert_eq!(
        storage.commit(&[("gone", 7)], &write).await,
        conflict(r#"key "gone" does not exist, but the commit expected version 7"#)
    );
    assert_eq!(value(&storage, "k\n").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(storage.commit(&[("k\n", 1)], &write).await, Ok(()));
    assert_eq!(
        storage.commit(&[("k\n", 1)], &write).await,
        conflict(r#"key "k\n" has version 2, but the commit expected version 1"#)
    );
}

async fn the_first_conflict_is_told(storage: impl Contract) {
    let expected = [("a", 0), ("b", 1), ("a", 2)];
    assert_eq!(
        storage.commit(&expected, &[]).await,
        conflict(r#"key "b" does not exist, but the commit expected version 1"#)
    );
    assert_eq!(storage.commit(&[("a", 0), ("a", 0)], &[put_of("a", "")]).await, Ok(()));
    assert_eq!(
        storage.commit(&[("a", 1), ("a", 0)], &[]).await,
        conflict(r#"key "a" has version 1, but the commit expected no such key"#)
    );
}

async fn expectations_hold_for_keys_that_are_not_written(storage: impl Contract) {
    storage.put("read", b"1").await.expect("stored");
    storage.put("read", b"2").await.expect("stored");
    assert!(matches!(storage.commit(&[("read", 1)], &[put_of("made", "")]).await, Err(Refusal::Conflict(_))));
    assert_eq!(storage.get("made").await, Ok(None));
    assert_eq!(storage.commit(&[("read", 2), ("made", 0)], &[put_of("made", "")]).await, Ok(()));
}

async fn a_commit_has_a_hundred_changes_and_expectations_at_most(storage: impl Contract) {
    let changes = |count| vec![put_of("k", ""); count];
    let expected = |count| vec![("other", 0); count];
    assert_eq!(storage.commit(&expected(100), &changes(100)).await, Ok(()));
    let refused = Err(Refusal::TooLarge(MAX_CHANGES));
    assert_eq!(storage.commit(&[], &changes(101)).await, refused);
    assert_eq!(storage.commit(&expected(101), &[]).await, refused);
    assert_eq!(storage.put("k", b"").await, Ok(101));
}

async fn refusals_come_in_the_same_order(storage: impl Contract) {
    let long = "k".repeat(size(MAX_KEY_BYTES) + 1);
    let large = || put_of("k", vec![0; size(MAX_VALUE_BYTES) + 1]);
    let many = vec![delete_of(""); 101];
    assert_eq!(storage.commit(&[("", 0)], &many).await, Err(Refusal::TooLarge(MAX_CHANGES)), "counts come first");
    let answer = storage.commit(&[("", 0)], &[large()]).await;
    assert_eq!(answer, conflict("a key must not be empty"), "then the keys that are expected");
    let answer = storage.commit(&[("k", 9)], &[large(), delete_of(&long)]).await;
    assert_eq!(answer, Err(Refusal::TooLarge(MAX_VALUE_BYTES)), "then the changes, before any version");
    let answer = storage.commit(&[("k", 9)], &vec![put_of("k", vec![0; size(MAX_VALUE_BYTES)]); 2]).await;
    assert_eq!(answer, conflict(r#"key "k" does not exist, but the commit expected version 9"#));
}

/// Numbers that look like chance and are the same every time (Numerical Recipes' generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn key(&mut self) -> String {
        ["a", "a/", "a/b", "b", "é", ""][size(self.below(6))].to_owned()
    }

    fn change(&mut self) -> Change {
        match self.below(3) {
            0 => Change::Delete(self.key()),
            _ => Change::Put(self.key(), vec![0; size(self.below(4))]),
        }
    }
}

#[tokio::test]
async fn both_answer_the_same_to_whatever_comes() {
    let (mock, hosted) = (MockStorage::new(), Hosted::open().await);
    let mut chance = Chance(5);
    for step in 0..2_000 {
        match chance.below(6) {
            0 => {
                let key = chance.key();
                assert_eq!(Contract::get(&mock, &key).await, hosted.get(&key).await, "step {step}");
            }
            1 => {
                let (key, bytes) = (chance.key(), vec![1; size(chance.below(4))]);
                assert_eq!(Contract::put(&mock, &key, &bytes).await, hosted.put(&key, &bytes).await, "step {step}");
            }
            2 => {
                let key = chance.key();
                assert_eq!(Contract::delete(&mock, &key).await, hosted.delete(&key).await, "step {step}");
            }
            3 => {
                let (prefix, after) = (chance.key(), Some(chance.key()).filter(|key| key != "b"));
                let limit = u32::try_from(chance.below(4)).expect("is small");
                let one = Contract::list(&mock, &prefix, after.as_deref(), limit).await;
                assert_eq!(one, hosted.list(&prefix, after.as_deref(), limit).await, "step {step}");
            }
            _ => {
                let key = chance.key();
                // Mostly the version that is there, so that most commits are made.
                let found = Contract::get(&mock, &key).await.ok().flatten().map_or(0, |entry| entry.version);
                let expected = [(key.as_str(), found + u64::from(chance.below(4) == 0))];
                let changes: Vec<_> = (0..chance.below(4)).map(|_| chance.change()).collect();
                let one = Contract::commit(&mock, &expected, &changes).await;
                assert_eq!(one, hosted.commit(&expected, &changes).await, "step {step}");
            }
        }
    }
    assert_eq!(Contract::list(&mock, "", None, 100).await, hosted.list("", None, 100).await);
}
