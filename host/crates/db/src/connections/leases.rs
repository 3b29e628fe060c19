//! Leases and renewals. Every change names the version that it was made from: what was changed meanwhile is left alone.

use async_trait::async_trait;
use sqlx::{Connection, Row};
use workway_model::Timestamp;
use workway_oauth::{Lease, LeaseRequest, Leases, Renewed, SealedError};

use super::{
    super::pool::{from_stored, optional_time, to_stored},
    SqliteConnections, failed, next_version, row,
};

/// Why a lease was not even asked for.
enum LeaseError {
    StaleKey,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for LeaseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl SqliteConnections {
    async fn take(&self, id: &str, version: u64, request: LeaseRequest<'_>) -> Result<Lease, LeaseError> {
        let LeaseRequest { owner, now, until, gone, latest_retry, key } = request;
        let seals: Option<bool> = sqlx::query_scalar("SELECT key_id = ? FROM vault")
            .bind(key.to_string())
            .fetch_optional(&self.database.reader)
            .await?;
        if seals == Some(false) {
            return Err(LeaseError::StaleKey);
        }
        // All, although there is one at most: the change counts when the statement has run to its end.
        let taken: Vec<i64> = sqlx::query_scalar(
            "UPDATE connections SET lease_owner = ?3, lease_until = ?5 WHERE id = ?1 AND version = ?2 \
             AND reconnect IS NULL AND (lease_owner IS NULL OR lease_until <= ?4 OR lease_until > ?8 OR lease_owner = ?6) \
             AND (retry_at IS NULL OR retry_at <= ?4 OR retry_at > ?7) RETURNING failures",
        )
        .bind(id)
        .bind(to_stored(version)?)
        .bind(owner)
        .bind(now.as_millis())
        .bind(until.as_millis())
        .bind(gone)
        .bind(latest_retry.as_millis())
        // Whoever asked a moment later may have been faster: only what is far beyond any lease is a clock's mistake.
        .bind((until + until.saturating_since(now)).as_millis())
        .fetch_all(&self.database.writer)
        .await?;
        if let [failures] = taken[..] {
            return Ok(Lease::Taken { failures: u32::try_from(failures).unwrap_or(u32::MAX) });
        }
        let row = sqlx::query(
            "SELECT lease_owner, lease_until, retry_at FROM connections \
             WHERE id = ? AND version = ? AND reconnect IS NULL",
        )
        .bind(id)
        .bind(to_stored(version)?)
        .fetch_optional(&self.database.reader)
        .await?;
        let Some(row) = row else { return Ok(Lease::Changed) };
        let is_ahead = |retry_at: &Timestamp| *retry_at > now && *retry_at <= latest_retry;
        if let Some(until) = optional_time(&row, "retry_at")?.filter(is_ahead) {
            return Ok(Lease::CoolingDown { until });
        }
        // Without an owner it was given back in this moment: then asking again does.
        Ok(row.try_get::<Option<String>, _>("lease_owner")?.map_or(Lease::Changed, |owner| Lease::Held { owner }))
    }

    async fn store(&self, id: &str, version: u64, renewed: &Renewed) -> Result<Option<u64>, sqlx::Error> {
        let mut connection = self.database.durable_writer().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let next = next_version(&mut transaction).await?;
        let stored = sqlx::query(
            "UPDATE connections SET scopes = coalesce(?, scopes), variables = ?, expires_at = ?, renew_at = ?, \
             sealed = ?, key_id = ?, version = ?, updated_at = ?, lease_owner = NULL, lease_until = NULL, failures = 0, \
             retry_at = NULL WHERE id = ? AND version = ? AND reconnect IS NULL",
        )
        .bind(renewed.scopes.as_ref().map(row::to_json).transpose()?)
        .bind(row::to_json(&renewed.values)?)
        .bind(renewed.expires_at.map(Timestamp::as_millis))
        .bind(renewed.renew_at.map(Timestamp::as_millis))
        .bind(&renewed.sealed.record)
        .bind(renewed.sealed.key.to_string())
        .bind(next)
        .bind(Timestamp::now().as_millis())
        .bind(id)
        .bind(to_stored(version)?)
        .execute(&mut *transaction)
        .await?;
        if stored.rows_affected() == 0 {
            return Ok(None);
        }
        transaction.commit().await?;
        self.database.end_durable(connection).await;
        from_stored(next).map(Some)
    }

    async fn mark(&self, id: &str, version: u64, reason: &str) -> Result<bool, sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let next = next_version(&mut transaction).await?;
        let marked = sqlx::query(
            "UPDATE connections SET reconnect = ?, version = ?, updated_at = ?, lease_owner = NULL, lease_until = NULL \
             WHERE id = ? AND version = ? AND reconnect IS NULL",
        )
        .bind(reason)
        .bind(next)
        .bind(Timestamp::now().as_millis())
        .bind(id)
        .bind(to_stored(version)?)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(marked.rows_affected() > 0)
    }
}

#[async_trait]
impl Leases for SqliteConnections {
    async fn lease(&self, id: &str, version: u64, request: LeaseRequest<'_>) -> Result<Lease, SealedError> {
        self.take(id, version, request).await.map_err(|error| match error {
            LeaseError::StaleKey => SealedError::StaleKey,
            LeaseError::Database(error) => failed(error),
        })
    }

    async fn renew(&self, id: &str, version: u64, renewed: &Renewed) -> Result<Option<u64>, SealedError> {
        self.store(id, version, renewed).await.map_err(failed)
    }

    async fn end(&self, id: &str, version: u64, reason: &str) -> Result<bool, SealedError> {
        self.mark(id, version, reason).await.map_err(failed)
    }

    async fn cool_down(&self, id: &str, owner: &str, failures: u32, retry_at: Timestamp) -> Result<(), SealedError> {
        sqlx::query(
            "UPDATE connections SET lease_owner = NULL, lease_until = NULL, failures = ?, retry_at = ? \
             WHERE id = ? AND lease_owner = ?",
        )
        .bind(failures)
        .bind(retry_at.as_millis())
        .bind(id)
        .bind(owner)
        .execute(&self.database.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }
}
