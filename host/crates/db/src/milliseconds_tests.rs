//! The migration from seconds to milliseconds, on a database with rows from before it.

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use workway_model::Timestamp;
use workway_oauth::SealedConnections;
use workway_users::DeveloperStore;

use crate::{
    DATABASE_FILE, Database,
    pool::{FILE, tests::open},
};

/// The last migration that left seconds in the tables.
const LAST_WITH_SECONDS: i64 = 5;

/// Rows for each table that has times. A time in milliseconds ends in 123. The sealed records are under another key than the
/// active one: the triggers must not refuse the migration.
const ROWS: &str = "
    INSERT INTO grants VALUES ('slack', '{}', 'slack.wasm', 1700000001);
    INSERT INTO connections (id, user_id, provider, account_id, account, is_default, scopes, sealed, key_id, version,
            expires_at, renew_at, updated_at, lease_owner, lease_until, retry_at) VALUES
        ('1', 'ann', 'slack', '1', 'one', 1, '[]', x'01', '0badc0de', 1,
            1700000002, 1700000003, 1700000004, 'me', 1700000005123, 1700000006),
        ('2', 'ann', 'slack', '2', 'two', 0, '[]', x'01', '0badc0de', 2,
            9223372036854775807, NULL, 1700000007, NULL, NULL, NULL);
    INSERT INTO authorizations VALUES (x'01', x'02', 'ann', 'slack', '[]', NULL, 'https://a.example', '{}', 1700000008);
    INSERT INTO users VALUES ('usr_1', 'ann@example.com', 'hash', 1700000009);
    INSERT INTO api_tokens VALUES
        ('tok_1', 'usr_1', zeroblob(32), 'wway_x', NULL, 'account', 1700000010, 1700000011, 1700000012, 1700000013);
    INSERT INTO developers VALUES
        ('dev_0192e4a0-7d3c-7c1e-b7a4-000000000001', 'ann', 'ann', 'Ann', NULL, NULL, x'01', '0badc0de',
            1700000014, 1700000015);
    INSERT INTO marketplace_integrations (doc, id, developer_id, slug, name, name_key, tagline, category, tags,
            pricing_model, price_cents, visibility, status, required_oauth_providers, workflow_version, created_at,
            updated_at, published_at, deleted_at, description, workflow_definition) VALUES
        (1, 'wf_1', 'dev_0192e4a0-7d3c-7c1e-b7a4-000000000001', 'echo', 'Echo', 'echo', '', 'other', '[]', 'free', 0,
            'public', 'deleted', '[]', 1, 1700000016123, 1700000017123, 1700000018123, 1700000019123, '', '{}');
    INSERT INTO workflow_versions VALUES (1, 1, hex(zeroblob(32)), '', 1700000020123, '{}');
    INSERT INTO installations VALUES ('ins_1', 1, 'ann', 1, 1700000021123, 1700000022123);
    INSERT INTO reviews VALUES (1, 'ann', 5, '', 1700000023123, 1700000024123);
    INSERT INTO vault VALUES (1, '00000000');
";

/// The database of an earlier release with [`ROWS`].
async fn seeded() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(DATABASE_FILE);
    std::fs::write(&path, "").unwrap();
    FILE.claim(&path).await.unwrap();
    let mut connection = SqliteConnectOptions::new().filename(&path).foreign_keys(true).connect().await.unwrap();
    FILE.migrations.run_to(LAST_WITH_SECONDS, &mut connection).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    folder
}

/// Every column of times with its values.
async fn times(database: &Database) -> Vec<(String, Vec<i64>)> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c \
         WHERE t.schema = 'main' AND t.type = 'table' \
         AND (c.name LIKE '%\\_at' ESCAPE '\\' OR c.name LIKE '%\\_until' ESCAPE '\\') \
         ORDER BY t.name, c.cid",
    )
    .fetch_all(&database.reader)
    .await
    .unwrap();
    let mut times = Vec::new();
    for (table, column) in columns {
        let statement = format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY rowid");
        let values = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&database.reader).await.unwrap();
        times.push((format!("{table}.{column}"), values));
    }
    times
}

#[tokio::test]
async fn times_from_before_are_in_milliseconds_after_the_migration() {
    let folder = seeded().await;
    let database = open(folder.path()).await.unwrap();
    let end_of_9999 = 253_402_300_799_000;
    let expected: [(&str, &[i64]); 25] = [
        ("api_tokens.created_at", &[1_700_000_010_000]),
        ("api_tokens.expires_at", &[1_700_000_011_000]),
        ("api_tokens.revoked_at", &[1_700_000_012_000]),
        ("api_tokens.last_used_at", &[1_700_000_013_000]),
        ("authorizations.expires_at", &[1_700_000_008_000]),
        ("connections.expires_at", &[1_700_000_002_000, end_of_9999]),
        ("connections.renew_at", &[1_700_000_003_000]),
        ("connections.updated_at", &[1_700_000_004_000, 1_700_000_007_000]),
        ("connections.lease_until", &[1_700_000_005_123]),
        ("connections.retry_at", &[1_700_000_006_000]),
        ("data_keys.created_at", &[]),
        ("developers.created_at", &[1_700_000_014_000]),
        ("developers.updated_at", &[1_700_000_015_000]),
        ("grants.granted_at", &[1_700_000_001_000]),
        ("installations.installed_at", &[1_700_000_021_123]),
        ("installations.uninstalled_at", &[1_700_000_022_123]),
        ("installations.paused_at", &[]),
        ("marketplace_integrations.created_at", &[1_700_000_016_123]),
        ("marketplace_integrations.updated_at", &[1_700_000_017_123]),
        ("marketplace_integrations.published_at", &[1_700_000_018_123]),
        ("marketplace_integrations.deleted_at", &[1_700_000_019_123]),
        ("reviews.created_at", &[1_700_000_023_123]),
        ("reviews.updated_at", &[1_700_000_024_123]),
        ("users.created_at", &[1_700_000_009_000]),
        ("workflow_versions.created_at", &[1_700_000_020_123]),
    ];
    let expected = expected.map(|(column, values)| (column.to_owned(), values.to_vec()));
    assert_eq!(times(&database).await, expected);

    let ann = "ann".parse().unwrap();
    let connections = database.connections().list(&ann).await.unwrap();
    assert_eq!(connections[0].expires_at, Some(Timestamp::from_seconds(1_700_000_002)));
    assert_eq!(connections[0].renew_at, Some(Timestamp::from_seconds(1_700_000_003)));
    let developer = database.developers().by_user(&ann).await.unwrap().unwrap();
    assert_eq!(developer.created_at, Timestamp::from_seconds(1_700_000_014));
}
