//! Lists and details are kept in memory, and are others right after every kind of write. The settings are the defaults.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use workway_tests::{TestHost, TestUser};

use super::{definition, done, draft, install, listed, market, public, published, whole};

const LISTS: [&str; 6] = [
    "/marketplace?sortBy=name",
    "/marketplace/popular",
    "/marketplace/recent",
    "/marketplace/developer/ann",
    "/marketplace/category/productivity",
    "/marketplace/stats",
];

/// What anybody reads of the workflow: lists, featured ones, detail, reviews and versions. Asked twice, so that all of it
/// is kept.
async fn read(host: &TestHost, id: &str) -> Vec<Value> {
    let mut paths: Vec<String> = LISTS.map(str::to_owned).into();
    paths.push("/marketplace/featured".into());
    paths.extend(["", "/reviews", "/versions"].map(|below| format!("/marketplace/{id}{below}")));
    let mut bodies = Vec::new();
    for path in paths {
        let (first, again) = (public(host, &path).await, public(host, &path).await);
        // A problem has an id of its own.
        let shown = |body: &Value, status: u16| if status == 200 { body.clone() } else { json!(status) };
        assert_eq!(shown(&first.body, first.status), shown(&again.body, again.status), "{path}");
        bodies.push(shown(&again.body, again.status));
    }
    bodies
}

/// What of it is to have changed after a write.
struct Changed {
    lists: bool,
    stats: bool,
    featured: bool,
    detail: bool,
    reviews: bool,
    versions: bool,
}

const NOTHING: Changed =
    Changed { lists: false, stats: false, featured: false, detail: false, reviews: false, versions: false };
const SHOWN: Changed = Changed { lists: true, detail: true, ..NOTHING };
const COUNTED: Changed = Changed { stats: true, ..SHOWN };
const ALL: Changed = Changed { featured: true, reviews: true, versions: true, ..COUNTED };

struct Market<'a> {
    host: &'a TestHost,
    id: String,
    before: Vec<Value>,
}

impl Market<'_> {
    /// Reads all anew, right after a write.
    async fn after(&mut self, write: &str, expected: Changed) {
        let now = read(self.host, &self.id).await;
        let changed: Vec<bool> = now.iter().zip(&self.before).map(|(now, before)| now != before).collect();
        let (lists, rest) = changed.split_at(LISTS.len() - 1);
        assert!(lists.iter().all(|changed| *changed == expected.lists), "{write}: {lists:?}");
        let expected = [expected.stats, expected.featured, expected.detail, expected.reviews, expected.versions];
        assert_eq!(rest, expected, "{write}: stats, featured, detail, reviews, versions");
        self.before = now;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_was_read_is_another_right_after_every_kind_of_write() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let eve = host.user("eve@example.com").await;
    let id = draft(&ann, whole("Echo")).await;
    let place = format!("/marketplace/{id}");
    let below = |path: &str| format!("{place}/{path}");
    let before = read(&host, &id).await;
    let mut market = Market { host: &host, id: id.clone(), before };

    patch(&ann, &place, json!({ "name": "Draft" })).await;
    market.after("changing a draft", NOTHING).await;
    done(&ann, &id, "publish").await;
    // Nothing is featured or reviewed yet, but there is a place to ask.
    market.after("publishing", Changed { reviews: true, versions: true, ..COUNTED }).await;
    patch(&ann, &place, json!({ "name": "Renamed" })).await;
    market.after("changing", SHOWN).await;
    let version = json!({ "workflowDefinition": definition("two") });
    assert_eq!(ann.post(&below("versions"), &version).await.status, 201);
    market.after("a version", Changed { versions: true, ..SHOWN }).await;

    assert_eq!(install(&eve, &id).await.status, 201);
    market.after("installing", COUNTED).await;
    assert_eq!(install(&eve, &id).await.status, 200);
    market.after("installing again", NOTHING).await;
    assert_eq!(eve.post(&below("reviews"), &json!({ "rating": 5 })).await.status, 201);
    market.after("a review", Changed { reviews: true, ..COUNTED }).await;
    assert_eq!(eve.post(&below("reviews"), &json!({ "rating": 4 })).await.status, 200);
    market.after("another review", Changed { reviews: true, ..SHOWN }).await;
    assert_eq!(eve.delete(&below("install")).await.status, 204);
    market.after("uninstalling", COUNTED).await;

    let featured = host.request(Method::PUT, &below("featured")).json(&json!({ "position": 1 }));
    assert_eq!(host.send(featured).await.status, 200);
    market.after("featuring", Changed { featured: true, ..SHOWN }).await;
    let image = ann.request(Method::POST, &below("screenshots")).header("content-type", "image/png").body(pixel());
    let shot = ann.send(image).await;
    assert_eq!(shot.status, 201, "{:#}", shot.body);
    market.after("a screenshot", Changed { detail: true, ..NOTHING }).await;
    assert_eq!(ann.delete(shot.header("location")).await.status, 204);
    market.after("taking out a screenshot", Changed { detail: true, ..NOTHING }).await;
    assert_eq!(ann.patch("/developers/me", &json!({ "name": "Ann of Acme" })).await.status, 200);
    market.after("another name of the developer", Changed { featured: true, ..SHOWN }).await;

    patch(&ann, &place, json!({ "visibility": "private" })).await;
    market.after("hiding", ALL).await;
    patch(&ann, &place, json!({ "visibility": "public" })).await;
    market.after("showing", ALL).await;
    assert_eq!(host.delete(&below("featured")).await.status, 204);
    market.after("featuring no more", Changed { featured: true, ..SHOWN }).await;
    done(&ann, &id, "unpublish").await;
    let unfeatured = Changed { featured: false, ..ALL };
    market.after("unpublishing", unfeatured).await;
    done(&ann, &id, "publish").await;
    market.after("publishing again", Changed { featured: false, ..ALL }).await;
    assert_eq!(ann.delete(&place).await.status, 204);
    market.after("deleting", Changed { featured: false, ..ALL }).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_writes_is_found_at_the_next_look() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = published(&ann, whole("Echo")).await;
    published(&ann, whole("Another")).await;
    assert_eq!(listed(&host, "/marketplace").await.1, 2);
    let options = SqliteConnectOptions::new().filename(host.data().join("workway.db"));
    let mut other = options.connect().await.expect("the database opens");
    for (change, found) in [
        ("name = 'Elsewhere', name_key = 'elsewhere'", ["elsewhere", "another"]),
        ("status = 'unpublished'", ["another", "another"]),
        ("status = 'published'", ["elsewhere", "another"]),
    ] {
        let statement = format!("UPDATE marketplace_integrations SET {change} WHERE id = ?");
        sqlx::query(AssertSqlSafe(statement)).bind(&id).execute(&mut other).await.expect("it is written");
        // What the host does every few seconds.
        host.app().marketplace().follow_others().await;
        assert_eq!(listed(&host, "/marketplace?q=echo").await.1, 0, "{change}");
        for text in found {
            assert_eq!(listed(&host, &format!("/marketplace?q={text}")).await.1, 1, "{change}: {text}");
        }
        let ids = listed(&host, "/marketplace").await.0;
        assert_eq!(ids.contains(&id), found.contains(&"elsewhere"), "{change}");
    }
    other.close().await.expect("the database closes");
    host.finish().await;
}

async fn patch(user: &TestUser<'_>, place: &str, change: Value) {
    let answer = user.patch(place, &change).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
}

fn pixel() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::DynamicImage::new_rgb8(1, 1);
    image.write_to(&mut bytes, image::ImageFormat::Png).expect("the image is encoded");
    bytes.into_inner()
}
