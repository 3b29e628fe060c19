//! The tables themselves, read beside the host: what is stored, and what a recount of it gives.

use std::collections::BTreeMap;

use proptest::test_runner::TestCaseError;
use sqlx::{
    FromRow, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use workway_tests::{MISCOUNTED, TestHost, TestUser};

use super::world::{CATEGORIES, Listing, NAMES, TAGLINES, World};

/// What lists are sorted by that no model knows: the number of a listing, and when it was published.
pub(super) type Keys = BTreeMap<String, (i64, i64)>;

pub(super) struct Rows(SqlitePool);

#[derive(FromRow)]
struct Row {
    id: String,
    email: String,
    name: String,
    tagline: String,
    category: String,
    status: String,
    visibility: String,
    pricing_model: String,
    workflow_version: i64,
}

impl Rows {
    pub async fn open(host: &TestHost) -> Self {
        let options = SqliteConnectOptions::new().filename(host.data().join("workway.db")).read_only(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        Self(pool.expect("the database opens"))
    }

    /// Everything that is stored, with users by their place.
    pub async fn read(&self, users: &[TestUser<'_>]) -> World {
        let mut snapshot = self.0.begin().await.expect("a snapshot");
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT l.id, u.email, l.name, tagline, category, status, visibility, pricing_model, workflow_version \
             FROM marketplace_integrations l JOIN developers d ON d.id = l.developer_id JOIN users u ON u.id = d.user_id",
        )
        .fetch_all(&mut *snapshot)
        .await
        .expect("the listings are read");
        let installs: Vec<(String, String, i64, bool)> = sqlx::query_as(
            "SELECT l.id, i.user_id, number, uninstalled_at IS NULL FROM installations i \
             JOIN marketplace_integrations l ON l.doc = i.listing",
        )
        .fetch_all(&mut *snapshot)
        .await
        .expect("the installations are read");
        let reviews: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT l.id, r.user_id, rating FROM reviews r JOIN marketplace_integrations l ON l.doc = r.listing",
        )
        .fetch_all(&mut *snapshot)
        .await
        .expect("the reviews are read");
        let place = |id: &str| users.iter().position(|user| user.id == id).expect("one of the users");
        let mut world = World::default();
        for row in rows {
            let owner = users.iter().position(|user| user.email == row.email).expect("one of the users");
            world.listings.insert(row.id.clone(), row.listing(owner));
        }
        for (id, user, number, active) in installs {
            world.listings.entry(id).and_modify(|listing| {
                listing.installs.insert(place(&user), (number, active));
            });
        }
        for (id, user, rating) in reviews {
            world.listings.entry(id).and_modify(|listing| {
                listing.reviews.insert(place(&user), rating);
            });
        }
        world
    }

    pub async fn keys(&self) -> Keys {
        let rows: Vec<(String, i64, i64)> =
            sqlx::query_as("SELECT id, doc, coalesce(published_at, 0) FROM marketplace_integrations")
                .fetch_all(&self.0)
                .await
                .expect("the keys are read");
        rows.into_iter().map(|(id, doc, published)| (id, (doc, published))).collect()
    }

    /// Counts and averages are what the rows give.
    pub async fn recount(&self) -> Result<(), TestCaseError> {
        let wrong: Vec<String> = sqlx::query_scalar(MISCOUNTED).fetch_all(&self.0).await.expect("the rows are counted");
        if wrong.is_empty() { Ok(()) } else { Err(TestCaseError::fail(format!("counts are wrong: {wrong:?}"))) }
    }
}

impl Row {
    fn listing(&self, owner: usize) -> Listing {
        let name = NAMES.iter().position(|(name, _)| *name == self.name).expect("one of the names");
        let tagline = TAGLINES.iter().position(|tagline| *tagline == self.tagline).expect("one of the taglines");
        let category =
            CATEGORIES.iter().position(|category| *category == self.category).expect("one of the categories");
        let statuses = ["draft", "published", "unpublished", "deleted"];
        Listing {
            owner,
            name,
            tagline,
            category,
            status: statuses.into_iter().find(|status| *status == self.status).expect("one of the states"),
            private: self.visibility == "private",
            paid: self.pricing_model != "free",
            version: self.workflow_version,
            installs: BTreeMap::new(),
            reviews: BTreeMap::new(),
        }
    }
}
