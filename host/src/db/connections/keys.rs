//! Which key records are sealed under, and putting them under another one.

use async_trait::async_trait;

use super::{super::pool::to_stored, SqliteConnections, failed, row};
use crate::oauth::{KeyId, KeyedRecords, Outdated, Sealed, SealedError};

#[async_trait]
impl KeyedRecords for SqliteConnections {
    async fn key(&self) -> Result<Option<String>, SealedError> {
        sqlx::query_scalar("SELECT key_id FROM vault").fetch_optional(&self.database.reader).await.map_err(failed)
    }

    async fn use_key(&self, key: KeyId) -> Result<(), SealedError> {
        sqlx::query(
            "INSERT INTO vault (id, key_id) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id",
        )
        .bind(key.to_string())
        .execute(&self.database.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn not_under(&self, key: KeyId, after: &str, limit: u32) -> Result<Vec<Outdated>, SealedError> {
        let statement =
            row::statement!("SELECT ", " FROM connections WHERE key_id <> ? AND id > ? ORDER BY id LIMIT ?");
        let rows = sqlx::query(statement)
            .bind(key.to_string())
            .bind(after)
            .bind(limit)
            .fetch_all(&self.database.reader)
            .await
            .map_err(failed)?;
        let outdated = |row| Ok(Outdated { user: row::parsed(row, "user_id")?, connection: row::sealed(row)? });
        rows.iter().map(outdated).collect::<Result<_, _>>().map_err(failed)
    }

    async fn reseal(&self, id: &str, version: u64, sealed: &Sealed) -> Result<bool, SealedError> {
        let resealed = sqlx::query("UPDATE connections SET sealed = ?, key_id = ? WHERE id = ? AND version = ?")
            .bind(&sealed.record)
            .bind(sealed.key.to_string())
            .bind(id)
            .bind(to_stored(version).map_err(failed)?)
            .execute(&self.database.writer)
            .await
            .map_err(failed)?;
        Ok(resealed.rows_affected() > 0)
    }

    async fn scrub(&self) -> Result<(), SealedError> {
        self.database.scrub().await.map_err(failed)
    }
}
