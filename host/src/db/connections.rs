//! The table `connections`: accounts that users connected, their tokens sealed. Nothing here could open them.

use async_trait::async_trait;
use sqlx::{Row, sqlite::SqliteRow};

use super::{
    Database,
    pool::{from_stored, to_stored, unavailable},
    unix_now,
};
use crate::{
    integration::{ProviderId, UserId},
    oauth::{ConnectionSummary, MAX_CONNECTIONS_PER_USER, SealedConnection, SealedConnections, SealedError},
};

/// Sealed connections in the database.
#[derive(Clone, Debug)]
pub struct SqliteConnections {
    database: Database,
}

impl SqliteConnections {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Answers no version when the user has as many connections as there may be.
    async fn write(&self, user: &UserId, row: SealedConnection) -> Result<Option<u64>, sqlx::Error> {
        let SealedConnection { summary, sealed } = row;
        let scopes = serde_json::to_string(&summary.scopes).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let others: i64 = sqlx::query_scalar("SELECT count(*) FROM connections WHERE user_id = ? AND provider <> ?")
            .bind(user.as_str())
            .bind(summary.provider.as_str())
            .fetch_one(&mut *transaction)
            .await?;
        if others >= i64::from(MAX_CONNECTIONS_PER_USER) {
            return Ok(None);
        }
        let version: i64 = sqlx::query_scalar("UPDATE connection_sequence SET value = value + 1 RETURNING value")
            .fetch_one(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO connections (id, user_id, provider, account, scopes, expires_at, sealed, version, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (user_id, provider) DO UPDATE SET id = excluded.id, account = excluded.account, \
             scopes = excluded.scopes, expires_at = excluded.expires_at, sealed = excluded.sealed, \
             version = excluded.version, updated_at = excluded.updated_at",
        )
        .bind(summary.id)
        .bind(user.as_str())
        .bind(summary.provider.as_str())
        .bind(summary.account)
        .bind(scopes)
        .bind(summary.expires_at.map(to_stored).transpose()?)
        .bind(sealed)
        .bind(version)
        .bind(unix_now())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        from_stored(version).map(Some)
    }
}

#[async_trait]
impl SealedConnections for SqliteConnections {
    async fn get(&self, user: &UserId, provider: &ProviderId) -> Result<Option<SealedConnection>, SealedError> {
        let row = sqlx::query(
            "SELECT id, provider, account, scopes, expires_at, version, sealed FROM connections \
             WHERE user_id = ? AND provider = ?",
        )
        .bind(user.as_str())
        .bind(provider.as_str())
        .fetch_optional(&self.database.reader)
        .await
        .map_err(failed)?;
        let sealed = |row: SqliteRow| Ok(SealedConnection { summary: summary(&row)?, sealed: row.try_get("sealed")? });
        row.map(sealed).transpose().map_err(failed)
    }

    async fn put(&self, user: &UserId, row: SealedConnection) -> Result<u64, SealedError> {
        self.write(user, row).await.map_err(failed)?.ok_or(SealedError::TooMany)
    }

    async fn list(&self, user: &UserId) -> Result<Vec<ConnectionSummary>, SealedError> {
        let rows = sqlx::query(
            "SELECT id, provider, account, scopes, expires_at, version FROM connections \
             WHERE user_id = ? ORDER BY provider LIMIT ?",
        )
        .bind(user.as_str())
        .bind(i64::from(MAX_CONNECTIONS_PER_USER))
        .fetch_all(&self.database.reader)
        .await
        .map_err(failed)?;
        rows.iter().map(summary).collect::<Result<_, _>>().map_err(failed)
    }

