//! Connections, leases and keys on a real database.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use cap_std::{ambient_authority, fs::Dir};
use secrecy::ExposeSecret;
use workway_capability::{
    fetch::FetchClient,
    oauth::{Connection, ConnectionSource, OAuthError, RenewalReason},
};
use workway_model::{ProviderId, Timestamp, UserId};
use workway_oauth::{
    Account, ConnectionError, ConnectionStatus, ConnectionStore, ConnectionSummary, Lease, LeaseRequest, Leases,
    MAX_CONNECTIONS_PER_USER, NewConnection, ProcessMark, Renewal, Renewed, Revoked, SealedConnections, SealedError,
    StoredConnections, TokenEndpoint, TokenSet,
};
use workway_providers::Catalogue;
use workway_vault::{
    KeyFile, KeyId, KeyRing, KeyedRecord, KeyedRecords, RecordsError, RotateError, RotateOptions, Sealed, Vault,
    VerifyKeysError, rotate,
};

use super::super::pool::tests::{fresh, open};
use crate::{Database, SqliteKeyedRecords};

fn data(folder: &tempfile::TempDir) -> Dir {
    Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap()
}

fn keys(data: &Dir) -> KeyFile {
    KeyFile::in_data(data).unwrap()
}

fn store(database: &Database, folder: &tempfile::TempDir) -> ConnectionStore {
    let data = data(folder);
    let ring = KeyRing::load(None, &keys(&data)).unwrap();
    store_with(database, &data, Vault::new(&ring, Some(keys(&data)), Arc::new(database.keyed_records())))
}

fn store_with(database: &Database, data: &Dir, vault: Vault) -> ConnectionStore {
    let rows = Arc::new(database.connections());
    let catalogue = Catalogue::new(None, &Default::default()).unwrap();
    let stored = StoredConnections::new(Arc::new(vault), rows.clone(), catalogue);
    let endpoint = TokenEndpoint::new(FetchClient::builder().build());
    ConnectionStore::new(Renewal::new(stored, rows, endpoint, Arc::default(), ProcessMark::enter(data).unwrap()))
}

/// A vault that never reads its key file again.
fn vault(database: &Database, ring: &KeyRing) -> Vault {
    Vault::new(ring, None, Arc::new(database.keyed_records()))
}

fn in_file(file: &KeyFile) -> RotateOptions<'_> {
    RotateOptions { file: Some(file), ..RotateOptions::default() }
}

fn ann() -> UserId {
    "ann".parse().unwrap()
}

fn provider(id: &str) -> ProviderId {
    id.parse().unwrap()
}

fn slack() -> ProviderId {
    provider("slack")
}

fn new(token: &str, account: &str) -> NewConnection {
    NewConnection {
        tokens: TokenSet { access_token: token.into(), refresh_token: None },
        account: Account { label: account.into(), id: account.into() },
        scopes: Some(["a", "b"].map(String::from).into()),
        values: Default::default(),
        expires_at: Some(Timestamp::MAX),
        keeps_refresh_token: true,
    }
}

async fn connection(store: &ConnectionStore, id: Option<&str>) -> Result<Arc<Connection>, OAuthError> {
    store.connection(&ann(), &slack(), id).await
}

async fn token(store: &ConnectionStore, id: Option<&str>) -> String {
    connection(store, id).await.unwrap().access_token.expose_secret().to_owned()
}

#[tokio::test]
async fn a_connection_outlives_the_process_and_stays_its_users() {
    let (database, folder) = fresh().await;
    let saved = store(&database, &folder).save(&ann(), &slack(), new("s3cr3t", "acme")).await.unwrap();
    assert_eq!((saved.is_default, saved.status(Timestamp::UNIX_EPOCH)), (true, ConnectionStatus::Active));
    database.close().await;
    let database = open(folder.path()).await.unwrap();
    let store = store(&database, &folder);
    assert_eq!(token(&store, None).await, "s3cr3t");
    assert_eq!(store.list(&ann()).await.unwrap(), std::slice::from_ref(&saved));
    let bob: UserId = "bob".parse().unwrap();
    assert_eq!(store.connection(&bob, &slack(), None).await.unwrap_err(), OAuthError::NotConnected);
    assert_eq!(store.connection(&bob, &slack(), Some(&saved.id)).await.unwrap_err(), OAuthError::NotConnected);
    let google = store.connection(&ann(), &provider("google"), Some(&saved.id)).await;
    assert_eq!(google.unwrap_err(), OAuthError::NotConnected, "another provider's connection was taken");
    assert_eq!(store.get(&bob, &saved.id).await, Ok(None));
    assert_eq!(store.delete(&bob, &saved.id).await, Ok(None));
    assert_eq!(store.make_default(&bob, &saved.id).await, Ok(None));
    assert_eq!(store.list(&bob).await.unwrap(), []);
}

