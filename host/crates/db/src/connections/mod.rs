//! The table `connections`: accounts that users connected, their tokens sealed. Nothing here could open them.

mod leases;
mod row;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use sqlx::{Connection, SqliteConnection};
use workway_model::{ProviderId, Timestamp, UserId};
use workway_oauth::{ConnectionSummary, MAX_CONNECTIONS_PER_USER, SealedConnection, SealedConnections, SealedError};

use super::{
    Database,
    pool::{from_stored, is_stale_key, to_stored, unavailable},
};

/// Sealed connections in the database, and their leases.
#[derive(Clone, Debug)]
pub struct SqliteConnections {
    database: Database,
}

impl SqliteConnections {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn write(
        &self,
        user: &UserId,
        row: SealedConnection,
        expected: Option<u64>,
    ) -> Result<(u64, bool), WriteError> {
        let SealedConnection { summary, sealed } = row;
        let mut connection = self.database.durable_writer().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let (connections, defaults): (i64, i64) = sqlx::query_as(
            "SELECT count(*), coalesce(sum(is_default AND provider = ?2), 0) FROM connections \
             WHERE user_id = ?1 AND NOT (provider = ?2 AND account_id = ?3)",
        )
        .bind(user.as_str())
        .bind(summary.provider.as_str())
        .bind(&summary.account.id)
        .fetch_one(&mut *transaction)
        .await?;
        if connections >= i64::from(MAX_CONNECTIONS_PER_USER) {
            return Err(WriteError::TooMany);
        }
        if let Some(expected) = expected {
            let there: Option<i64> = sqlx::query_scalar("SELECT version FROM connections WHERE id = ?")
                .bind(&summary.id)
                .fetch_optional(&mut *transaction)
                .await?;
            if there != Some(to_stored(expected)?) {
                return Err(WriteError::Changed);
            }
        }
        let version = next_version(&mut transaction).await?;
        let is_default: bool = sqlx::query_scalar(
            "INSERT INTO connections (id, user_id, provider, account_id, account, is_default, scopes, variables, \
             expires_at, renew_at, sealed, key_id, version, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (user_id, provider, account_id) DO UPDATE SET id = excluded.id, account = excluded.account, \
             scopes = excluded.scopes, variables = excluded.variables, expires_at = excluded.expires_at, \
             renew_at = excluded.renew_at, reconnect = NULL, sealed = excluded.sealed, key_id = excluded.key_id, \
             version = excluded.version, updated_at = excluded.updated_at, lease_owner = NULL, lease_until = NULL, \
             failures = 0, retry_at = NULL RETURNING is_default",
        )
        .bind(summary.id)
        .bind(user.as_str())
        .bind(summary.provider.as_str())
        .bind(summary.account.id)
        .bind(summary.account.label)
        .bind(defaults == 0)
        .bind(summary.scopes.as_ref().map(row::to_json).transpose()?)
        .bind(row::to_json(&summary.values)?)
        .bind(summary.expires_at.map(Timestamp::as_millis))
        .bind(summary.renew_at.map(Timestamp::as_millis))
        .bind(sealed.record)
        .bind(sealed.key.to_string())
        .bind(version)
        .bind(Timestamp::now().as_millis())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.database.end_durable(connection).await;
        Ok((from_stored(version)?, is_default))
    }

    async fn remove(&self, user: &UserId, id: &str) -> Result<Option<SealedConnection>, sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let statement = row::statement!("DELETE FROM connections WHERE user_id = ? AND id = ? RETURNING ", "");
        let deleted = sqlx::query(statement).bind(user.as_str()).bind(id).fetch_optional(&mut *transaction).await?;
        let Some(deleted) = deleted.as_ref().map(row::sealed).transpose()? else { return Ok(None) };
        if deleted.summary.is_default {
            sqlx::query(
                "UPDATE connections SET is_default = 1 WHERE id = \
                 (SELECT min(id) FROM connections WHERE user_id = ? AND provider = ?)",
            )
            .bind(user.as_str())
            .bind(deleted.summary.provider.as_str())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(Some(deleted))
    }

