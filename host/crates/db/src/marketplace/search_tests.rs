//! Search on its real tables: what is found, in which order, and that the tables follow every write.

use std::sync::Arc;

use workway_marketplace::{
    Actor, Condition, DeveloperRef, InstallationChange, ListFilter, ListPage, Listing, ListingChange, ListingStore,
    Sort, Visibility, WorkflowRegistry, bounds::MAX_TOTAL,
};

use super::tests::{Hello, KEY, developer, found, greeting, marketplace, named, published, user, vault};
use crate::{Database, pool::tests::fresh};

/// Writes public listings as a database has them that was made before search was: `Stock 1` and so on, each with as many
/// installs as its number.
async fn stock(database: &Database, count: u32) {
    sqlx::query(
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?) \
         INSERT INTO marketplace_integrations (id, developer_id, slug, name, name_key, tagline, category, tags, \
         pricing_model, price_cents, visibility, status, required_oauth_providers, install_count, workflow_version, \
         created_at, updated_at, published_at, description, workflow_definition) \
         SELECT 'wf_' || number, 'dev_ann', 'stock-' || number, 'Stock ' || number, 'stock ' || number, 'Shared tagline', \
         'data', '[\"Red Wine\"]', 'free', 0, 'public', 'published', '[\"github\"]', number, 1, 0, 0, number, 'Text', '{}' \
         FROM numbers",
    )
    .bind(count)
    .execute(&database.writer)
    .await
    .unwrap();
}

async fn add(registry: &WorkflowRegistry, texts: ListingChange) -> Listing {
    let ann = ann();
    let name = texts.name.clone().unwrap_or_default();
    let mut new = named(&name, greeting());
    let ListingChange { tagline, description, tags, slug, .. } = texts;
    new.change.tagline = tagline.or(new.change.tagline);
    new.change.description = description.or(new.change.description);
    new.change.tags = tags.or(Some(Vec::new()));
    new.change.slug = slug;
    let draft = registry.create_workflow(&ann, new).await.unwrap();
    registry.publish_workflow(&ann, &draft.summary.id, &Condition::Any).await.unwrap().listing
}

fn ann() -> Actor {
    let developer = DeveloperRef { id: "dev_ann".into(), slug: "ann".into(), name: "ann".into() };
    Actor { user: "ann".parse().unwrap(), developer: Some(developer), is_admin: false }
}

fn named_only(name: &str) -> ListingChange {
    ListingChange { name: Some(name.to_owned()), ..ListingChange::default() }
}

async fn page(registry: &WorkflowRegistry, text: Option<&str>, filter: ListFilter) -> ListPage {
    (*registry.search_workflows(text, filter).await.unwrap()).clone()
}

fn names(page: &ListPage) -> Vec<&str> {
    page.items.iter().map(|item| item.name.as_str()).collect()
}

async fn opened() -> (Database, tempfile::TempDir, WorkflowRegistry) {
    let (database, guard) = fresh().await;
    developer(&database, "ann").await;
    let registry = marketplace(&database).await;
    (database, guard, registry)
}