#[tokio::test]
async fn a_user_has_several_accounts_and_one_default() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    let acme = store.save(&ann(), &slack(), new("one", "acme")).await.unwrap();
    let home = store.save(&ann(), &slack(), new("two", "home")).await.unwrap();
    assert_eq!((acme.is_default, home.is_default), (true, false));
    assert_eq!((token(&store, None).await.as_str(), token(&store, Some(&home.id)).await.as_str()), ("one", "two"));
    assert!(store.make_default(&ann(), &home.id).await.unwrap().unwrap().is_default);
    assert_eq!(token(&store, None).await, "two", "the cache was asked");
    let defaults: BTreeSet<String> =
        store.list(&ann()).await.unwrap().into_iter().filter(|one| one.is_default).map(|one| one.id).collect();
    assert_eq!(defaults, BTreeSet::from([home.id.clone()]));
    // Connecting the same account again changes neither id nor rank.
    let again = store.save(&ann(), &slack(), new("three", "home")).await.unwrap();
    assert_eq!((&again.id, again.is_default), (&home.id, true));
    assert!(again.version > home.version);
    assert_eq!(store.delete(&ann(), &home.id).await, Ok(Some(Revoked::No)), "slack has a client here");
    assert_eq!(token(&store, None).await, "one", "the other account takes over");
    assert_eq!(connection(&store, Some(&home.id)).await.unwrap_err(), OAuthError::NotConnected);
}

#[tokio::test]
async fn a_version_is_never_given_twice() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    let first = store.save(&ann(), &slack(), new("a", "acme")).await.unwrap();
    assert!(store.delete(&ann(), &first.id).await.unwrap().is_some());
    assert_eq!(store.delete(&ann(), &first.id).await, Ok(None));
    let second = store.save(&ann(), &slack(), new("b", "acme")).await.unwrap();
    assert!(first.version < second.version);
    assert_ne!(first.id, second.id);
}

#[tokio::test]
async fn a_refresh_token_is_kept_where_the_new_connection_comes_without() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    let first = NewConnection {
        tokens: TokenSet { access_token: "one".into(), refresh_token: Some("refresh".into()) },
        ..new("one", "acme")
    };
    assert!(store.save(&ann(), &slack(), first).await.unwrap().renew_at.is_some());
    let second = store.save(&ann(), &slack(), new("two", "acme")).await.unwrap();
    assert!(second.renew_at.is_some(), "the refresh token was forgotten");
    let other = store.save(&ann(), &slack(), new("two", "home")).await.unwrap();
    assert!(other.renew_at.is_none(), "another account's refresh token was taken");
}

#[tokio::test]
async fn a_row_that_was_moved_to_another_user_does_not_open() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    store.save(&ann(), &slack(), new("a", "acme")).await.unwrap();
    sqlx::query("UPDATE connections SET user_id = 'mallory'").execute(&database.writer).await.unwrap();
    let stolen = store.connection(&"mallory".parse().unwrap(), &slack(), None).await;
    assert!(matches!(stolen, Err(OAuthError::NeedsReconnect(_))), "{stolen:?}");
}

/// Whether any file below the data folder holds these bytes.
fn anywhere(folder: &tempfile::TempDir, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder.path()).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        path.is_file() && std::fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test]
async fn a_deleted_connection_leaves_no_byte_of_its_token_in_any_file() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    // Long enough for pages of its own, and some neighbours.
    let long = "s3cr3t".repeat(1_000);
    for account in ["before", "acme", "behind"] {
        store.save(&ann(), &slack(), new(&long, account)).await.unwrap();
    }
    let rows = database.connections();
    let acme = store.list(&ann()).await.unwrap().into_iter().find(|one| one.account.id == "acme").unwrap();
    let record = rows.get(&ann(), &acme.id).await.unwrap().unwrap().sealed.record;
    // Saved anew, so that an older record of it is in the files too.
    store.save(&ann(), &slack(), new(&long, "acme")).await.unwrap();
    let newer = rows.get(&ann(), &acme.id).await.unwrap().unwrap().sealed.record;
    assert!(anywhere(&folder, &newer[100..140]), "this test looks in the wrong place");
    assert!(!anywhere(&folder, b"s3cr3t"), "a token lies open");
    store.delete(&ann(), &acme.id).await.unwrap();
    for record in [record, newer] {
        for piece in record.chunks(24) {
            assert!(!anywhere(&folder, piece) || piece.len() < 8, "a piece of the record is still there");
        }
    }
}

