//! Writes `marketplace_search` and `marketplace_names`, in the transaction that writes the listing. Triggers take a listing out
//! of them whenever it changes; here it is put back.

use sqlx::{FromRow, QueryBuilder, Sqlite, SqliteConnection};
use workway_marketplace::{Doc, indexed_words};

use super::{
    SqliteListings,
    expression::Facet,
    row::{self, texts},
};

/// Listings of one transaction when many are indexed.
const BATCH: u32 = 1_000;
/// Bits of a rowid below the popularity bucket: a [`Doc`].
const DOC_BITS: u32 = 32;
/// No bucket is higher.
const MAX_BUCKET: u32 = 255;
/// Bits of a number of installs that a bucket keeps behind the first one: steps of an eighth.
const STEP_BITS: u32 = 3;

macro_rules! pending_statement {
    ($condition:literal) => {
        concat!(
            "SELECT doc, name, name_key, tags, tagline, description, category, developer_id, pricing_model, \
             required_oauth_providers, install_count FROM marketplace_integrations INDEXED BY listings_pending \
             WHERE status = 'published' AND visibility = 'public' AND search_row IS NULL ",
            $condition
        )
    };
}

#[derive(FromRow)]
struct PendingRow {
    doc: i64,
    name: String,
    name_key: String,
    tags: String,
    tagline: String,
    description: String,
    category: String,
    developer_id: String,
    pricing_model: String,
    required_oauth_providers: String,
    install_count: i64,
}

/// A listing as the search tables have it.
struct Document {
    row: i64,
    /// Words, separated by blanks.
    name: String,
    tags: String,
    tagline: String,
    description: String,
    facets: String,
    /// The folded name between blanks.
    padded_name: String,
}

impl TryFrom<PendingRow> for Document {
    type Error = sqlx::Error;

    fn try_from(pending: PendingRow) -> Result<Self, sqlx::Error> {
        let (tags, providers) = (texts(&pending.tags)?, texts(&pending.required_oauth_providers)?);
        let single = [
            (Facet::Category, &pending.category),
            (Facet::Pricing, &pending.pricing_model),
            (Facet::Developer, &pending.developer_id),
            (Facet::Name, &pending.name),
        ];
        let several =
            tags.iter().map(|tag| (Facet::Tag, tag)).chain(providers.iter().map(|one| (Facet::Provider, one)));
        let facets: Vec<String> =
            single.into_iter().chain(several).filter_map(|(facet, value)| facet.token(value)).collect();
        Ok(Self {
            row: search_row(row::number(pending.install_count)?, row::number(pending.doc)?),
            name: joined(&pending.name),
            tags: tags.iter().map(|tag| joined(tag)).collect::<Vec<_>>().join(" "),
            tagline: joined(&pending.tagline),
            description: joined(&pending.description),
            facets: facets.join(" "),
            padded_name: format!(" {} ", pending.name_key),
        })
    }
}

impl SqliteListings {
    /// Indexes some of the public listings that are not indexed, and returns how many.
    pub(super) async fn index_batch(&self) -> Result<u64, sqlx::Error> {
        let is_any: bool = sqlx::query_scalar(concat!("SELECT EXISTS (", pending_statement!(""), ")"))
            .fetch_one(&self.database.reader)
            .await?;
        if !is_any {
            return Ok(0);
        }
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let rows: Vec<PendingRow> =
            sqlx::query_as(pending_statement!("ORDER BY doc LIMIT ?")).bind(BATCH).fetch_all(&mut *transaction).await?;
        let documents = tokio::task::spawn_blocking(|| row::all::<_, Document>(rows)).await;
        let documents = documents.map_err(|error| sqlx::Error::Encode(error.into()))??;
        insert(&mut transaction, &documents).await?;
        transaction.commit().await?;
        Ok(u64::try_from(documents.len()).unwrap_or(u64::MAX))
    }
}