    async fn set_default(&self, user: &UserId, id: &str) -> Result<bool, sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "UPDATE connections SET is_default = 0 WHERE user_id = ?1 AND is_default = 1 \
             AND provider = (SELECT provider FROM connections WHERE user_id = ?1 AND id = ?2)",
        )
        .bind(user.as_str())
        .bind(id)
        .execute(&mut *transaction)
        .await?;
        let set = sqlx::query("UPDATE connections SET is_default = 1 WHERE user_id = ? AND id = ?")
            .bind(user.as_str())
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(set.rows_affected() > 0)
    }
}

#[async_trait]
impl SealedConnections for SqliteConnections {
    async fn choose(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Option<SealedConnection>, SealedError> {
        let statement = row::statement!(
            "SELECT ",
            " FROM connections WHERE user_id = ?1 AND provider = ?2 AND CASE WHEN ?3 IS NULL THEN is_default = 1 ELSE id = ?3 END"
        );
        let query = sqlx::query(statement).bind(user.as_str()).bind(provider.as_str()).bind(id);
        let row = query.fetch_optional(&self.database.reader).await.map_err(failed)?;
        row.as_ref().map(row::sealed).transpose().map_err(failed)
    }

    async fn get(&self, user: &UserId, id: &str) -> Result<Option<SealedConnection>, SealedError> {
        let statement = row::statement!("SELECT ", " FROM connections WHERE user_id = ? AND id = ?");
        let query = sqlx::query(statement).bind(user.as_str()).bind(id);
        let row = query.fetch_optional(&self.database.reader).await.map_err(failed)?;
        row.as_ref().map(row::sealed).transpose().map_err(failed)
    }

    async fn of_account(
        &self,
        user: &UserId,
        provider: &ProviderId,
        account_id: &str,
    ) -> Result<Option<SealedConnection>, SealedError> {
        let statement =
            row::statement!("SELECT ", " FROM connections WHERE user_id = ? AND provider = ? AND account_id = ?");
        let query = sqlx::query(statement).bind(user.as_str()).bind(provider.as_str()).bind(account_id);
        let row = query.fetch_optional(&self.database.reader).await.map_err(failed)?;
        row.as_ref().map(row::sealed).transpose().map_err(failed)
    }

    async fn put(
        &self,
        user: &UserId,
        row: SealedConnection,
        expected: Option<u64>,
    ) -> Result<(u64, bool), SealedError> {
        self.write(user, row, expected).await.map_err(|error| match error {
            WriteError::TooMany => SealedError::TooMany,
            WriteError::Changed => SealedError::Changed,
            WriteError::Database(error) => failed(error),
        })
    }

    async fn list(&self, user: &UserId) -> Result<Vec<ConnectionSummary>, SealedError> {
        let statement = row::statement!("SELECT ", " FROM connections WHERE user_id = ? ORDER BY provider, id LIMIT ?");
        let rows = sqlx::query(statement)
            .bind(user.as_str())
            .bind(i64::from(MAX_CONNECTIONS_PER_USER))
            .fetch_all(&self.database.reader)
            .await
            .map_err(failed)?;
        rows.iter().map(row::summary).collect::<Result<_, _>>().map_err(failed)
    }

    async fn make_default(&self, user: &UserId, id: &str) -> Result<bool, SealedError> {
        self.set_default(user, id).await.map_err(failed)
    }

    async fn delete(&self, user: &UserId, id: &str) -> Result<Option<SealedConnection>, SealedError> {
        self.remove(user, id).await.map_err(failed)
    }

    async fn scrub(&self) -> Result<bool, SealedError> {
        self.database.scrub().await.map_err(failed)
    }
}

/// Why a row was not written.
enum WriteError {
    TooMany,
    Changed,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// A version that no connection has had.
async fn next_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("UPDATE connection_sequence SET value = value + 1 RETURNING value").fetch_one(connection).await
}

fn failed(error: sqlx::Error) -> SealedError {
    if is_stale_key(&error) {
        return SealedError::StaleKey;
    }
    SealedError::Unavailable(unavailable(&error))
}