#[tokio::test]
async fn a_user_connects_a_bounded_number_of_accounts() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    for number in 0..MAX_CONNECTIONS_PER_USER {
        store.save(&ann(), &provider(&format!("p{}", number % 7)), new("a", &number.to_string())).await.unwrap();
    }
    let more = store.save(&ann(), &provider("more"), new("a", "more")).await;
    assert_eq!(more, Err(ConnectionError::Sealed(SealedError::TooMany)));
    assert!(store.save(&ann(), &provider("p0"), new("b", "0")).await.is_ok(), "a replacement is not one more");
    assert!(store.save(&"bob".parse().unwrap(), &provider("more"), new("a", "more")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saves_at_the_same_time_leave_one_connection_that_opens() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    let saves: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.save(&ann(), &slack(), new("a", "acme")).await })
        })
        .collect();
    for saved in saves {
        saved.await.unwrap().unwrap();
    }
    assert_eq!(store.list(&ann()).await.unwrap().len(), 1);
    assert!(connection(&store, None).await.is_ok());
}

#[tokio::test]
async fn a_closed_database_is_transient_and_tells_no_detail() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    database.close().await;
    let error = connection(&store, None).await.unwrap_err();
    assert_eq!(error, OAuthError::Transient("the host's database failed".into()));
}

#[tokio::test]
async fn a_connection_in_use_costs_no_query_until_it_changes() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    store.save(&ann(), &slack(), new("old", "acme")).await.unwrap();
    assert_eq!(token(&store, None).await, "old");
    database.reader.close().await;
    assert_eq!(token(&store, None).await, "old", "the database was asked");
}

#[tokio::test]
async fn what_another_process_saved_is_found_and_what_cannot_be_renewed_is_said() {
    let (database, folder) = fresh().await;
    let (here, elsewhere) = (store(&database, &folder), store(&database, &folder));
    here.save(&ann(), &slack(), new("a", "acme")).await.unwrap();
    let stale = connection(&here, None).await.unwrap();
    for reason in [RenewalReason::Due, RenewalReason::Asked] {
        assert!(here.renew(&ann(), &stale, reason).await.unwrap().is_none(), "there is nothing to renew it with");
    }
    elsewhere.save(&ann(), &slack(), new("b", "acme")).await.unwrap();
    let renewed = here.renew(&ann(), &stale, RenewalReason::Asked).await.unwrap().unwrap();
    assert_eq!(renewed.access_token.expose_secret(), "b");
    assert_eq!(token(&here, None).await, "b");
}

#[tokio::test]
async fn what_has_expired_without_a_refresh_token_is_marked() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    let rows = database.connections();
    let saved = store.save(&ann(), &slack(), new("a", "acme")).await.unwrap();
    let stale = connection(&store, None).await.unwrap();
    sqlx::query("UPDATE connections SET expires_at = 1").execute(&database.writer).await.unwrap();
    let listed = store.get(&ann(), &saved.id).await.unwrap().unwrap();
    assert!(
        matches!(listed.status(Timestamp::now()), ConnectionStatus::NeedsReconnect { .. }),
        "before anybody used it"
    );
    let renewed = store.renew(&ann(), &stale, RenewalReason::Due).await;
    assert!(matches!(renewed, Err(OAuthError::NeedsReconnect(_))), "{renewed:?}");
    let stored = rows.get(&ann(), &saved.id).await.unwrap().unwrap().summary;
    assert!(stored.reconnect.is_some() && stored.version > saved.version);
    assert!(matches!(connection(&store, None).await, Err(OAuthError::NeedsReconnect(_))));
    // Connecting it again mends it.
    store.save(&ann(), &slack(), new("b", "acme")).await.unwrap();
    assert_eq!(token(&store, None).await, "b");
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millis(milliseconds)
}

fn lease<'a>(owner: &'a str, now: i64, gone: Option<&'a str>) -> LeaseRequest<'a> {
    let now = at(now);
    let (until, latest_retry) = (now + Duration::from_secs(60), now + Duration::from_secs(3_600));
    LeaseRequest { owner, now, until, gone, latest_retry, key: "00000000".parse().unwrap() }
}

