//! The tables `installations` and `installation_secrets`, and the counts of listings, which change with them or not at all. Every
//! write of an installation makes its revision grow, but for a rotation of keys.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;
use workway_marketplace::{
    Connections, Doc, Installation, InstallationFilter, InstallationState, InstallationWrite, Installed, NewInputs,
};
use workway_model::Timestamp;

use super::{
    SqliteListings,
    row::{self, InstallationRow, InstalledRow, installation_statement},
    search_index::rank_again,
};
use crate::pool::to_stored;

impl SqliteListings {
    pub(super) async fn install_for(
        &self,
        listing: Doc,
        version: u64,
        user: &str,
        write: &InstallationWrite,
        before: Option<u64>,
        now: Timestamp,
    ) -> Result<Option<(Installation, bool)>, sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let found: Option<(bool, Option<i64>)> = sqlx::query_as(
            "SELECT i.id IS NOT NULL AND i.uninstalled_at IS NULL, i.revision FROM marketplace_integrations l \
             LEFT JOIN installations i ON i.listing = l.doc AND i.user_id = ?2 WHERE l.doc = ?1 AND l.version = ?3",
        )
        .bind(listing)
        .bind(user)
        .bind(to_stored(version)?)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some((is_active, revision)) = found else { return Ok(None) };
        if revision != before.map(to_stored).transpose()? {
            return Ok(None);
        }
        if !is_active {
            let is_new: bool = sqlx::query_scalar(
                "INSERT INTO installations (id, listing, user_id, number, installed_at) \
                 SELECT ?1, doc, ?3, workflow_version, ?4 FROM marketplace_integrations WHERE doc = ?2 \
                 ON CONFLICT (listing, user_id) DO UPDATE SET number = excluded.number, \
                 installed_at = excluded.installed_at, uninstalled_at = NULL RETURNING id = ?1",
            )
            .bind(format!("ins_{}", uuid::Uuid::now_v7().simple()))
            .bind(listing)
            .bind(user)
            .bind(now.as_millis())
            .fetch_one(&mut *transaction)
            .await?;
            let (installs, row): (i64, Option<i64>) = sqlx::query_as(
                "UPDATE marketplace_integrations SET install_count = install_count + ?2, \
                 active_install_count = active_install_count + 1 WHERE doc = ?1 RETURNING install_count, search_row",
            )
            .bind(listing)
            .bind(is_new)
            .fetch_one(&mut *transaction)
            .await?;
            rank_again(&mut transaction, listing, row::number(installs)?, row).await?;
        }
        let id: String = sqlx::query_scalar("SELECT id FROM installations WHERE listing = ? AND user_id = ?")
            .bind(listing)
            .bind(user)
            .fetch_one(&mut *transaction)
            .await?;
        write_installation(&mut transaction, &id, write).await?;
        let row: InstallationRow =
            sqlx::query_as(installation_statement!("", "", "i.id = ?")).bind(&id).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Some((row.try_into()?, !is_active)))
    }

    pub(super) async fn write_if_unchanged(
        &self,
        id: &str,
        revision: u64,
        write: &InstallationWrite,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let is_unchanged: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM installations WHERE id = ? AND revision = ? AND uninstalled_at IS NULL)",
        )
        .bind(id)
        .bind(to_stored(revision)?)
        .fetch_one(&mut *transaction)
        .await?;
        if is_unchanged {
            write_installation(&mut transaction, id, write).await?;
            transaction.commit().await?;
        }
        Ok(is_unchanged)
    }

    pub(super) async fn uninstall_for(
        &self,
        listing: &str,
        user: &str,
        revision: Option<u64>,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let ended: Option<(i64, String)> = sqlx::query_as(
            "UPDATE installations SET uninstalled_at = ?3 WHERE user_id = ?2 AND uninstalled_at IS NULL \
             AND (?4 IS NULL OR revision = ?4) \
             AND listing = (SELECT doc FROM marketplace_integrations WHERE id = ?1) RETURNING listing, id",
        )
        .bind(listing)
        .bind(user)
        .bind(now.as_millis())
        .bind(revision.map(to_stored).transpose()?)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some((doc, installation)) = ended else { return Ok(false) };
        let nothing = InstallationWrite {
            number: None,
            inputs: Some(NewInputs { plain: "{}".to_owned(), secrets: BTreeMap::new() }),
            connections: Some(Connections::new()),
            paused_at: Some(None),
            webhook: Some(None),
        };
        write_installation(&mut transaction, &installation, &nothing).await?;
        sqlx::query(
            "UPDATE marketplace_integrations SET active_install_count = active_install_count - 1 WHERE doc = ?",
        )
        .bind(doc)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    pub(super) async fn installation_of(&self, listing: &str, user: &str) -> Result<Option<Installed>, sqlx::Error> {
        let id: Option<String> = sqlx::query_scalar(
            "SELECT i.id FROM installations i JOIN marketplace_integrations l ON l.doc = i.listing \
             WHERE l.id = ? AND i.user_id = ?",
        )
        .bind(listing)
        .bind(user)
        .fetch_optional(&self.database.reader)
        .await?;
        // The row stays for ever.
        let Some(id) = id else { return Ok(None) };
        self.installation_with_id(&id).await
    }

    pub(super) async fn installation_with_id(&self, id: &str) -> Result<Option<Installed>, sqlx::Error> {
        // One state of both tables.
        let mut transaction = self.database.reader.begin().await?;
        let row: Option<InstalledRow> = sqlx::query_as(installation_statement!(
            ", v.definition, v.source_format, v.source, i.inputs, i.webhook",
            "JOIN workflow_versions v ON v.listing = i.listing AND v.number = i.number",
            "i.id = ?"
        ))
        .bind(id)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut installed: Installed = row.try_into()?;
        let secrets: Vec<(String, Vec<u8>)> =
            sqlx::query_as("SELECT name, sealed FROM installation_secrets WHERE installation = ?")
                .bind(&installed.installation.id)
                .fetch_all(&mut *transaction)
                .await?;
        installed.inputs.secrets = secrets.into_iter().collect();
        Ok(Some(installed))
    }

    pub(super) async fn installations_of(
        &self,
        user: &str,
        filter: &InstallationFilter,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Installation>, sqlx::Error> {
        let (is_uninstalled, is_paused) = match filter.state {
            None => (false, None),
            Some(InstallationState::Active) => (false, Some(false)),
            Some(InstallationState::Paused) => (false, Some(true)),
            Some(InstallationState::Uninstalled) => (true, None),
        };
        let rows: Vec<InstallationRow> = sqlx::query_as(installation_statement!(
            "",
            "",
            "i.user_id = ?1 AND (i.uninstalled_at IS NOT NULL) = ?2 AND (?3 IS NULL OR (i.paused_at IS NOT NULL) = ?3) \
             AND (?4 IS NULL OR l.id = ?4) AND (?5 IS NULL OR i.id < ?5) ORDER BY i.id DESC LIMIT ?6"
        ))
        .bind(user)
        .bind(is_uninstalled)
        .bind(is_paused)
        .bind(filter.listing.as_deref())
        .bind(after)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.database.reader)
        .await?;
        row::all(rows)
    }

    pub(super) async fn revisions_after(&self, after: &str, most: usize) -> Result<Vec<(String, u64)>, sqlx::Error> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT id, revision FROM installations WHERE id > ? ORDER BY id LIMIT ?")
                .bind(after)
                .bind(i64::try_from(most).unwrap_or(i64::MAX))
                .fetch_all(&self.database.reader)
                .await?;
        rows.into_iter().map(|(id, revision)| Ok((id, row::number(revision)?))).collect()
    }

    /// Whether a user has a connection. The table is that of `connections`.
    pub(super) async fn is_connected(&self, user: &str, provider: &str, connection: &str) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM connections WHERE id = ? AND user_id = ? AND provider = ?)")
            .bind(connection)
            .bind(user)
            .bind(provider)
            .fetch_one(&self.database.reader)
            .await
    }
}

