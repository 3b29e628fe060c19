//! The tables `marketplace_integrations`, `workflow_versions`, `categories` and `featured`.

use sqlx::{Sqlite, Transaction};
use workway_marketplace::{
    Category, Doc, Listing, NewVersion, Sight, Stats, Status, Summary, TakenField, VersionInfo,
    bounds::MAX_LISTINGS_PER_DEVELOPER, fold,
};
use workway_model::Timestamp;

use super::{
    SqliteListings, WriteError,
    row::{self, ListingRow, ScreenshotRow, SummaryRow, VersionRow, summary_statement},
    search_index::index_listing,
};
use crate::pool::{from_stored, to_stored};

impl SqliteListings {
    pub(super) async fn all_categories(&self) -> Result<Vec<Category>, sqlx::Error> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT id, name FROM categories ORDER BY position")
            .fetch_all(&self.database.reader)
            .await?;
        Ok(rows.into_iter().map(|(id, name)| Category { id, name }).collect())
    }

    pub(super) async fn latest_revision(&self) -> Result<u64, sqlx::Error> {
        let value =
            sqlx::query_scalar("SELECT value FROM marketplace_revision").fetch_one(&self.database.reader).await?;
        from_stored(value)
    }

    /// The public ones of these listings, in this order.
    pub(super) async fn public_rows(&self, docs: &[Doc]) -> Result<Vec<Summary>, sqlx::Error> {
        if docs.is_empty() {
            return Ok(Vec::new());
        }
        let statement = summary_statement!(
            "",
            "",
            "json_each(?) wanted JOIN marketplace_integrations l ON l.doc = wanted.value \
             JOIN developers d ON d.id = l.developer_id WHERE l.status = 'published' AND l.visibility = 'public' \
             ORDER BY wanted.key"
        );
        let docs = serde_json::to_string(docs).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let rows: Vec<SummaryRow> = sqlx::query_as(statement).bind(docs).fetch_all(&self.database.reader).await?;
        row::all(rows)
    }

    pub(super) async fn totals(&self) -> Result<Stats, sqlx::Error> {
        let mut transaction = self.database.reader.begin().await?;
        let rows: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT category, listings, installs, active_installs, reviews FROM marketplace_totals WHERE listings > 0",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let developers =
            sqlx::query_scalar("SELECT count(*) FROM marketplace_developers").fetch_one(&mut *transaction).await?;
        let mut stats = Stats { developers: from_stored(developers)?, ..Stats::default() };
        for (category, listings, installs, active_installs, reviews) in rows {
            stats.listings += from_stored(listings)?;
            stats.installs += from_stored(installs)?;
            stats.active_installs += from_stored(active_installs)?;
            stats.reviews += from_stored(reviews)?;
            stats.categories.insert(category, from_stored(listings)?);
        }
        Ok(stats)
    }

    pub(super) async fn rows_of_developer(
        &self,
        developer: &str,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<Summary>, u64), sqlx::Error> {
        let statement = summary_statement!(
            "",
            "",
            "marketplace_integrations l JOIN developers d ON d.id = l.developer_id \
             WHERE l.developer_id = ? AND l.status <> 'deleted' ORDER BY l.doc DESC LIMIT ? OFFSET ?"
        );
        let mut transaction = self.database.reader.begin().await?;
        let rows: Vec<SummaryRow> = sqlx::query_as(statement)
            .bind(developer)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(i64::try_from(offset).unwrap_or(i64::MAX))
            .fetch_all(&mut *transaction)
            .await?;
        let total = sqlx::query_scalar(
            "SELECT count(*) FROM marketplace_integrations WHERE developer_id = ? AND status <> 'deleted'",
        )
        .bind(developer)
        .fetch_one(&mut *transaction)
        .await?;
        Ok((row::all(rows)?, from_stored(total)?))
    }

    pub(super) async fn one(&self, id_or_slug: &str, sight: Sight<'_>) -> Result<Option<Listing>, sqlx::Error> {
        // The partial indexes on slugs are of use only if their conditions are said literally. What is public comes first.
        let public = summary_statement!(
            "",
            ", l.description, l.workflow_definition, v.source_format, v.source",
            "marketplace_integrations l JOIN developers d ON d.id = l.developer_id \
             LEFT JOIN workflow_versions v ON v.listing = l.doc AND v.number = l.workflow_version \
             WHERE l.slug = ? AND l.status = 'published' AND l.visibility = 'public'"
        );
        let by_id = summary_statement!(
            "",
            ", l.description, l.workflow_definition, v.source_format, v.source",
            "marketplace_integrations l JOIN developers d ON d.id = l.developer_id \
             LEFT JOIN workflow_versions v ON v.listing = l.doc AND v.number = l.workflow_version \
             WHERE l.id = ? AND l.status <> 'deleted'"
        );
        let of_developer = summary_statement!(
            "",
            ", l.description, l.workflow_definition, v.source_format, v.source",
            "marketplace_integrations l JOIN developers d ON d.id = l.developer_id \
             LEFT JOIN workflow_versions v ON v.listing = l.doc AND v.number = l.workflow_version \
             WHERE l.slug = ? AND l.developer_id = ? AND l.status <> 'deleted'"
        );
        let reader = &self.database.reader;
        let mut found: Option<ListingRow> = if id_or_slug.contains('_') {
            sqlx::query_as(by_id).bind(id_or_slug).fetch_optional(reader).await?
        } else {
            sqlx::query_as(public).bind(id_or_slug).fetch_optional(reader).await?
        };
        if let (None, Some(developer)) = (&found, sight.developer) {
            found = sqlx::query_as(of_developer).bind(id_or_slug).bind(developer).fetch_optional(reader).await?;
        }
        let Some(found) = found else { return Ok(None) };
        let screenshots: Vec<ScreenshotRow> =
            sqlx::query_as("SELECT id, media_type, width, height FROM screenshots WHERE listing = ? ORDER BY position")
                .bind(found.doc())
                .fetch_all(reader)
                .await?;
        let listing = found.into_listing(row::all(screenshots)?)?;
        let is_own = sight.developer == Some(listing.summary.developer.id.as_str());
        let may_see = is_own || sight.everything || listing.summary.is_public();
        Ok(may_see.then_some(listing))
    }

    pub(super) async fn insert_listing(&self, listing: &Listing, version: &NewVersion) -> Result<(), WriteError> {
        let summary = &listing.summary;
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let there: u32 = sqlx::query_scalar("SELECT count(*) FROM marketplace_integrations WHERE developer_id = ?")
            .bind(&summary.developer.id)
            .fetch_one(&mut *transaction)
            .await?;
        if there >= MAX_LISTINGS_PER_DEVELOPER {
            return Err(WriteError::TooMany { what: "workflows per developer", most: MAX_LISTINGS_PER_DEVELOPER });
        }
        let doc: i64 = sqlx::query_scalar(
            "INSERT INTO marketplace_integrations (id, developer_id, slug, name, name_key, tagline, category, tags, \
             pricing_model, price_cents, visibility, status, required_oauth_providers, workflow_version, created_at, \
             updated_at, description, workflow_definition) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING doc",
        )
        .bind(&summary.id)
        .bind(&summary.developer.id)
        .bind(&summary.slug)
        .bind(&summary.name)
        .bind(fold(&summary.name))
        .bind(&summary.tagline)
        .bind(&summary.category)
        .bind(row::json(&summary.tags)?)
        .bind(summary.pricing.model.as_str())
        .bind(summary.pricing.cents)
        .bind(summary.visibility.as_str())
        .bind(summary.status.as_str())
        .bind(row::json(&summary.required_providers)?)
        .bind(version.number)
        .bind(summary.created_at.as_millis())
        .bind(summary.created_at.as_millis())
        .bind(&listing.description)
        .bind(&listing.definition)
        .fetch_one(&mut *transaction)
        .await?;
        insert_version(&mut transaction, doc, version, summary.created_at).await?;
        index_listing(&mut transaction, doc).await?;
        transaction.commit().await?;
        Ok(())
    }

    pub(super) async fn update_listing(
        &self,
        listing: &Listing,
        version: Option<&NewVersion>,
        now: Timestamp,
    ) -> Result<bool, WriteError> {
        let summary = &listing.summary;
        let is_deleted = summary.status == Status::Deleted;
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let updated = sqlx::query(
            "UPDATE marketplace_integrations SET slug = ?, name = ?, name_key = ?, tagline = ?, category = ?, tags = ?, \
             pricing_model = ?, price_cents = ?, visibility = ?, status = ?, required_oauth_providers = ?, \
             workflow_version = ?, version = version + 1, updated_at = ?, published_at = ?, deleted_at = ?, \
             description = ?, workflow_definition = ? WHERE doc = ? AND version = ? AND status <> 'deleted'",
        )
        .bind(&summary.slug)
        .bind(&summary.name)
        .bind(fold(&summary.name))
        .bind(&summary.tagline)
        .bind(&summary.category)
        .bind(row::json(&summary.tags)?)
        .bind(summary.pricing.model.as_str())
        .bind(summary.pricing.cents)
        .bind(summary.visibility.as_str())
        .bind(summary.status.as_str())
        .bind(row::json(&summary.required_providers)?)
        .bind(summary.workflow_version)
        .bind(now.as_millis())
        .bind(summary.published_at.map(Timestamp::as_millis))
        .bind(is_deleted.then_some(now.as_millis()))
        .bind(&listing.description)
        .bind(&listing.definition)
        .bind(summary.doc)
        .bind(to_stored(summary.version)?)
        .execute(&mut *transaction)
        .await?;
        if updated.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(version) = version {
            insert_version(&mut transaction, i64::from(summary.doc), version, now).await?;
        }
        if summary.status != Status::Published {
            sqlx::query("DELETE FROM featured WHERE listing = ?").bind(summary.doc).execute(&mut *transaction).await?;
        }
        index_listing(&mut transaction, i64::from(summary.doc)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    pub(super) async fn taken_fields(&self, listing: &Summary) -> Result<Vec<TakenField>, sqlx::Error> {
        let (name, slug): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM marketplace_integrations WHERE name_key = ?2 AND doc <> ?1 \
             AND status = 'published' AND visibility = 'public'), \
             EXISTS (SELECT 1 FROM marketplace_integrations WHERE slug = ?3 AND doc <> ?1 \
             AND status = 'published' AND visibility = 'public')",
        )
        .bind(listing.doc)
        .bind(fold(&listing.name))
        .bind(&listing.slug)
        .fetch_one(&self.database.reader)
        .await?;
        let fields = [name.then_some(TakenField::Name), slug.then_some(TakenField::Slug)];
        Ok(fields.into_iter().flatten().collect())
    }

    pub(super) async fn versions_of(
        &self,
        listing: Doc,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<VersionInfo>, u64), sqlx::Error> {
        let rows: Vec<VersionRow> = sqlx::query_as(
            "SELECT number, content_hash, changelog, created_at FROM workflow_versions WHERE listing = ? \
             ORDER BY number DESC LIMIT ? OFFSET ?",
        )
        .bind(listing)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(i64::try_from(offset).unwrap_or(i64::MAX))
        .fetch_all(&self.database.reader)
        .await?;
        let total = sqlx::query_scalar("SELECT count(*) FROM workflow_versions WHERE listing = ?")
            .bind(listing)
            .fetch_one(&self.database.reader)
            .await?;
        Ok((row::all(rows)?, from_stored(total)?))
    }

    pub(super) async fn set_featured(&self, listing: Doc, position: Option<u32>) -> Result<(), sqlx::Error> {
        let writer = &self.database.writer;
        match position {
            Some(position) => {
                sqlx::query(
                    "INSERT INTO featured (listing, position) \
                     SELECT doc, ?2 FROM marketplace_integrations WHERE doc = ?1 AND status = 'published' \
                     ON CONFLICT (listing) DO UPDATE SET position = excluded.position",
                )
                .bind(listing)
                .bind(position)
                .execute(writer)
                .await?
            }
            None => sqlx::query("DELETE FROM featured WHERE listing = ?").bind(listing).execute(writer).await?,
        };
        Ok(())
    }
}

async fn insert_version(
    transaction: &mut Transaction<'_, Sqlite>,
    listing: i64,
    version: &NewVersion,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO workflow_versions (listing, number, content_hash, changelog, created_at, definition, source_format, \
         source) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(listing)
    .bind(version.number)
    .bind(&version.content_hash)
    .bind(&version.changelog)
    .bind(now.as_millis())
    .bind(&version.definition)
    .bind(version.source.as_ref().map(|source| source.format.as_str()))
    .bind(version.source.as_ref().map(|source| &source.text))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
