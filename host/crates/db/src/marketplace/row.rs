//! Rows of listings, and what they mean.

use std::collections::BTreeMap;

use sqlx::FromRow;
use workway_marketplace::{
    Counts, DeveloperRef, Installation, Installed, InstalledDefinition, Listing, Pricing, Review, Screenshot,
    ScreenshotInfo, Source, StoredInputs, Summary, VersionInfo,
};
use workway_model::Timestamp;

/// A statement that selects what a [`SummaryRow`] is read from, with more columns before the tables.
macro_rules! summary_statement {
    ($before:literal, $columns:literal, $from:literal) => {
        concat!(
            $before,
            "SELECT l.doc, l.id, l.slug, l.name, l.tagline, l.category, l.tags, l.pricing_model, l.price_cents, l.visibility, \
             l.status, l.required_oauth_providers, l.developer_id, d.slug AS developer_slug, d.name AS developer_name, \
             l.install_count, l.active_install_count, l.rating_sum, l.review_count, l.featured, l.workflow_version, \
             l.version, l.created_at, l.updated_at, l.published_at",
            $columns,
            " FROM ",
            $from
        )
    };
}
pub(super) use summary_statement;

#[derive(FromRow)]
pub(super) struct SummaryRow {
    doc: i64,
    id: String,
    slug: String,
    name: String,
    tagline: String,
    category: String,
    tags: String,
    pricing_model: String,
    price_cents: i64,
    visibility: String,
    status: String,
    required_oauth_providers: String,
    developer_id: String,
    developer_slug: String,
    developer_name: String,
    install_count: i64,
    active_install_count: i64,
    rating_sum: i64,
    review_count: i64,
    featured: Option<i64>,
    workflow_version: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
    published_at: Option<i64>,
}

impl TryFrom<SummaryRow> for Summary {
    type Error = sqlx::Error;

    fn try_from(row: SummaryRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            doc: number(row.doc)?,
            id: row.id,
            slug: row.slug,
            name: row.name,
            tagline: row.tagline,
            category: row.category,
            tags: texts(&row.tags)?,
            pricing: Pricing { model: parsed(&row.pricing_model)?, cents: number(row.price_cents)? },
            visibility: parsed(&row.visibility)?,
            status: parsed(&row.status)?,
            required_providers: texts(&row.required_oauth_providers)?,
            developer: DeveloperRef { id: row.developer_id, slug: row.developer_slug, name: row.developer_name },
            counts: Counts {
                installs: number(row.install_count)?,
                active_installs: number(row.active_install_count)?,
                rating_sum: number(row.rating_sum)?,
                reviews: number(row.review_count)?,
            },
            featured: row.featured.map(number).transpose()?,
            workflow_version: number(row.workflow_version)?,
            version: number(row.version)?,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            published_at: row.published_at.map(Timestamp::from_millis),
        })
    }
}

#[derive(FromRow)]
pub(super) struct ListingRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    description: String,
    workflow_definition: String,
    #[sqlx(flatten)]
    source: SourceRow,
}

/// The columns of a version's text.
#[derive(FromRow)]
pub(super) struct SourceRow {
    source_format: Option<String>,
    source: Option<String>,
}

impl TryFrom<SourceRow> for Option<Source> {
    type Error = sqlx::Error;

    fn try_from(row: SourceRow) -> Result<Self, sqlx::Error> {
        let Some((format, text)) = row.source_format.zip(row.source) else { return Ok(None) };
        Ok(Some(Source { format: parsed(&format)?, text }))
    }
}

impl ListingRow {
    pub(super) fn into_listing(self, screenshots: Vec<ScreenshotInfo>) -> Result<Listing, sqlx::Error> {
        let summary = self.summary.try_into()?;
        let source = self.source.try_into()?;
        Ok(Listing {
            summary,
            description: self.description,
            definition: self.workflow_definition,
            source,
            screenshots,
        })
    }

    pub(super) fn doc(&self) -> i64 {
        self.summary.doc
    }
}

#[derive(FromRow)]
pub(super) struct VersionRow {
    number: i64,
    content_hash: String,
    changelog: String,
    created_at: i64,
}

impl TryFrom<VersionRow> for VersionInfo {
    type Error = sqlx::Error;

    fn try_from(row: VersionRow) -> Result<Self, sqlx::Error> {
        let VersionRow { content_hash, changelog, .. } = row;
        let created_at = Timestamp::from_millis(row.created_at);
        Ok(Self { number: number(row.number)?, content_hash, changelog, created_at })
    }
}

