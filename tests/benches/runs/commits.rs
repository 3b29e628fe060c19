//! What the disk takes for a commit that survives the loss of power.

use std::time::{Duration, Instant};

use sqlx::{
    Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::shared::quantile;

const COMMITS: usize = 300;
const BYTES: usize = 512;

/// The median.
pub async fn measure() -> anyhow::Result<Duration> {
    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("commits.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::query("CREATE TABLE event (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
        .execute(&mut connection)
        .await?;
    let body = vec![7_u8; BYTES];
    let mut samples = Vec::new();
    for _ in 0..COMMITS {
        let began = Instant::now();
        sqlx::query("INSERT INTO event (body) VALUES (?)").bind(&body).execute(&mut connection).await?;
        samples.push(began.elapsed());
    }
    Ok(quantile(&mut samples, 0.5))
}
