//! Writes listings into the host's database while no host runs, and asks it afterwards what is there. The tables are the
//! migrations' own, with every constraint, index and trigger in force.

use std::{path::Path, time::Duration};

use anyhow::Context;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous},
};

use super::{
    listing::{DEVELOPERS, Listing, Listings, developer_id, developer_slug},
    requests::Expected,
};

/// Rows of one statement. 23 values a row; SQLite takes 32,766.
const ROWS: usize = 100;
/// Rows of one transaction.
const ROWS_PER_COMMIT: i64 = 20_000;
/// Pages that the seeding keeps in memory, in KiB (negative as the pragma has it).
const CACHE_KIBIBYTES: &str = "-524288";
const FEATURED: i64 = 24;
/// What reads the database beside a host waits this long for it.
const PATIENCE: Duration = Duration::from_secs(10);

const LISTING_COLUMNS: &str = "INSERT INTO marketplace_integrations (doc, id, developer_id, slug, name, name_key, tagline, \
    category, tags, pricing_model, price_cents, visibility, status, required_oauth_providers, install_count, \
    active_install_count, rating_sum, review_count, workflow_version, created_at, updated_at, published_at, deleted_at, \
    description, workflow_definition) VALUES ";
const LISTING_ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)";
const VERSION_COLUMNS: &str =
    "INSERT INTO workflow_versions (listing, number, content_hash, changelog, created_at, definition) VALUES ";
const VERSION_ROW: &str = "(?, 1, ?, '', ?, ?)";

/// Adds listings until there are `wanted`, and the developers before the first one.
///
/// # Errors
/// The database fails, or has something of its own in these tables.
pub async fn seed(database: &Path, listings: &mut Listings, wanted: i64) -> anyhow::Result<()> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .locking_mode(SqliteLockingMode::Exclusive)
        .pragma("cache_size", CACHE_KIBIBYTES);
    let mut connection = options.connect().await.context("the host's database does not open")?;
    if listings.made() == 0 {
        add_developers(&mut connection).await?;
    }
    let (listing_statement, version_statement) =
        (statement(LISTING_COLUMNS, LISTING_ROW), statement(VERSION_COLUMNS, VERSION_ROW));
    while listings.made() < wanted {
        let mut transaction = connection.begin().await?;
        let until = wanted.min(listings.made() + ROWS_PER_COMMIT);
        while listings.made() < until {
            let batch: Vec<Listing> = std::iter::repeat_with(|| listings.next()).take(ROWS).collect();
            let mut versions = sqlx::query(AssertSqlSafe(version_statement.clone()));
            for listing in &batch {
                versions = bind_version(versions, listing);
            }
            let mut rows = sqlx::query(AssertSqlSafe(listing_statement.clone()));
            for listing in batch {
                rows = bind_listing(rows, listing);
            }
            rows.execute(&mut *transaction).await?;
            versions.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    feature(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Ids and slugs of public listings, spread over all of them.
pub async fn public_names(database: &Path, about: i64, listings: i64) -> anyhow::Result<Vec<(String, String)>> {
    let mut connection = reading(database).await?;
    let every = (listings / about).max(1);
    let names = sqlx::query_as(
        "SELECT id, slug FROM marketplace_integrations WHERE doc % ? = 0 AND status = 'published' AND visibility = 'public'",
    )
    .bind(every)
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    Ok(names)
}

/// What is public of each, counted row by row.
pub async fn count(database: &Path, expected: &[Expected]) -> anyhow::Result<Vec<i64>> {
    let mut connection = reading(database).await?;
    let sums: Vec<&str> = expected
        .iter()
        .map(|expected| match expected {
            Expected::Word(_) => "sum(instr(text, ?) > 0)",
            Expected::Category(_) => "sum(category = ?)",
            Expected::Developer(_) => "sum(developer_id = ?)",
            Expected::Everything => "sum(? IS NOT NULL)",
        })
        .collect();
    // The limit has the text made once a row.
    let statement = format!(
        "SELECT {} FROM (SELECT category, developer_id, lower(' ' || name || ' ' || tagline || ' ' || description || ' ' \
         || replace(replace(tags, '\"', ' '), '-', ' ')) AS text FROM marketplace_integrations \
         WHERE status = 'published' AND visibility = 'public' LIMIT -1 OFFSET 0)",
        sums.join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for expected in expected {
        query = match expected {
            Expected::Word(word) => query.bind(format!(" {word}")),
            Expected::Category(category) => query.bind(*category),
            Expected::Developer(number) => query.bind(developer_id(*number)),
            Expected::Everything => query.bind(1),
        };
    }
    let row = query.fetch_one(&mut connection).await?;
    let counts = (0..expected.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?;
    connection.close().await?;
    Ok(counts)
}

async fn reading(database: &Path) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true).busy_timeout(PATIENCE);
    Ok(options.connect().await?)
}

fn statement(columns: &str, row: &str) -> String {
    format!("{columns}{}", vec![row; ROWS].join(", "))
}

async fn add_developers(connection: &mut SqliteConnection) -> anyhow::Result<()> {
    let mut transaction = connection.begin().await?;
    for number in 0..usize::from(DEVELOPERS) {
        sqlx::query(
            "INSERT INTO developers (id, user_id, slug, name, created_at, updated_at) VALUES (?, ?, ?, ?, 0, 0)",
        )
        .bind(developer_id(number))
        .bind(format!("usr_01942000-0000-7000-8000-{number:012x}"))
        .bind(developer_slug(number))
        .bind(format!("Developer {number}"))
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn feature(connection: &mut SqliteConnection) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO featured (listing, position) SELECT doc, doc FROM marketplace_integrations \
         WHERE status = 'published' AND visibility = 'public' AND featured IS NULL ORDER BY doc DESC LIMIT ?",
    )
    .bind(FEATURED)
    .execute(connection)
    .await?;
    Ok(())
}

fn bind_listing(query: Query<'_, Sqlite, SqliteArguments>, listing: Listing) -> Query<'_, Sqlite, SqliteArguments> {
    query
        .bind(listing.doc)
        .bind(listing.id)
        .bind(developer_id(listing.developer))
        .bind(listing.slug)
        .bind(listing.name)
        .bind(listing.name_key)
        .bind(listing.tagline)
        .bind(listing.category)
        .bind(listing.tags)
        .bind(listing.pricing_model)
        .bind(listing.price_cents)
        .bind(listing.visibility)
        .bind(listing.status)
        .bind(listing.providers)
        .bind(listing.installs)
        .bind(listing.active_installs)
        .bind(listing.rating_sum)
        .bind(listing.reviews)
        .bind(listing.created_at)
        .bind(listing.created_at)
        .bind(listing.published_at)
        .bind(listing.deleted_at)
        .bind(listing.description)
        .bind(listing.definition)
}

fn bind_version<'a>(
    query: Query<'a, Sqlite, SqliteArguments>,
    listing: &Listing,
) -> Query<'a, Sqlite, SqliteArguments> {
    // As long as a hash; nothing looks into it here.
    let hash = format!("{:064x}", listing.doc);
    query.bind(listing.doc).bind(hash).bind(listing.created_at).bind(listing.definition.clone())
}