fn renewed(summary: &ConnectionSummary, sealed: Sealed) -> Renewed {
    Renewed { scopes: None, values: summary.values.clone(), expires_at: Some(at(9)), renew_at: Some(at(8)), sealed }
}

#[tokio::test]
async fn one_owner_has_the_lease_until_it_ends_or_is_gone() {
    let (database, folder) = fresh().await;
    let saved = store(&database, &folder).save(&ann(), &slack(), new("a", "acme")).await.unwrap();
    let rows = database.connections();
    let ask = async |version, request| rows.lease(&saved.id, version, request).await.unwrap();
    assert_eq!(ask(saved.version + 1, lease("one", 1_000, None)).await, Lease::Changed);
    assert_eq!(ask(saved.version, lease("one", 1_000, None)).await, Lease::Taken { failures: 0 });
    let held = Lease::Held { owner: "one".into() };
    assert_eq!(ask(saved.version, lease("two", 1_001, None)).await, held);
    assert_eq!(ask(saved.version, lease("two", 1_001, Some("three"))).await, held);
    assert_eq!(ask(saved.version, lease("two", 1_001, Some("one"))).await, Lease::Taken { failures: 0 });
    let earlier = Lease::Held { owner: "two".into() };
    assert_eq!(ask(saved.version, lease("one", 1_000, None)).await, earlier, "its clock was read a moment before");
    assert_eq!(ask(saved.version, lease("one", 61_001, None)).await, Lease::Taken { failures: 0 }, "its time was over");
    rows.cool_down(&saved.id, "two", 9, at(50_000)).await.unwrap();
    rows.cool_down(&saved.id, "one", 3, at(100_000)).await.unwrap();
    assert_eq!(ask(saved.version, lease("two", 99_999, None)).await, Lease::CoolingDown { until: at(100_000) });
    assert_eq!(ask(saved.version, lease("two", 100_000, None)).await, Lease::Taken { failures: 3 });
    // As a clock wrote it that was years ahead.
    sqlx::query("UPDATE connections SET lease_until = 9000000000000, retry_at = 9000000000000")
        .execute(&database.writer)
        .await
        .unwrap();
    assert_eq!(ask(saved.version, lease("one", 100_000, None)).await, Lease::Taken { failures: 3 });
    // Whoever could not store what the provider gives may not ask for it.
    database.keyed_records().set_active_key(None, "11111111".parse().unwrap()).await.unwrap();
    assert_eq!(rows.lease(&saved.id, saved.version, lease("one", 100_000, None)).await, Err(SealedError::StaleKey));
}

#[tokio::test]
async fn a_renewal_is_stored_once_and_over_nothing_newer() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    let saved = store.save(&ann(), &slack(), new("a", "acme")).await.unwrap();
    let rows = database.connections();
    let sealed = rows.get(&ann(), &saved.id).await.unwrap().unwrap().sealed;
    let renewal = renewed(&saved, sealed);
    let version = rows.renew(&saved.id, saved.version, &renewal).await.unwrap().unwrap();
    assert!(version > saved.version);
    assert_eq!(rows.renew(&saved.id, saved.version, &renewal).await, Ok(None), "over a newer one");
    assert_eq!(rows.end(&saved.id, saved.version, "old news").await, Ok(false));
    let stored = store.get(&ann(), &saved.id).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.expires_at, &stored.scopes), (version, Some(at(9)), &saved.scopes));
    assert_eq!(rows.end(&saved.id, version, "revoked").await, Ok(true));
    assert_eq!(rows.renew(&saved.id, version, &renewal).await, Ok(None), "over one that has ended");
    assert_eq!(rows.renew("gone", 1, &renewal).await, Ok(None));
}

#[tokio::test]
async fn a_rotation_reseals_everything_beside_a_running_store() {
    let (database, folder) = fresh().await;
    let running = store(&database, &folder);
    for number in 0..250 {
        let user: UserId = format!("u{}", number % 5).parse().unwrap();
        running.save(&user, &slack(), new("s3cr3t", &number.to_string())).await.unwrap();
    }
    running.save(&ann(), &slack(), new("mine", "acme")).await.unwrap();
    let (records, data) = (Arc::new(database.keyed_records()), data(&folder));
    let before = KeyRing::load(None, &keys(&data)).unwrap().active().id();
    let rotated =
        rotate(KeyRing::load(None, &keys(&data)).unwrap(), in_file(&keys(&data)), records.clone()).await.unwrap();
    assert_eq!((rotated.resealed, rotated.unreadable.len()), (251, 0));
    assert_ne!(rotated.key, before);
    assert!(!KeyRing::load(None, &keys(&data)).unwrap().is_rotating(), "the old key is still in the file");
    assert_eq!(records.outdated(rotated.key, "", 10).await.unwrap().len(), 0);
    // It still has the old key alone, for reading and for writing.
    assert_eq!(token(&running, None).await, "mine");
    running.save(&ann(), &slack(), new("newer", "acme")).await.unwrap();
    running.save(&ann(), &slack(), new("other", "other")).await.unwrap();
    assert_eq!(records.outdated(rotated.key, "", 10).await.unwrap().len(), 0, "something is under the old key");
    assert_eq!(token(&store(&database, &folder), None).await, "newer");
}

