//! The sealed records of all tables, for the rotation of keys. Nothing here could open one.

use async_trait::async_trait;
use sqlx::{Row, sqlite::SqliteRow};
use workway_marketplace::{INPUT_PURPOSE, WEBHOOK_PURPOSE};
use workway_oauth::CONNECTION_PURPOSE;
use workway_users::PAYOUT_PURPOSE;
use workway_vault::{Binding, DATA_KEY_PURPOSE, KeyId, KeyedRecord, KeyedRecords, Purpose, RecordsError, Sealed};

use super::{
    Database,
    pool::{is_stale_key, parsed, unavailable},
};

/// A table with sealed records, and its statements.
struct SealedTable {
    purpose: Purpose,
    /// Selects id, record and the parts of the binding, in this order. Parameters: key, last id, limit.
    outdated: &'static str,
    /// A record identifies itself: no two have the same nonce. Parameters: record, key, id, previous record.
    reseal: &'static str,
    /// Parameter: id.
    drop: &'static str,
}

static TABLES: [SealedTable; 5] = [
    SealedTable {
        purpose: CONNECTION_PURPOSE,
        outdated: "SELECT id, sealed, user_id, provider, id FROM connections \
                   WHERE key_id <> ? AND id > ? ORDER BY id LIMIT ?",
        reseal: "UPDATE connections SET sealed = ?, key_id = ? WHERE id = ? AND sealed = ?",
        drop: "DELETE FROM connections WHERE id = ? AND key_id <> (SELECT key_id FROM vault)",
    },
    SealedTable {
        purpose: PAYOUT_PURPOSE,
        outdated: "SELECT id, payout, user_id, id FROM developers \
                   WHERE payout IS NOT NULL AND payout_key_id <> ? AND id > ? ORDER BY id LIMIT ?",
        reseal: "UPDATE developers SET payout = ?, payout_key_id = ? WHERE id = ? AND payout = ?",
        drop: "UPDATE developers SET payout = NULL, payout_key_id = NULL \
               WHERE id = ? AND payout_key_id <> (SELECT key_id FROM vault)",
    },
    SealedTable {
        purpose: INPUT_PURPOSE,
        outdated: "SELECT s.id, s.sealed, i.user_id, l.id, s.name FROM installation_secrets s \
                   JOIN installations i ON i.id = s.installation JOIN marketplace_integrations l ON l.doc = i.listing \
                   WHERE s.key_id <> ? AND s.id > ? ORDER BY s.id LIMIT ?",
        reseal: "UPDATE installation_secrets SET sealed = ?, key_id = ? WHERE id = ? AND sealed = ?",
        drop: "DELETE FROM installation_secrets WHERE id = ? AND key_id <> (SELECT key_id FROM vault)",
    },
    SealedTable {
        purpose: WEBHOOK_PURPOSE,
        outdated: "SELECT i.id, i.webhook, i.user_id, l.id FROM installations i \
                   JOIN marketplace_integrations l ON l.doc = i.listing \
                   WHERE i.webhook_key_id IS NOT NULL AND i.webhook_key_id <> ? AND i.id > ? ORDER BY i.id LIMIT ?",
        reseal: "UPDATE installations SET webhook = ?, webhook_key_id = ? WHERE id = ? AND webhook = ?",
        // The revision grows: the address is gone.
        drop: "UPDATE installations SET webhook = NULL, webhook_key_id = NULL, revision = revision + 1 \
               WHERE id = ? AND webhook_key_id <> (SELECT key_id FROM vault)",
    },
    SealedTable {
        purpose: DATA_KEY_PURPOSE,
        outdated: "SELECT id, sealed, id FROM data_keys WHERE key_id <> ? AND id > ? ORDER BY id LIMIT ?",
        reseal: "UPDATE data_keys SET sealed = ?, key_id = ? WHERE id = ? AND sealed = ?",
        drop: "DELETE FROM data_keys WHERE id = ? AND key_id <> (SELECT key_id FROM vault)",
    },
];

/// Sealed records in the database.
#[derive(Clone, Debug)]
pub struct SqliteKeyedRecords {
    database: Database,
}

impl SqliteKeyedRecords {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl KeyedRecords for SqliteKeyedRecords {
    async fn active_key(&self) -> Result<Option<KeyId>, RecordsError> {
        let key: Option<String> = sqlx::query_scalar("SELECT key_id FROM vault")
            .fetch_optional(&self.database.reader)
            .await
            .map_err(failed)?;
        key.as_deref().map(parsed).transpose().map_err(failed)
    }

    async fn set_active_key(&self, before: Option<KeyId>, key: KeyId) -> Result<bool, RecordsError> {
        let key = key.to_string();
        let query = match before {
            Some(before) => {
                sqlx::query("UPDATE vault SET key_id = ? WHERE key_id = ?").bind(key).bind(before.to_string())
            }
            None => sqlx::query("INSERT INTO vault (id, key_id) VALUES (1, ?) ON CONFLICT (id) DO NOTHING").bind(key),
        };
        let set = query.execute(&self.database.writer).await.map_err(failed)?;
        Ok(set.rows_affected() > 0)
    }

    async fn outdated(&self, active: KeyId, after: &str, limit: u32) -> Result<Vec<KeyedRecord>, RecordsError> {
        let mut records = Vec::new();
        for table in &TABLES {
            let query = sqlx::query(table.outdated).bind(active.to_string()).bind(after).bind(limit);
            let rows = query.fetch_all(&self.database.reader).await.map_err(failed)?;
            for row in &rows {
                records.push(keyed_record(table.purpose, row).map_err(failed)?);
            }
        }
        records.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(records)
    }

    async fn reseal(&self, outdated: &KeyedRecord, sealed: &Sealed) -> Result<bool, RecordsError> {
        let table = TABLES.iter().find(|table| table.purpose == outdated.binding.purpose());
        let Some(table) = table else { return Ok(false) };
        let resealed = sqlx::query(table.reseal)
            .bind(&sealed.record)
            .bind(sealed.key.to_string())
            .bind(&outdated.id)
            .bind(&outdated.record)
            .execute(&self.database.writer)
            .await
            .map_err(failed)?;
        Ok(resealed.rows_affected() > 0)
    }

    async fn drop_records(&self, ids: &[String]) -> Result<u64, RecordsError> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let mut dropped = 0;
        for id in ids {
            for table in &TABLES {
                let done = sqlx::query(table.drop).bind(id).execute(&mut *transaction).await.map_err(failed)?;
                dropped += done.rows_affected();
            }
        }
        // Where a default connection was deleted, the oldest that is left becomes the default.
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

    async fn scrub(&self) -> Result<bool, RecordsError> {
        self.database.scrub().await.map_err(failed)
    }
}

fn keyed_record(purpose: Purpose, row: &SqliteRow) -> Result<KeyedRecord, sqlx::Error> {
    let parts: Vec<&str> = (2..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?;
    Ok(KeyedRecord { id: row.try_get(0)?, record: row.try_get(1)?, binding: Binding::new(purpose, &parts) })
}

fn failed(error: sqlx::Error) -> RecordsError {
    if is_stale_key(&error) {
        return RecordsError::StaleKey;
    }
    RecordsError::Unavailable(unavailable(&error))
}