/// Makes a write, and the revision grow.
async fn write_installation(
    transaction: &mut SqliteConnection,
    id: &str,
    write: &InstallationWrite,
) -> Result<(), sqlx::Error> {
    let connections = write.connections.as_ref().map(serde_json::to_string).transpose();
    sqlx::query(
        "UPDATE installations SET number = coalesce(?2, number), inputs = coalesce(?3, inputs), \
         connections = coalesce(?4, connections), paused_at = iif(?5, ?6, paused_at), revision = revision + 1 \
         WHERE id = ?1",
    )
    .bind(id)
    .bind(write.number)
    .bind(write.inputs.as_ref().map(|inputs| inputs.plain.as_str()))
    .bind(connections.map_err(|error| sqlx::Error::Encode(error.into()))?)
    .bind(write.paused_at.is_some())
    .bind(write.paused_at.flatten().map(Timestamp::as_millis))
    .execute(&mut *transaction)
    .await?;
    // Apart, because a trigger compares the key of each token that is written.
    if let Some(webhook) = &write.webhook {
        sqlx::query("UPDATE installations SET webhook = ?2, webhook_key_id = ?3 WHERE id = ?1")
            .bind(id)
            .bind(webhook.as_ref().map(|sealed| sealed.record.as_slice()))
            .bind(webhook.as_ref().map(|sealed| sealed.key.to_string()))
            .execute(&mut *transaction)
            .await?;
    }
    match &write.inputs {
        Some(inputs) => replace_secrets(transaction, id, inputs).await,
        None => Ok(()),
    }
}

/// Replaces all secret inputs of an installation.
async fn replace_secrets(
    transaction: &mut SqliteConnection,
    installation: &str,
    inputs: &NewInputs,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM installation_secrets WHERE installation = ?")
        .bind(installation)
        .execute(&mut *transaction)
        .await?;
    for (name, sealed) in &inputs.secrets {
        sqlx::query("INSERT INTO installation_secrets (id, installation, name, sealed, key_id) VALUES (?, ?, ?, ?, ?)")
            .bind(format!("sec_{}", uuid::Uuid::now_v7().simple()))
            .bind(installation)
            .bind(name)
            .bind(&sealed.record)
            .bind(sealed.key.to_string())
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}