#[tokio::test]
async fn a_store_with_the_old_key_alone_can_write_nothing_and_spoil_nothing() {
    let (database, folder) = fresh().await;
    store(&database, &folder).save(&ann(), &slack(), new("mine", "acme")).await.unwrap();
    let (records, data) = (Arc::new(database.keyed_records()), data(&folder));
    let stuck = store_with(&database, &data, vault(&database, &KeyRing::load(None, &keys(&data)).unwrap()));
    rotate(KeyRing::load(None, &keys(&data)).unwrap(), in_file(&keys(&data)), records.clone()).await.unwrap();
    let refused = stuck.save(&ann(), &slack(), new("newer", "acme")).await;
    assert_eq!(refused, Err(ConnectionError::Sealed(SealedError::StaleKey)));
    assert_eq!(token(&store(&database, &folder), None).await, "mine");
}

#[tokio::test]
async fn a_process_without_the_key_takes_nothing_over() {
    let (database, folder) = fresh().await;
    store(&database, &folder).save(&ann(), &slack(), new("mine", "acme")).await.unwrap();
    let (records, data) = (Arc::new(database.keyed_records()), data(&folder));
    vault(&database, &KeyRing::load(None, &keys(&data)).unwrap()).verify_keys().await.unwrap();
    let key = records.active_key().await.unwrap();
    let (elsewhere, _guard) = {
        let folder = tempfile::tempdir().unwrap();
        (Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap(), folder)
    };
    let other = || KeyRing::load(None, &keys(&elsewhere)).unwrap();
    let verified = vault(&database, &other()).verify_keys().await;
    assert!(matches!(verified, Err(VerifyKeysError::OtherKey { .. })), "{verified:?}");
    let rotated = rotate(other(), in_file(&keys(&elsewhere)), records.clone()).await;
    assert!(matches!(rotated, Err(RotateError::OtherKey { .. })), "{rotated:?}");
    assert!(!other().is_rotating(), "a key was made for nothing");
    assert_eq!(records.active_key().await.unwrap(), key);
    assert_eq!(token(&store(&database, &folder), None).await, "mine");
    // Whose key is lost can go on without what it sealed.
    let options = RotateOptions { file: Some(&keys(&elsewhere)), drop_unreadable: true, data_keys: None };
    let rotated = rotate(other(), options, records.clone()).await.unwrap();
    assert_eq!((rotated.dropped, rotated.unreadable.len()), (1, 0));
    assert_eq!(database.connections().list(&ann()).await.unwrap(), []);
    vault(&database, &other()).verify_keys().await.unwrap();
}

#[tokio::test]
async fn what_opens_under_no_key_stays_and_hinders_no_other_rotation() {
    let (database, folder) = fresh().await;
    let store = store(&database, &folder);
    for account in ["good", "bad"] {
        store.save(&ann(), &slack(), new("mine", account)).await.unwrap();
    }
    sqlx::query("UPDATE connections SET sealed = x'01' WHERE account = 'bad'").execute(&database.writer).await.unwrap();
    let (records, data) = (Arc::new(database.keyed_records()), data(&folder));
    let rotate = async || {
        rotate(KeyRing::load(None, &keys(&data)).unwrap(), in_file(&keys(&data)), records.clone()).await.unwrap()
    };
    let first = rotate().await;
    assert_eq!((first.resealed, first.unreadable.len()), (1, 1));
    assert!(!KeyRing::load(None, &keys(&data)).unwrap().is_rotating(), "a key stayed that opens nothing");
    let second = rotate().await;
    assert_ne!(first.key, second.key, "a leaked key could not be replaced");
    assert_eq!((second.resealed, second.unreadable.len()), (1, 1));
    assert_eq!(token(&store, None).await, "mine");
}

