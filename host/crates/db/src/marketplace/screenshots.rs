//! The table `screenshots`.

use sqlx::{Sqlite, Transaction};
use workway_marketplace::{Doc, Screenshot, ScreenshotInfo, bounds::MAX_SCREENSHOTS};

use super::{
    SqliteListings, WriteError,
    row::{ImageRow, ScreenshotRow},
};

impl SqliteListings {
    pub(super) async fn insert_screenshot(
        &self,
        listing: Doc,
        screenshot: &Screenshot,
    ) -> Result<ScreenshotInfo, WriteError> {
        let info = &screenshot.info;
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let there: u32 = sqlx::query_scalar("SELECT count(*) FROM screenshots WHERE listing = ?")
            .bind(listing)
            .fetch_one(&mut *transaction)
            .await?;
        if there >= MAX_SCREENSHOTS {
            return Err(WriteError::TooMany { what: "screenshots per workflow", most: MAX_SCREENSHOTS });
        }
        let row: ScreenshotRow = sqlx::query_as(
            "INSERT INTO screenshots (id, listing, position, media_type, width, height, image) \
             SELECT ?1, ?2, coalesce(max(position), 0) + 1, ?3, ?4, ?5, ?6 FROM screenshots WHERE listing = ?2 \
             RETURNING id, media_type, width, height",
        )
        .bind(&info.id)
        .bind(listing)
        .bind(&info.media_type)
        .bind(info.width)
        .bind(info.height)
        .bind(&screenshot.image)
        .fetch_one(&mut *transaction)
        .await?;
        note_change(&mut transaction, listing).await?;
        transaction.commit().await?;
        Ok(row.try_into()?)
    }

    pub(super) async fn one_screenshot(&self, listing: Doc, id: &str) -> Result<Option<Screenshot>, sqlx::Error> {
        let row: Option<ImageRow> =
            sqlx::query_as("SELECT id, media_type, width, height, image FROM screenshots WHERE listing = ? AND id = ?")
                .bind(listing)
                .bind(id)
                .fetch_optional(&self.database.reader)
                .await?;
        row.map(TryInto::try_into).transpose()
    }

    pub(super) async fn delete_screenshot(&self, listing: Doc, id: &str) -> Result<bool, sqlx::Error> {
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let deleted = sqlx::query("DELETE FROM screenshots WHERE listing = ? AND id = ?")
            .bind(listing)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        note_change(&mut transaction, listing).await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected() > 0)
    }
}

/// Gives the listing another revision, so that every process forgets what it kept of it.
async fn note_change(transaction: &mut Transaction<'_, Sqlite>, listing: Doc) -> Result<(), sqlx::Error> {
    let statement = "UPDATE marketplace_integrations SET version = version WHERE doc = ?";
    sqlx::query(statement).bind(listing).execute(&mut **transaction).await.map(drop)
}
