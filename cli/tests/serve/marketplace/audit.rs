//! Looks through what is stored and what is answered after a kill: counts are what the rows give, and lists and searches
//! find what is public and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{
    FromRow, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use workway_tests::MISCOUNTED;

use super::{
    answer,
    developer::{Developer, Listing},
    user::Use,
};
use crate::process::Running;

/// What the tables have, read beside the host that runs.
pub struct Tables {
    /// By id.
    pub listings: BTreeMap<String, Row>,
    /// By the user's e-mail address and the workflow's id.
    pub uses: BTreeMap<String, BTreeMap<String, Use>>,
}

pub struct Row {
    /// The slug.
    pub developer: String,
    pub listing: Listing,
    /// As a list shows them.
    counts: Value,
}

#[derive(FromRow)]
struct Stored {
    id: String,
    developer: String,
    name: String,
    status: String,
    workflow_version: i64,
    install_count: i64,
    active_install_count: i64,
    review_count: i64,
    average_rating: Option<f64>,
}

impl Tables {
    pub async fn read(database: &Path, what: &str) -> Self {
        let pool = open(database).await;
        let wrong: Vec<String> = sqlx::query_scalar(MISCOUNTED).fetch_all(&pool).await.expect("the rows are counted");
        assert_eq!(wrong, [""; 0], "{what}: counts are not those of the rows");
        let stored: Vec<Stored> = sqlx::query_as(
            "SELECT l.id, d.slug AS developer, l.name, status, workflow_version, install_count, active_install_count, \
             review_count, average_rating FROM marketplace_integrations l JOIN developers d ON d.id = l.developer_id",
        )
        .fetch_all(&pool)
        .await
        .expect("the listings are read");
        let used: Vec<(String, String, bool, Option<i64>)> = sqlx::query_as(
            "SELECT u.email, l.id, i.uninstalled_at IS NULL, r.rating FROM installations i \
             JOIN users u ON u.id = i.user_id JOIN marketplace_integrations l ON l.doc = i.listing \
             LEFT JOIN reviews r ON r.listing = i.listing AND r.user_id = i.user_id",
        )
        .fetch_all(&pool)
        .await
        .expect("the installations are read");
        pool.close().await;
        let mut uses = BTreeMap::<String, BTreeMap<String, Use>>::new();
        for (email, id, active, rating) in used {
            uses.entry(email).or_default().insert(id, Use { active: Some(active), rating });
        }
        let listings = stored.into_iter().map(|row| (row.id.clone(), row.into())).collect();
        Self { listings, uses }
    }

    fn public(&self) -> BTreeMap<&str, &Row> {
        let public = self.listings.iter().filter(|(_, row)| row.listing.is_public());
        public.map(|(id, row)| (id.as_str(), row)).collect()
    }
}

impl From<Stored> for Row {
    fn from(row: Stored) -> Self {
        let counts = json!({
            "installCount": row.install_count,
            "activeInstallCount": row.active_install_count,
            "reviewCount": row.review_count,
            "averageRating": row.average_rating,
            "workflowVersion": row.workflow_version,
            "name": row.name,
        });
        let listing = Listing { name: row.name, status: row.status, version: row.workflow_version };
        Self { developer: row.developer, listing, counts }
    }
}

async fn open(database: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
    pool.expect("the database opens")
}

/// What the host lists is what the tables have; each of these words finds what has it as its name, if that is public.
pub async fn assert_lists(
    running: &Running,
    tables: &Tables,
    developers: &[Developer],
    words: &BTreeSet<String>,
    what: &str,
) {
    let public = tables.public();
    for sort in ["popular", "name"] {
        let items = everything(running, &format!("/marketplace?sortBy={sort}"), what).await;
        let ids: BTreeSet<&str> = items.iter().map(id).collect();
        assert_eq!(ids, public.keys().copied().collect(), "{what}: sorted by {sort}");
        assert_eq!(ids.len(), items.len(), "{what}: one is twice in the list");
        for item in &items {
            for (field, expected) in public[id(item)].counts.as_object().expect("an object") {
                assert_eq!(&item[field], expected, "{what}: {field} of {item:#}");
            }
        }
    }
    let stats = answer(running.request(Method::GET, "/marketplace/stats")).await;
    let sum = |field: &str| public.values().filter_map(|row| row.counts[field].as_u64()).sum::<u64>();
    for (field, expected) in [
        ("workflows", u64::try_from(public.len()).expect("few")),
        ("installs", sum("installCount")),
        ("activeInstalls", sum("activeInstallCount")),
        ("reviews", sum("reviewCount")),
    ] {
        assert_eq!(stats[field], expected, "{what}: {field}");
    }
    for developer in developers {
        let rows = tables.listings.values().filter(|row| row.developer == developer.name);
        let kept = rows.clone().filter(|row| row.listing.status != "deleted").count();
        let own = running.request(Method::GET, "/developers/me/workflows?limit=1").bearer_auth(&developer.token);
        assert_eq!(answer(own).await["total"], kept, "{what}: {}", developer.name);
        let shown = rows.filter(|row| row.listing.is_public()).count();
        let path = format!("/marketplace/developer/{}?limit=1", developer.name);
        assert_eq!(answer(running.request(Method::GET, &path)).await["total"], shown, "{what}: {path}");
    }
    for word in words {
        let named = public.iter().filter(|(_, row)| row.listing.name == *word).map(|(id, _)| *id);
        let found = everything(running, &format!("/marketplace?q={word}"), what).await;
        assert_eq!(found.iter().map(id).collect::<Vec<_>>(), named.collect::<Vec<_>>(), "{what}: search of {word}");
    }
}

/// In the end: every word that ever was a name finds what it has to, and the file is sound.
pub async fn assert_whole(running: &Running, database: &Path, developers: &[Developer], what: &str) {
    let tables = Tables::read(database, what).await;
    let words = tables.listings.values().map(|row| row.listing.name.clone()).collect();
    assert_lists(running, &tables, developers, &words, what).await;
    let pool = open(database).await;
    let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&pool).await.expect("it is checked");
    assert_eq!(said, ["ok"], "{what}");
    let dangling: Vec<String> = sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check")
        .fetch_all(&pool)
        .await
        .expect("it is checked");
    assert_eq!(dangling, [""; 0], "{what}");
    pool.close().await;
}

/// A whole list, page by page, of the length that it says it has.
async fn everything(running: &Running, path: &str, what: &str) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let page = answer(running.request(Method::GET, &format!("{path}&limit=100&offset={}", all.len()))).await;
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{what}: {path} has no items: {page:#}"));
        all.extend(items.iter().cloned());
        if items.is_empty() || page["total"] == all.len() {
            assert_eq!(page["total"], all.len(), "{what}: {path}");
            return all;
        }
    }
}

fn id(item: &Value) -> &str {
    item["id"].as_str().expect("a workflow has an id")
}
