//! The tables `installations`, `installation_secrets` and `reviews`, and the counts of listings, which change with them or not at all.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;
use workway_marketplace::{Doc, Installation, Installed, NewInputs, Review, Reviewed};
use workway_model::Timestamp;

use super::{
    SqliteListings,
    row::{self, InstallationRow, InstalledRow, ReviewRow},
    search_index::rank_again,
};
use crate::pool::{from_stored, to_stored};

impl SqliteListings {
    pub(super) async fn install_for(
        &self,
        listing: Doc,
        version: u64,
        user: &str,
        inputs: &NewInputs,
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
        let row: InstallationRow = sqlx::query_as(
            "SELECT i.id, l.id AS listing_id, i.number, i.installed_at, i.uninstalled_at FROM installations i \
             JOIN marketplace_integrations l ON l.doc = i.listing WHERE i.listing = ? AND i.user_id = ?",
        )
        .bind(listing)
        .bind(user)
        .fetch_one(&mut *transaction)
        .await?;
        let installation: Installation = row.try_into()?;
        replace_inputs(&mut transaction, &installation.id, inputs).await?;
        transaction.commit().await?;
        Ok(Some((installation, !is_active)))
    }

    pub(super) async fn uninstall_for(&self, listing: &str, user: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let ended: Option<(i64, String)> = sqlx::query_as(
            "UPDATE installations SET uninstalled_at = ?3 WHERE user_id = ?2 AND uninstalled_at IS NULL \
             AND listing = (SELECT doc FROM marketplace_integrations WHERE id = ?1) RETURNING listing, id",
        )
        .bind(listing)
        .bind(user)
        .bind(now.as_millis())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some((doc, installation)) = ended else { return Ok(false) };
        let none = NewInputs { plain: "{}".to_owned(), secrets: BTreeMap::new() };
        replace_inputs(&mut transaction, &installation, &none).await?;
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
        // One state of both tables.
        let mut transaction = self.database.reader.begin().await?;
        let row: Option<InstalledRow> = sqlx::query_as(
            "SELECT i.id, l.id AS listing_id, i.number, i.installed_at, i.uninstalled_at, v.definition, v.source_format, v.source, \
             i.inputs, i.revision FROM installations i JOIN marketplace_integrations l ON l.doc = i.listing \
             JOIN workflow_versions v ON v.listing = i.listing AND v.number = i.number WHERE l.id = ? AND i.user_id = ?",
        )
        .bind(listing)
        .bind(user)
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

    pub(super) async fn review_by(
        &self,
        listing: Doc,
        user: &str,
        rating: u8,
        text: &str,
        now: Timestamp,
    ) -> Result<(Reviewed, Option<Review>), sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let before: Option<(bool, Option<i64>)> = sqlx::query_as(
            "SELECT 1, r.rating FROM installations i LEFT JOIN reviews r ON r.listing = i.listing AND r.user_id = i.user_id \
             WHERE i.listing = ? AND i.user_id = ?",
        )
        .bind(listing)
        .bind(user)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some((_, before)) = before else { return Ok((Reviewed::NotInstalled, None)) };
        let row: ReviewRow = sqlx::query_as(
            "INSERT INTO reviews (listing, user_id, rating, text, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5) \
             ON CONFLICT (listing, user_id) DO UPDATE \
             SET rating = excluded.rating, text = excluded.text, updated_at = excluded.updated_at \
             RETURNING user_id, rating, text, created_at, updated_at",
        )
        .bind(listing)
        .bind(user)
        .bind(rating)
        .bind(text)
        .bind(now.as_millis())
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query(
            "UPDATE marketplace_integrations SET rating_sum = rating_sum + ?2, review_count = review_count + ?3 WHERE doc = ?1",
        )
        .bind(listing)
        .bind(i64::from(rating) - before.unwrap_or(0))
        .bind(before.is_none())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let reviewed = if before.is_none() { Reviewed::Created } else { Reviewed::Replaced };
        Ok((reviewed, Some(row.try_into()?)))
    }

    pub(super) async fn reviews_of(
        &self,
        listing: Doc,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<Review>, u64), sqlx::Error> {
        let mut transaction = self.database.reader.begin().await?;
        let rows: Vec<ReviewRow> = sqlx::query_as(
            "SELECT user_id, rating, text, created_at, updated_at FROM reviews WHERE listing = ? \
             ORDER BY updated_at DESC, user_id LIMIT ? OFFSET ?",
        )
        .bind(listing)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(i64::try_from(offset).unwrap_or(i64::MAX))
        .fetch_all(&mut *transaction)
        .await?;
        let total = sqlx::query_scalar("SELECT review_count FROM marketplace_integrations WHERE doc = ?")
            .bind(listing)
            .fetch_one(&mut *transaction)
            .await?;
        Ok((row::all(rows)?, from_stored(total)?))
    }
}

/// Replaces all inputs of an installation.
async fn replace_inputs(
    transaction: &mut SqliteConnection,
    installation: &str,
    inputs: &NewInputs,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE installations SET inputs = ?2, revision = revision + 1 WHERE id = ?1")
        .bind(installation)
        .bind(&inputs.plain)
        .execute(&mut *transaction)
        .await?;
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
