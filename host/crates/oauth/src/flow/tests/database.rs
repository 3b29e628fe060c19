//! The database of these tests: pending flows and connections in memory. No flow renews, lists keys or deletes.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use cap_std::{ambient_authority, fs::Dir};
use workway_model::{ProviderId, Timestamp, UserId};
use workway_providers::Catalogue;
use workway_vault::{KeyFile, KeyId, KeyRing, KeyedRecord, KeyedRecords, RecordsError, Sealed, Vault};

use crate::{
    ConnectionStore, ConnectionSummary, Digest32, Lease, LeaseRequest, Leases, OAuthSettings, PendingAuthorization,
    PendingAuthorizations, ProcessMark, Renewal, Renewed, SealedConnection, SealedConnections, SealedError,
    StoredConnections, TokenEndpoint,
};

/// A connection store whose rows are in memory, with its key in `data`.
pub(super) fn connections(
    data: &Path,
    catalogue: Catalogue,
    endpoint: TokenEndpoint,
    settings: Arc<OAuthSettings>,
) -> ConnectionStore {
    let data = Dir::open_ambient_dir(data, ambient_authority()).unwrap();
    let keys = KeyFile::in_data(&data).unwrap();
    let vault = Vault::new(&KeyRing::load(None, &keys).unwrap(), None, Arc::new(NoRecords));
    let rows = Arc::new(ConnectionsInMemory::default());
    let stored = StoredConnections::new(Arc::new(vault), rows.clone(), catalogue);
    ConnectionStore::new(Renewal::new(stored, rows, endpoint, settings, ProcessMark::enter(&data).unwrap()))
}

#[derive(Default)]
pub(super) struct PendingInMemory(Mutex<Vec<PendingAuthorization>>);

impl PendingInMemory {
    pub(super) fn rows(&self) -> MutexGuard<'_, Vec<PendingAuthorization>> {
        self.0.lock().unwrap()
    }
}

#[async_trait]
impl PendingAuthorizations for PendingInMemory {
    async fn add(&self, pending: PendingAuthorization) -> Result<(), SealedError> {
        self.rows().push(pending);
        Ok(())
    }

    async fn take(
        &self,
        state: &Digest32,
        session: &Digest32,
        provider: &ProviderId,
    ) -> Result<Option<PendingAuthorization>, SealedError> {
        let mut rows = self.rows();
        let fits = |one: &PendingAuthorization| (&one.state, &one.session, &one.provider) == (state, session, provider);
        Ok(rows.iter().position(fits).map(|place| rows.remove(place)))
    }
}

#[derive(Default)]
struct ConnectionsInMemory(Mutex<Vec<(UserId, SealedConnection)>>);

impl ConnectionsInMemory {
    fn find(&self, user: &UserId, wanted: impl Fn(&ConnectionSummary) -> bool) -> Option<SealedConnection> {
        let rows = self.0.lock().unwrap();
        rows.iter().find(|(owner, row)| owner == user && wanted(&row.summary)).map(|(_, row)| row.clone())
    }
}

#[async_trait]
impl SealedConnections for ConnectionsInMemory {
    async fn choose(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Option<SealedConnection>, SealedError> {
        let is_chosen = |row: &ConnectionSummary| id.map_or(row.is_default, |id| row.id == id);
        Ok(self.find(user, |row| row.provider == *provider && is_chosen(row)))
    }

    async fn get(&self, user: &UserId, id: &str) -> Result<Option<SealedConnection>, SealedError> {
        Ok(self.find(user, |row| row.id == id))
    }

    async fn of_account(
        &self,
        user: &UserId,
        provider: &ProviderId,
        account_id: &str,
    ) -> Result<Option<SealedConnection>, SealedError> {
        Ok(self.find(user, |row| row.provider == *provider && row.account.id == account_id))
    }

    async fn put(
        &self,
        user: &UserId,
        mut row: SealedConnection,
        _expected: Option<u64>,
    ) -> Result<(u64, bool), SealedError> {
        row.summary.is_default = self.choose(user, &row.summary.provider, None).await?.is_none();
        row.summary.version = 1;
        let saved = (row.summary.version, row.summary.is_default);
        self.0.lock().unwrap().push((user.clone(), row));
        Ok(saved)
    }

    async fn list(&self, user: &UserId) -> Result<Vec<ConnectionSummary>, SealedError> {
        let rows = self.0.lock().unwrap();
        Ok(rows.iter().filter(|(owner, _)| owner == user).map(|(_, row)| row.summary.clone()).collect())
    }

    async fn make_default(&self, _: &UserId, _: &str) -> Result<bool, SealedError> {
        unreachable!()
    }

    async fn delete(&self, _: &UserId, _: &str) -> Result<Option<SealedConnection>, SealedError> {
        unreachable!()
    }

    async fn scrub(&self) -> Result<bool, SealedError> {
        unreachable!()
    }
}

/// A vault that is never asked about its records: no flow rotates keys.
struct NoRecords;

#[async_trait]
impl KeyedRecords for NoRecords {
    async fn active_key(&self) -> Result<Option<KeyId>, RecordsError> {
        unreachable!()
    }

    async fn set_active_key(&self, _: Option<KeyId>, _: KeyId) -> Result<bool, RecordsError> {
        unreachable!()
    }

    async fn outdated(&self, _: KeyId, _: &str, _: u32) -> Result<Vec<KeyedRecord>, RecordsError> {
        unreachable!()
    }

    async fn reseal(&self, _: &KeyedRecord, _: &Sealed) -> Result<bool, RecordsError> {
        unreachable!()
    }

    async fn scrub(&self) -> Result<bool, RecordsError> {
        unreachable!()
    }

    async fn drop_records(&self, _: &[String]) -> Result<u64, RecordsError> {
        unreachable!()
    }
}

#[async_trait]
impl Leases for ConnectionsInMemory {
    async fn lease(&self, _: &str, _: u64, _: LeaseRequest<'_>) -> Result<Lease, SealedError> {
        unreachable!()
    }

    async fn renew(&self, _: &str, _: u64, _: &Renewed) -> Result<Option<u64>, SealedError> {
        unreachable!()
    }

    async fn end(&self, _: &str, _: u64, _: &str) -> Result<bool, SealedError> {
        unreachable!()
    }

    async fn cool_down(&self, _: &str, _: &str, _: u32, _: Timestamp) -> Result<(), SealedError> {
        unreachable!()
    }
}