/// A statement that selects what an [`InstallationRow`] is read from, with more columns and tables, and a condition.
macro_rules! installation_statement {
    ($columns:literal, $tables:literal, $condition:literal) => {
        concat!(
            "SELECT i.id, i.user_id, l.id AS listing_id, l.name, i.number, i.connections, i.installed_at, i.paused_at, \
             i.uninstalled_at, i.revision, CASE WHEN l.status = 'published' AND (l.visibility = 'public' \
             OR l.developer_id IN (SELECT id FROM developers WHERE user_id = i.user_id)) \
             THEN l.workflow_version END AS newest",
            $columns,
            " FROM installations i JOIN marketplace_integrations l ON l.doc = i.listing ",
            $tables,
            " WHERE ",
            $condition
        )
    };
}
pub(super) use installation_statement;

#[derive(FromRow)]
pub(super) struct InstallationRow {
    id: String,
    user_id: String,
    listing_id: String,
    name: String,
    number: i64,
    newest: Option<i64>,
    connections: String,
    installed_at: i64,
    paused_at: Option<i64>,
    uninstalled_at: Option<i64>,
    revision: i64,
}

impl TryFrom<InstallationRow> for Installation {
    type Error = sqlx::Error;

    fn try_from(row: InstallationRow) -> Result<Self, sqlx::Error> {
        let connections = serde_json::from_str(&row.connections).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Self {
            id: row.id,
            owner: parsed(&row.user_id)?,
            listing: row.listing_id,
            name: row.name,
            number: number(row.number)?,
            newest: row.newest.map(number).transpose()?,
            connections,
            installed_at: Timestamp::from_millis(row.installed_at),
            paused_at: row.paused_at.map(Timestamp::from_millis),
            uninstalled_at: row.uninstalled_at.map(Timestamp::from_millis),
            revision: number(row.revision)?,
        })
    }
}

/// An installation with the definition of the version that it runs, and its inputs. Its secrets are in rows of their own.
#[derive(FromRow)]
pub(super) struct InstalledRow {
    #[sqlx(flatten)]
    installation: InstallationRow,
    definition: String,
    #[sqlx(flatten)]
    source: SourceRow,
    inputs: String,
    webhook: Option<Vec<u8>>,
}

impl TryFrom<InstalledRow> for Installed {
    type Error = sqlx::Error;

    fn try_from(row: InstalledRow) -> Result<Self, sqlx::Error> {
        let definition = InstalledDefinition { json: row.definition, source: row.source.try_into()? };
        let inputs = StoredInputs { plain: row.inputs, secrets: BTreeMap::new() };
        Ok(Self { installation: row.installation.try_into()?, definition, inputs, webhook: row.webhook })
    }
}

#[derive(FromRow)]
pub(super) struct ReviewRow {
    user_id: String,
    rating: i64,
    text: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ReviewRow> for Review {
    type Error = sqlx::Error;

    fn try_from(row: ReviewRow) -> Result<Self, sqlx::Error> {
        let [created_at, updated_at] = [row.created_at, row.updated_at].map(Timestamp::from_millis);
        Ok(Self { user: row.user_id, rating: number(row.rating)?, text: row.text, created_at, updated_at })
    }
}

#[derive(FromRow)]
pub(super) struct ScreenshotRow {
    id: String,
    media_type: String,
    width: i64,
    height: i64,
}

impl TryFrom<ScreenshotRow> for ScreenshotInfo {
    type Error = sqlx::Error;

    fn try_from(row: ScreenshotRow) -> Result<Self, sqlx::Error> {
        let ScreenshotRow { id, media_type, width, height } = row;
        Ok(Self { id, media_type, width: number(width)?, height: number(height)? })
    }
}

#[derive(FromRow)]
pub(super) struct ImageRow {
    #[sqlx(flatten)]
    info: ScreenshotRow,
    image: Vec<u8>,
}

impl TryFrom<ImageRow> for Screenshot {
    type Error = sqlx::Error;

    fn try_from(row: ImageRow) -> Result<Self, sqlx::Error> {
        Ok(Self { info: row.info.try_into()?, image: row.image })
    }
}

/// Every row as what it means.
pub(super) fn all<R, T: TryFrom<R, Error = sqlx::Error>>(rows: Vec<R>) -> Result<Vec<T>, sqlx::Error> {
    rows.into_iter().map(T::try_from).collect()
}

pub(super) fn number<T: TryFrom<i64>>(stored: i64) -> Result<T, sqlx::Error>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(stored).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A JSON array of texts.
pub(super) fn texts(json: &str) -> Result<Vec<String>, sqlx::Error> {
    serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(super) fn json(texts: &[String]) -> Result<String, sqlx::Error> {
    serde_json::to_string(texts).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, sqlx::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
}