    async fn delete(&self, user: &UserId, provider: &ProviderId) -> Result<bool, SealedError> {
        let deleted = sqlx::query("DELETE FROM connections WHERE user_id = ? AND provider = ?")
            .bind(user.as_str())
            .bind(provider.as_str())
            .execute(&self.database.writer)
            .await
            .map_err(failed)?;
        Ok(deleted.rows_affected() > 0)
    }
}

fn summary(row: &SqliteRow) -> Result<ConnectionSummary, sqlx::Error> {
    let provider: &str = row.try_get("provider")?;
    let scopes: &str = row.try_get("scopes")?;
    let expires_at: Option<i64> = row.try_get("expires_at")?;
    Ok(ConnectionSummary {
        id: row.try_get("id")?,
        provider: provider.parse().map_err(|error| sqlx::Error::Decode(Box::new(error) as _))?,
        account: row.try_get("account")?,
        scopes: serde_json::from_str(scopes).map_err(|error| sqlx::Error::Decode(error.into()))?,
        expires_at: expires_at.map(from_stored).transpose()?,
        version: from_stored(row.try_get("version")?)?,
    })
}

fn failed(error: sqlx::Error) -> SealedError {
    SealedError::Unavailable(unavailable(&error))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cap_std::{ambient_authority, fs::Dir};
    use secrecy::ExposeSecret;

    use super::super::pool::tests::{fresh, open};
    use crate::{
        capability::oauth::{ConnectionSource, OAuthError},
        db::Database,
        integration::{ProviderId, UserId},
        oauth::{
            ConnectionError, ConnectionStore, MAX_CONNECTIONS_PER_USER, MasterKey, NewConnection, SealedError, Vault,
        },
    };

    fn store(database: &Database, folder: &tempfile::TempDir) -> ConnectionStore {
        let data = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        ConnectionStore::new(Vault::new(&MasterKey::load(None, &data).unwrap()), Arc::new(database.connections()))
    }

    fn user(id: &str) -> UserId {
        id.parse().unwrap()
    }

    fn provider(id: &str) -> ProviderId {
        id.parse().unwrap()
    }

    fn new(token: &str) -> NewConnection {
        NewConnection {
            access_token: token.into(),
            account: "ann@example.com".into(),
            scopes: ["a", "b"].map(String::from).into(),
            expires_at: Some(2_000_000_000),
        }
    }

    #[tokio::test]
    async fn a_connection_outlives_the_process_and_stays_its_users() {
        let (database, folder) = fresh().await;
        let saved = store(&database, &folder).save(&user("ann"), &provider("slack"), new("token")).await.unwrap();
        database.close().await;
        let database = open(folder.path()).await.unwrap();
        let store = store(&database, &folder);
        let connection = store.connection(&user("ann"), &provider("slack")).await.unwrap();
        assert_eq!(connection.access_token.expose_secret(), "token");
        assert_eq!(store.list(&user("ann")).await.unwrap(), [saved]);
        for (other, provider) in [("bob", provider("slack")), ("ann", provider("google"))] {
            assert_eq!(store.connection(&user(other), &provider).await.unwrap_err(), OAuthError::NotConnected);
            assert_eq!(store.delete(&user(other), &provider).await, Ok(false));
        }
        assert_eq!(store.list(&user("bob")).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_version_is_never_given_twice() {
        let (database, folder) = fresh().await;
        let store = store(&database, &folder);
        let (ann, slack) = (user("ann"), provider("slack"));
        let first = store.save(&ann, &slack, new("a")).await.unwrap();
        assert_eq!(store.delete(&ann, &slack).await, Ok(true));
        let second = store.save(&ann, &slack, new("b")).await.unwrap();
        assert!(first.version < second.version);
        assert_ne!(first.id, second.id);
    }

    #[tokio::test]
    async fn a_row_that_was_moved_to_another_user_does_not_open() {
        let (database, folder) = fresh().await;
        let store = store(&database, &folder);
        store.save(&user("ann"), &provider("slack"), new("a")).await.unwrap();
        let moved = "UPDATE connections SET user_id = 'mallory'";
        sqlx::query(moved).execute(&database.writer).await.unwrap();
        let stolen = store.connection(&user("mallory"), &provider("slack")).await;
        assert!(matches!(stolen, Err(OAuthError::NeedsReconnect(_))), "{stolen:?}");
    }

    #[tokio::test]
    async fn no_file_of_the_data_folder_holds_a_token() {
        let (database, folder) = fresh().await;
        store(&database, &folder).save(&user("ann"), &provider("slack"), new("xoxb-secret")).await.unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let bytes = std::fs::read(entry.path()).unwrap();
            assert!(!bytes.windows(11).any(|window| window == b"xoxb-secret"), "{:?}", entry.file_name());
        }
    }

    #[tokio::test]
    async fn a_user_connects_a_bounded_number_of_providers() {
        let (database, folder) = fresh().await;
        let store = store(&database, &folder);
        for number in 0..MAX_CONNECTIONS_PER_USER {
            store.save(&user("ann"), &provider(&format!("p{number}")), new("a")).await.unwrap();
        }
        let more = store.save(&user("ann"), &provider("more"), new("a")).await;
        assert_eq!(more, Err(ConnectionError::Sealed(SealedError::TooMany)));
        assert!(store.save(&user("ann"), &provider("p0"), new("b")).await.is_ok(), "a replacement is not one more");
        assert!(store.save(&user("bob"), &provider("more"), new("a")).await.is_ok());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn saves_at_the_same_time_leave_one_connection_that_opens() {
        let (database, folder) = fresh().await;
        let store = store(&database, &folder);
        let (ann, slack) = (user("ann"), provider("slack"));
        let saves = (0..10).map(|_| store.save(&ann, &slack, new("a")));
        for saved in futures_util::future::join_all(saves).await {
            saved.unwrap();
        }
        assert_eq!(store.list(&ann).await.unwrap().len(), 1);
        assert!(store.connection(&ann, &slack).await.is_ok());
    }

    #[tokio::test]
    async fn a_closed_database_is_transient_and_tells_no_detail() {
        let (database, folder) = fresh().await;
        let store = store(&database, &folder);
        database.close().await;
        let error = store.connection(&user("ann"), &provider("slack")).await.unwrap_err();
        assert_eq!(error, OAuthError::Transient("the host's database failed".into()));
    }
}
