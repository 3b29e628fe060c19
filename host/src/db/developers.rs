//! The table `developers`: public profiles, and payout details sealed. Nothing here could open them.

use async_trait::async_trait;
use sqlx::{
    Row, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    Database,
    pool::{from_stored, is_stale_key, parsed, to_stored, unavailable},
};
use crate::{
    account::{
        Change, Developer, DeveloperChange, DeveloperId, DeveloperSlug, DeveloperStore, NewDeveloper, SealedPayout,
        StoreError,
    },
    integration::UserId,
};

/// A statement with all columns that [`developer`] reads between two texts.
macro_rules! statement {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "id, user_id, slug, name, bio, website, payout IS NOT NULL AS has_payout, created_at, updated_at",
            $after
        )
    };
}

/// Developers in the database.
#[derive(Clone, Debug)]
pub struct SqliteDevelopers {
    database: Database,
}

impl SqliteDevelopers {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn one(&self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<Option<Developer>, StoreError> {
        let row = query.fetch_optional(&self.database.reader).await.map_err(failed)?;
        row.as_ref().map(developer).transpose().map_err(failed)
    }
}

#[async_trait]
impl DeveloperStore for SqliteDevelopers {
    async fn add(&self, new: NewDeveloper, now: u64) -> Result<Developer, StoreError> {
        let now = to_stored(now).map_err(failed)?;
        let (record, key) = new.payout.map(|SealedPayout { key, record }| (record, key)).unzip();
        let statement = statement!(
            "INSERT INTO developers (id, user_id, slug, name, bio, website, payout, payout_key_id, created_at, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ",
            ""
        );
        let row = sqlx::query(statement)
            .bind(new.id.as_str())
            .bind(new.user.as_str())
            .bind(new.slug.as_str())
            .bind(new.name)
            .bind(new.bio)
            .bind(new.website)
            .bind(record)
            .bind(key)
            .bind(now)
            .bind(now)
            .fetch_one(&self.database.writer)
            .await
            .map_err(failed)?;
        developer(&row).map_err(failed)
    }

    async fn by_id(&self, id: &DeveloperId) -> Result<Option<Developer>, StoreError> {
        self.one(sqlx::query(statement!("SELECT ", " FROM developers WHERE id = ?")).bind(id.as_str())).await
    }

    async fn by_slug(&self, slug: &DeveloperSlug) -> Result<Option<Developer>, StoreError> {
        self.one(sqlx::query(statement!("SELECT ", " FROM developers WHERE slug = ?")).bind(slug.as_str())).await
    }

    async fn by_user(&self, user: &UserId) -> Result<Option<Developer>, StoreError> {
        self.one(sqlx::query(statement!("SELECT ", " FROM developers WHERE user_id = ?")).bind(user.as_str())).await
    }

    async fn update(&self, user: &UserId, change: DeveloperChange, now: u64) -> Result<Option<Developer>, StoreError> {
        let DeveloperChange { name, bio, website, payout } = change;
        let (sets_bio, bio) = parts(bio);
        let (sets_website, website) = parts(website);
        let (sets_payout, payout) = parts(payout);
        let (record, key) = payout.map(|SealedPayout { key, record }| (record, key)).unzip();
        // One statement: of two changes at once neither undoes the other's fields.
        let profile = statement!(
            "UPDATE developers SET name = coalesce(?2, name), bio = iif(?3, ?4, bio), website = iif(?5, ?6, website), \
             updated_at = ?7 WHERE user_id = ?1 RETURNING ",
            ""
        );
        let with_payout = statement!(
            "UPDATE developers SET name = coalesce(?2, name), bio = iif(?3, ?4, bio), website = iif(?5, ?6, website), \
             updated_at = ?7, payout = ?8, payout_key_id = ?9 WHERE user_id = ?1 RETURNING ",
            ""
        );
        // The triggers look at every update that names the payout details, whether it changes them or not.
        let query = sqlx::query(if sets_payout { with_payout } else { profile })
            .bind(user.as_str())
            .bind(name)
            .bind(sets_bio)
            .bind(bio)
            .bind(sets_website)
            .bind(website)
            .bind(to_stored(now).map_err(failed)?);
        let query = if sets_payout { query.bind(record).bind(key) } else { query };
        // All, although there is one at most: the change counts when the statement has run to its end.
        let rows = query.fetch_all(&self.database.writer).await.map_err(failed)?;
        rows.first().map(developer).transpose().map_err(failed)
    }

    async fn payout(&self, user: &UserId) -> Result<Option<(DeveloperId, Vec<u8>)>, StoreError> {
        let row: Option<(String, Vec<u8>)> =
            sqlx::query_as("SELECT id, payout FROM developers WHERE user_id = ? AND payout IS NOT NULL")
                .bind(user.as_str())
                .fetch_optional(&self.database.reader)
                .await
                .map_err(failed)?;
        row.map(|(id, record)| Ok((parsed(&id)?, record))).transpose().map_err(failed)
    }
}

/// Whether a field is written, and what.
fn parts<T>(change: Change<T>) -> (bool, Option<T>) {
    match change {
        Change::Keep => (false, None),
        Change::Remove => (true, None),
        Change::Set(value) => (true, Some(value)),
    }
}

fn developer(row: &SqliteRow) -> Result<Developer, sqlx::Error> {
    let slug: String = row.try_get("slug")?;
    Ok(Developer {
        id: parsed(row.try_get("id")?)?,
        user: parsed(row.try_get("user_id")?)?,
        slug: parsed(&slug)?,
        name: row.try_get("name")?,
        bio: row.try_get("bio")?,
        website: row.try_get("website")?,
        has_payout: row.try_get("has_payout")?,
        created_at: from_stored(row.try_get("created_at")?)?,
        updated_at: from_stored(row.try_get("updated_at")?)?,
    })
}

fn failed(error: sqlx::Error) -> StoreError {
    if is_stale_key(&error) {
        return StoreError::StaleKey;
    }
    // SQLite names the columns of a unique constraint, not the constraint.
    match error.as_database_error().map(|error| error.message()) {
        Some(message) if message.contains("developers.slug") => StoreError::SlugTaken,
        Some(message) if message.contains("developers.user_id") => StoreError::AlreadyDeveloper,
        _ => StoreError::Unavailable(unavailable(&error)),
    }
}