#[tokio::test]
async fn an_exact_name_is_first_and_then_the_best_field() {
    let (_database, _guard, registry) = opened().await;
    let tagged = |tag: &str| Some(vec![tag.to_owned()]);
    add(&registry, ListingChange { description: Some("About mail".into()), ..named_only("Sixth") }).await;
    add(&registry, ListingChange { tagline: Some("Sends mail".into()), ..named_only("Fifth") }).await;
    add(&registry, ListingChange { tags: tagged("mail"), ..named_only("Fourth") }).await;
    add(&registry, named_only("Mailer third")).await;
    let popular = add(&registry, named_only("Second mail")).await;
    add(&registry, named_only("Mail")).await;
    registry.increment_install_count(&user("zoe"), &popular.summary.id, InstallationChange::default()).await.unwrap();
    let expected = ["Mail", "Second mail", "Mailer third", "Fourth", "Fifth", "Sixth"];
    assert_eq!(found(&registry, "MAIL!").await, expected);
    // Pages and the reverse are those of one order.
    for offset in 0..expected.len() {
        let filter = ListFilter::all(Sort::Relevance, 2, offset);
        let part = page(&registry, Some("mail"), filter).await;
        assert_eq!(names(&part), expected[offset..(offset + 2).min(expected.len())]);
    }
    let reversed = ListFilter { descending: Some(false), ..ListFilter::all(Sort::Relevance, 10, 0) };
    let reversed = page(&registry, Some("mail"), reversed).await;
    assert_eq!(names(&reversed), expected.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn accents_prefixes_and_typos_are_tolerated() {
    let (_database, _guard, registry) = opened().await;
    add(&registry, ListingChange { description: Some("Łódź x9".into()), ..named_only("Café reminders") }).await;
    for text in ["CAFE", "ca", "crème café", "cafe remind", "remidners", "rmeinder", "lodz", "cafè 9", "x"] {
        let expected: &[&str] =
            if ["crème café", "cafè 9", "x"].contains(&text) { &[] } else { &["Café reminders"] };
        assert_eq!(found(&registry, text).await, expected, "{text}");
    }
    assert_eq!(found(&registry, "remxnxrxs").await, [""; 0], "three typos");
    assert_eq!(found(&registry, "lodzz").await, [""; 0], "only names are corrected");
}

#[tokio::test]
async fn texts_without_spaces_are_found_by_their_parts() {
    let (_database, _guard, registry) = opened().await;
    let slug = |slug: &str| Some(slug.to_owned());
    add(&registry, ListingChange { slug: slug("weather"), ..named_only("東京の天気予報") }).await;
    add(&registry, ListingChange { slug: slug("thai"), ..named_only("ภาษาไทย") }).await;
    for text in ["東京", "京の天", "天気予報", "天", "東京 予報"] {
        assert_eq!(found(&registry, text).await, ["東京の天気予報"], "{text}");
    }
    assert_eq!(found(&registry, "ไทย").await, ["ภาษาไทย"]);
    assert_eq!(found(&registry, "京東").await, [""; 0]);
    // Its folded name is that of the text, but the letters are not neighbours: totals and pages agree that it is not found.
    add(&registry, ListingChange { slug: slug("apart"), ..named_only("東 京") }).await;
    assert_eq!(found(&registry, "東京").await, ["東京の天気予報"]);
    assert_eq!(found(&registry, "東 京").await, ["東 京", "東京の天気予報"]);
}

#[tokio::test]
async fn totals_are_exact_up_to_a_thousand() {
    let (database, _guard, registry) = opened().await;
    stock(&database, 1_000).await;
    registry.initialize().await.unwrap();
    registry.invalidate_cache();
    let filters = [
        ListFilter::all(Sort::Popular, 5, 0),
        ListFilter { category: Some("data".into()), ..ListFilter::all(Sort::Popular, 5, 0) },
        ListFilter { tag: Some("red wine".into()), ..ListFilter::all(Sort::Popular, 5, 0) },
    ];
    for text in [None, Some("stock"), Some("sha")] {
        for filter in &filters {
            let exact = page(&registry, text, filter.clone()).await;
            assert_eq!((exact.total, exact.total_is_lower_bound), (u64::from(MAX_TOTAL), false), "{text:?} {filter:?}");
            assert_eq!(exact.items.len(), 5);
        }
    }
    published(&registry, &developer(&database, "ben").await, "Stock of shares").await;
    for text in [None, Some("stock")] {
        let more = page(&registry, text, ListFilter::all(Sort::Popular, 5, 998)).await;
        assert_eq!((more.total, more.total_is_lower_bound), (u64::from(MAX_TOTAL), true), "{text:?}");
        assert_eq!(more.items.len(), 3, "pages go on beyond the total");
    }
    assert_eq!(registry.get_stats().await.unwrap().listings, 1_001, "statistics stay exact");
}

#[tokio::test]
async fn maintenance_leaves_the_first_index_to_the_start() {
    let (database, _guard, _) = opened().await;
    stock(&database, 3).await;
    let starting = WorkflowRegistry::new(Arc::new(database.listings()), Arc::new(Hello), vault(&database, KEY), 0);
    starting.follow_others().await;
    let pending = "SELECT count(*) FROM marketplace_integrations WHERE search_row IS NULL";
    let count: i64 = sqlx::query_scalar(pending).fetch_one(&database.reader).await.unwrap();
    assert_eq!(count, 3, "two that index at once would wait for each other");
    starting.initialize().await.unwrap();
    let count: i64 = sqlx::query_scalar(pending).fetch_one(&database.reader).await.unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn orders_are_exact_without_a_text_and_in_steps_with_one() {
    let (database, _guard, registry) = opened().await;
    stock(&database, 40).await;
    registry.initialize().await.unwrap();
    registry.invalidate_cache();
    let newest: Vec<String> = (1..=40).rev().map(|number| format!("Stock {number}")).collect();
    for sort in [Sort::Popular, Sort::Recent] {
        for tag in [None, Some("RED-WINE".to_owned())] {
            let filter = ListFilter { tag, ..ListFilter::all(sort, 100, 0) };
            assert_eq!(names(&page(&registry, None, filter.clone()).await), newest, "{sort:?}");
            let reversed = ListFilter { descending: Some(false), ..filter };
            let oldest: Vec<String> = newest.iter().rev().cloned().collect();
            assert_eq!(names(&page(&registry, None, reversed).await), oldest, "{sort:?}");
        }
    }
    assert_eq!(names(&page(&registry, Some("stock"), ListFilter::all(Sort::Recent, 100, 0)).await), newest);
    let stepped = page(&registry, Some("stock"), ListFilter::all(Sort::Popular, 100, 0)).await;
    let installs: Vec<u32> = stepped.items.iter().map(|item| item.counts.installs).collect();
    assert_eq!(installs[..6], [40, 36, 37, 38, 39, 32], "36 to 39 are one step, by key");
    assert_eq!(installs[25..], newest_numbers(15), "below 16 the order is exact");
}

fn newest_numbers(from: u32) -> Vec<u32> {
    (1..=from).rev().collect()
}

#[tokio::test]
async fn what_is_hidden_is_in_no_search_table() {
    let (database, _guard, registry) = opened().await;
    let id = published(&registry, &ann(), "Quixotry").await.summary.id;
    let rows = async || -> (i64, i64, i64) {
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM marketplace_search WHERE marketplace_search MATCH 'quixotry'), \
             (SELECT count(*) FROM marketplace_names WHERE marketplace_names MATCH 'quixotry'), \
             (SELECT count(*) FROM marketplace_integrations WHERE search_row IS NOT NULL)",
        )
        .fetch_one(&database.reader)
        .await
        .unwrap()
    };
    assert_eq!(rows().await, (1, 1, 1));
    let show = async |visibility| {
        let change = ListingChange { visibility: Some(visibility), ..ListingChange::default() };
        registry.save_workflow(&ann(), &id, &Condition::Any, change).await.unwrap();
    };
    show(Visibility::Private).await;
    assert_eq!(rows().await, (0, 0, 0));
    assert_eq!(registry.get_stats().await.unwrap(), Default::default());
    show(Visibility::Public).await;
    assert_eq!(rows().await, (1, 1, 1));
    assert_eq!(registry.get_stats().await.unwrap().developers, 1);
    registry.unpublish_workflow(&ann(), &id, &Condition::Any).await.unwrap();
    assert_eq!(rows().await, (0, 0, 0));
    for text in ["quixotry", "quixotyr", "quix"] {
        assert_eq!(found(&registry, text).await, [""; 0], "{text}");
    }
}

#[tokio::test]
async fn installs_move_a_listing_to_another_bucket() {
    let (database, _guard, registry) = opened().await;
    stock(&database, 1).await;
    registry.initialize().await.unwrap();
    let later = published(&registry, &ann(), "Stock too").await.summary.id;
    let order = async || {
        registry.invalidate_cache();
        let page = page(&registry, Some("stock"), ListFilter::all(Sort::Popular, 10, 0)).await;
        page.items.iter().map(|item| item.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(order().await, ["Stock 1", "Stock too"]);
    for name in ["zoe", "eve"] {
        registry.increment_install_count(&user(name), &later, InstallationChange::default()).await.unwrap();
    }
    assert_eq!(order().await, ["Stock too", "Stock 1"]);
    let indexed: i64 =
        sqlx::query_scalar("SELECT count(*) FROM marketplace_search WHERE marketplace_search MATCH 'stock'")
            .fetch_one(&database.reader)
            .await
            .unwrap();
    assert_eq!(indexed, 2, "the old row is gone");
}

#[tokio::test]
async fn listings_of_before_are_indexed_at_the_start() {
    let (database, _guard) = fresh().await;
    developer(&database, "ann").await;
    stock(&database, 2_500).await;
    let store = database.listings();
    let mut batches = Vec::new();
    loop {
        match store.index_pending().await.unwrap() {
            0 => break,
            count => batches.push(count),
        }
    }
    assert_eq!(batches, [1_000, 1_000, 500]);
    let registry = marketplace(&database).await;
    assert_eq!(found(&registry, "stock 2500").await, ["Stock 2500"]);
    assert_eq!(registry.get_stats().await.unwrap().installs, (1..=2_500).sum::<u64>());
}

#[tokio::test]
async fn slow_searches_hold_up_nobody_else() {
    let (database, _guard, registry) = opened().await;
    let id = published(&registry, &ann(), "Daily").await.summary.id;
    let mut searching = Vec::new();
    while let Some(connection) = database.searcher.try_acquire() {
        searching.push(connection);
    }
    for _ in searching.len()..usize::try_from(database.searcher.options().get_max_connections()).unwrap() {
        searching.push(database.searcher.acquire().await.unwrap());
    }
    assert_eq!(registry.get_workflow(&id, None).await.unwrap().summary.name, "Daily");
    assert_eq!(registry.get_stats().await.unwrap().listings, 1);
    drop(searching);
    assert_eq!(found(&registry, "daily").await, ["Daily"]);
}

#[tokio::test]
async fn every_list_has_an_index() {
    let (database, _guard) = fresh().await;
    let public = "l.status = 'published' AND l.visibility = 'public'";
    let rating = "CAST(l.rating_sum AS REAL) / l.review_count";
    for (statement, index) in [
        (format!("WHERE {public} ORDER BY l.install_count DESC, l.doc"), "COVERING INDEX listings_popular"),
        (format!("WHERE {public} ORDER BY l.published_at, l.doc DESC"), "COVERING INDEX listings_recent"),
        (format!("WHERE {public} ORDER BY {rating} DESC, l.review_count DESC, l.doc"), "INDEX listings_rating"),
        (format!("WHERE {public} ORDER BY l.name_key"), "COVERING INDEX listings_name"),
        (
            format!("WHERE {public} AND l.category = 'x' ORDER BY l.install_count DESC, l.doc"),
            "COVERING INDEX listings_of_category",
        ),
        (
            format!("WHERE {public} AND l.developer_id = 'x' ORDER BY l.install_count DESC, l.doc"),
            "COVERING INDEX listings_of_developer",
        ),
        (
            format!(
                "INDEXED BY listings_facts WHERE {public} AND {rating} >= 4 ORDER BY {rating}, l.review_count, l.doc DESC"
            ),
            "COVERING INDEX listings_facts",
        ),
        (format!("WHERE {public} AND l.search_row IS NULL ORDER BY l.doc"), "INDEX listings_pending"),
    ] {
        let statement = format!("EXPLAIN QUERY PLAN SELECT l.doc FROM marketplace_integrations l {statement} LIMIT 20");
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(statement.clone())).fetch_all(&database.reader).await.unwrap();
        assert!(plan.iter().any(|(.., step)| step.contains(index)), "{statement}: {plan:?}");
    }
}
