//! Which key records are sealed under, and putting them under another one.

use async_trait::async_trait;

use super::{super::pool::to_stored, SqliteConnections, failed, row};
use crate::oauth::{KeyId, KeyedRecords, Outdated, Sealed, SealedError};

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

    async fn drop_rows(&self, ids: &[String]) -> Result<u64, SealedError> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let mut dropped = 0;
        for id in ids {
            let delete = "DELETE FROM connections WHERE id = ? AND key_id <> (SELECT key_id FROM vault)";
            dropped += sqlx::query(delete).bind(id).execute(&mut *transaction).await.map_err(failed)?.rows_affected();
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