#[tokio::test]
async fn a_refresh_token_that_is_taken_over_is_not_one_that_was_used_up_meanwhile() {
    let (database, folder) = fresh().await;
    let rows = database.connections();
    let store = store(&database, &folder);
    let saved = store.save(&ann(), &slack(), new("one", "acme")).await.unwrap();
    let row = rows.get(&ann(), &saved.id).await.unwrap().unwrap();
    let renewal = renewed(&saved, row.sealed.clone());
    rows.renew(&saved.id, saved.version, &renewal).await.unwrap().unwrap();
    assert_eq!(rows.put(&ann(), row.clone(), Some(saved.version)).await, Err(SealedError::Changed));
    assert!(rows.put(&ann(), row, None).await.is_ok());
}

/// Ends a rotation after this many steps, as a crash does.
struct Crashing {
    records: SqliteKeyedRecords,
    steps: std::sync::atomic::AtomicU32,
}

impl Crashing {
    fn step(&self) -> Result<(), RecordsError> {
        let left = self.steps.load(std::sync::atomic::Ordering::SeqCst);
        self.steps.store(left.saturating_sub(1), std::sync::atomic::Ordering::SeqCst);
        if left == 0 { Err(RecordsError::Unavailable("crash".into())) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl KeyedRecords for Crashing {
    async fn active_key(&self) -> Result<Option<KeyId>, RecordsError> {
        self.records.active_key().await
    }
    async fn set_active_key(&self, before: Option<KeyId>, key: KeyId) -> Result<bool, RecordsError> {
        self.step()?;
        self.records.set_active_key(before, key).await
    }
    async fn outdated(&self, active: KeyId, after: &str, limit: u32) -> Result<Vec<KeyedRecord>, RecordsError> {
        self.step()?;
        self.records.outdated(active, after, limit).await
    }
    async fn reseal(&self, outdated: &KeyedRecord, sealed: &Sealed) -> Result<bool, RecordsError> {
        self.step()?;
        self.records.reseal(outdated, sealed).await
    }
    async fn drop_records(&self, ids: &[String]) -> Result<u64, RecordsError> {
        self.records.drop_records(ids).await
    }
    async fn scrub(&self) -> Result<bool, RecordsError> {
        self.step()?;
        self.records.scrub().await
    }
}

#[tokio::test]
async fn a_rotation_that_crashes_anywhere_loses_nothing_and_goes_on() {
    const ACCOUNTS: usize = 4;
    // The database is told, two looks around each of two ends, each account, and the log.
    const STEPS: u32 = 9;
    for steps in 0..=STEPS {
        let (database, folder) = fresh().await;
        let (records, data) = (Arc::new(database.keyed_records()), data(&folder));
        let first = store(&database, &folder);
        for number in 0..ACCOUNTS {
            first.save(&ann(), &slack(), new("mine", &number.to_string())).await.unwrap();
        }
        // It holds a key that is none any more.
        rotate(KeyRing::load(None, &keys(&data)).unwrap(), in_file(&keys(&data)), records.clone()).await.unwrap();
        let crashing = Arc::new(Crashing { records: database.keyed_records(), steps: steps.into() });
        let crashed = rotate(KeyRing::load(None, &keys(&data)).unwrap(), in_file(&keys(&data)), crashing).await;
        first.save(&ann(), &slack(), new("mine", "0")).await.unwrap();
        // A host that starts now, and one that has been running, read and write everything.
        let ring = KeyRing::load(None, &keys(&data)).unwrap();
        vault(&database, &ring).verify_keys().await.unwrap();
        let second = store(&database, &folder);
        for store in [&first, &second] {
            for one in store.list(&ann()).await.unwrap() {
                assert_eq!(token(store, Some(&one.id)).await, "mine", "after {steps} steps");
                store.save(&ann(), &slack(), new("mine", &one.account.id)).await.unwrap();
            }
        }
        let rotated = rotate(KeyRing::load(None, &keys(&data)).unwrap(), in_file(&keys(&data)), records.clone()).await;
        let rotated = rotated.unwrap_or_else(|error| panic!("after {steps} steps: {error:?}"));
        assert_eq!(rotated.unreadable, [""; 0]);
        assert_eq!(records.outdated(rotated.key, "", 10).await.unwrap().len(), 0);
        assert!(!KeyRing::load(None, &keys(&data)).unwrap().is_rotating());
        assert_eq!(crashed.is_ok(), steps == STEPS, "{steps} steps: the test should cover each one");
    }
}
