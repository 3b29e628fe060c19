//! Which key records are sealed under, and putting them under another one. Of all tables that hold some: connections, and
//! developers' payout details.

use async_trait::async_trait;
use sqlx::{Row, sqlite::SqliteRow};
use workway_oauth::{KeyId, KeyedRecords, Outdated, Sealed, SealedConnection, SealedError};

use super::{super::pool::to_stored, SqliteConnections, failed, row};

#[async_trait]
impl KeyedRecords for SqliteConnections {
    async fn key(&self) -> Result<Option<String>, SealedError> {
        sqlx::query_scalar("SELECT key_id FROM vault").fetch_optional(&self.database.reader).await.map_err(failed)
    }

    async fn use_key(&self, before: Option<&str>, key: KeyId) -> Result<bool, SealedError> {
        let key = key.to_string();
        let query = match before {
            Some(before) => sqlx::query("UPDATE vault SET key_id = ? WHERE key_id = ?").bind(key).bind(before),
            None => sqlx::query("INSERT INTO vault (id, key_id) VALUES (1, ?) ON CONFLICT (id) DO NOTHING").bind(key),
        };
        let used = query.execute(&self.database.writer).await.map_err(failed)?;
        Ok(used.rows_affected() > 0)
    }

    async fn not_under(&self, key: KeyId, after: &str, limit: u32) -> Result<Vec<Outdated>, SealedError> {
        let key = key.to_string();
        let connections = self.connections_not_under(&key, after, limit).await.map_err(failed)?;
        let payouts = self.payouts_not_under(&key, after, limit).await.map_err(failed)?;
        let mut rows: Vec<_> = connections.into_iter().chain(payouts).collect();
        rows.sort_unstable_by(|one, other| one.id().cmp(other.id()));
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(rows)
    }

    async fn reseal(&self, row: &Outdated, sealed: &Sealed) -> Result<bool, SealedError> {
        let query = match row {
            Outdated::Connection { connection: SealedConnection { summary, .. }, .. } => {
                sqlx::query("UPDATE connections SET sealed = ?, key_id = ? WHERE id = ? AND version = ?")
                    .bind(&sealed.record)
                    .bind(sealed.key.to_string())
                    .bind(&summary.id)
                    .bind(to_stored(summary.version).map_err(failed)?)
            }
            // A record says itself which one it is: its nonce never comes twice.
            Outdated::Payout { developer, record, .. } => {
                sqlx::query("UPDATE developers SET payout = ?, payout_key_id = ? WHERE id = ? AND payout = ?")
                    .bind(&sealed.record)
                    .bind(sealed.key.to_string())
                    .bind(developer)
                    .bind(record)
            }
        };
        let resealed = query.execute(&self.database.writer).await.map_err(failed)?;
        Ok(resealed.rows_affected() > 0)
    }

    async fn drop_rows(&self, ids: &[String]) -> Result<u64, SealedError> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let mut dropped = 0;
        for id in ids {
            for statement in [
                "DELETE FROM connections WHERE id = ? AND key_id <> (SELECT key_id FROM vault)",
                "UPDATE developers SET payout = NULL, payout_key_id = NULL \
                 WHERE id = ? AND payout_key_id <> (SELECT key_id FROM vault)",
            ] {
                let done = sqlx::query(statement).bind(id).execute(&mut *transaction).await.map_err(failed)?;
                dropped += done.rows_affected();
            }
        }
        // The oldest account that is left takes over where the default one went.
        sqlx::query(
            "UPDATE connections SET is_default = 1 WHERE id IN (SELECT min(id) FROM connections \
             GROUP BY user_id, provider HAVING max(is_default) = 0)",
        )
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(dropped)
    }

    async fn scrub(&self) -> Result<bool, SealedError> {
        self.database.scrub().await.map_err(failed)
    }
}

impl SqliteConnections {
    async fn connections_not_under(&self, key: &str, after: &str, limit: u32) -> Result<Vec<Outdated>, sqlx::Error> {
        let statement =
            row::statement!("SELECT ", " FROM connections WHERE key_id <> ? AND id > ? ORDER BY id LIMIT ?");
        let query = sqlx::query(statement).bind(key).bind(after).bind(limit);
        let rows = query.fetch_all(&self.database.reader).await?;
        let outdated =
            |row| Ok(Outdated::Connection { user: row::parsed(row, "user_id")?, connection: row::sealed(row)? });
        rows.iter().map(outdated).collect()
    }

    async fn payouts_not_under(&self, key: &str, after: &str, limit: u32) -> Result<Vec<Outdated>, sqlx::Error> {
        let statement = "SELECT id, user_id, payout FROM developers \
                         WHERE payout IS NOT NULL AND payout_key_id <> ? AND id > ? ORDER BY id LIMIT ?";
        let query = sqlx::query(statement).bind(key).bind(after).bind(limit);
        let rows = query.fetch_all(&self.database.reader).await?;
        let outdated = |row: &SqliteRow| {
            let (developer, record) = (row.try_get("id")?, row.try_get("payout")?);
            Ok(Outdated::Payout { user: row::parsed(row, "user_id")?, developer, record })
        };
        rows.iter().map(outdated).collect()
    }
}
