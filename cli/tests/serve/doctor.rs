//! `workway doctor`: what it says of a data folder, beside a host and without one.

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::process::Workway;

/// A schedule that nothing plans.
const LOST: &str = "INSERT INTO triggers (installation, owner, revision, kind, config, is_paused) \
                    VALUES ('ins_1', 'dev', 1, 'schedule', zeroblob(32), 0)";

#[tokio::test]
async fn a_folder_is_examined_beside_its_host() {
    let workway = Workway::development();
    let running = workway.ready().await;
    let ended = workway.beside(&["doctor"]).ended().await;
    assert!(ended.status.success() && ended.stdout == "no problem found\n", "{ended:?}");
    running.interrupt().await;
}

#[tokio::test]
async fn a_finding_is_a_line_and_a_status() {
    let workway = Workway::development();
    workway.ready().await.interrupt().await;
    let options = SqliteConnectOptions::new().filename(workway.path("data/runs.db"));
    let mut runs = SqliteConnection::connect_with(&options).await.expect("the runs are there");
    sqlx::query(LOST).execute(&mut runs).await.expect("a row is written");
    runs.close().await.expect("the connection closes");
    let ended = workway.beside(&["doctor"]).ended().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stdout.starts_with("1 schedule without a next time: "), "{ended:?}");
}

#[tokio::test]
async fn a_folder_without_runs_is_named() {
    let workway = Workway::new(&["doctor", "--data", "plugins"]);
    assert!(workway.refusal().await.contains("plugins: it has no runs.db"));
}