/// Indexes a listing if it is public and not indexed.
pub(super) async fn index_listing(connection: &mut SqliteConnection, doc: i64) -> Result<(), sqlx::Error> {
    let row: Option<PendingRow> =
        sqlx::query_as(pending_statement!("AND doc = ?")).bind(doc).fetch_optional(&mut *connection).await?;
    match row {
        Some(row) => insert(connection, &[row.try_into()?]).await,
        None => Ok(()),
    }
}

/// Indexes a listing under another rowid if its number of installs has reached another bucket. `row` is the rowid that it has.
pub(super) async fn rank_again(
    connection: &mut SqliteConnection,
    doc: Doc,
    installs: u32,
    row: Option<i64>,
) -> Result<(), sqlx::Error> {
    if row.is_none_or(|row| row == search_row(installs, doc)) {
        return Ok(());
    }
    sqlx::query("UPDATE marketplace_integrations SET search_row = NULL WHERE doc = ?")
        .bind(doc)
        .execute(&mut *connection)
        .await?;
    index_listing(connection, i64::from(doc)).await
}

async fn insert(connection: &mut SqliteConnection, documents: &[Document]) -> Result<(), sqlx::Error> {
    if documents.is_empty() {
        return Ok(());
    }
    let mut search = QueryBuilder::<Sqlite>::new(
        "INSERT INTO marketplace_search (rowid, name, tags, tagline, description, facets) ",
    );
    search.push_values(documents, |mut values, document| {
        values.push_bind(document.row).push_bind(&document.name).push_bind(&document.tags);
        values.push_bind(&document.tagline).push_bind(&document.description).push_bind(&document.facets);
    });
    search.build().execute(&mut *connection).await?;
    let mut names = QueryBuilder::<Sqlite>::new("INSERT INTO marketplace_names (rowid, name) ");
    names.push_values(documents, |mut values, document| {
        values.push_bind(document.row).push_bind(&document.padded_name);
    });
    names.build().execute(&mut *connection).await?;
    let rows: Vec<i64> = documents.iter().map(|document| document.row).collect();
    let rows = serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(
        "UPDATE marketplace_integrations SET search_row = written.value FROM json_each(?) written \
         WHERE doc = written.value & 4294967295",
    )
    .bind(rows)
    .execute(connection)
    .await?;
    Ok(())
}

/// The rowid of a listing: more popular ones have lower rowids, and equal ones are sorted by their key.
fn search_row(installs: u32, doc: Doc) -> i64 {
    (i64::from(MAX_BUCKET - bucket(installs)) << DOC_BITS) | i64::from(doc)
}

/// A number of installs without its lower bits: exact below 16, and in steps of an eighth above.
fn bucket(installs: u32) -> u32 {
    let dropped = installs.checked_ilog2().unwrap_or_default().saturating_sub(STEP_BITS);
    (dropped << STEP_BITS) + (installs >> dropped)
}

fn joined(text: &str) -> String {
    indexed_words(text).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_exact_at_first_and_never_fall() {
        for installs in 0..16 {
            assert_eq!(bucket(installs), installs);
        }
        assert_eq!([16, 17, 18, 31, 32, 35, 36].map(bucket), [16, 16, 17, 23, 24, 24, 25]);
        let samples: Vec<u32> = (0..32).flat_map(|bit| [1_u32 << bit, (1 << bit) + 1, u32::MAX >> bit]).collect();
        for one in &samples {
            for other in &samples {
                assert!(one > other || bucket(*one) <= bucket(*other), "{one} {other}");
            }
        }
        assert!(bucket(u32::MAX) <= MAX_BUCKET);
    }

    #[test]
    fn the_popular_and_then_the_older_come_first() {
        let mut rows =
            [(0, 1), (0, 2), (5, 3), (5, u32::MAX), (6, 9), (2_000_000, 7)].map(|(count, doc)| search_row(count, doc));
        rows.sort_unstable();
        assert_eq!(rows.map(|row| row & 0xffff_ffff), [7, 9, 3, i64::from(u32::MAX), 1, 2]);
    }
}
