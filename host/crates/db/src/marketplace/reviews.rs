//! The table `reviews`, and the counts of listings, which change with it or not at all.

use workway_marketplace::{Doc, Review, Reviewed};
use workway_model::Timestamp;

use super::{
    SqliteListings,
    row::{self, ReviewRow},
};
use crate::pool::from_stored;

impl SqliteListings {
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
