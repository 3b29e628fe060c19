//! Lists: filters, orders, pages. What is expected is computed here, plainly, from what was made.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use workway_tests::{TestHost, TestUser};

use super::{install, listed, market, next_millisecond, public, published, whole, with};

const COUNT: usize = 23;

/// What a list is sorted and filtered by.
#[derive(Clone, Debug)]
struct Made {
    id: String,
    name: String,
    category: &'static str,
    model: &'static str,
    tag: &'static str,
    installs: usize,
    ratings: Vec<u32>,
}

impl Made {
    fn average(&self) -> f64 {
        let count = u32::try_from(self.ratings.len()).expect("few");
        if count == 0 { 0.0 } else { f64::from(self.ratings.iter().sum::<u32>()) / f64::from(count) }
    }
}

/// So many workflows of all kinds, in the order in which they were made.
async fn stock(host: &TestHost) -> Vec<Made> {
    let ann = host.developer("ann@example.com", "ann").await;
    let mut users = Vec::new();
    for number in 0..3 {
        users.push(host.user(&format!("user-{number}@example.com")).await);
    }
    let mut all = Vec::new();
    for number in 0..COUNT {
        // 7 and 23 have no divisor in common: names come in another order than they are made in.
        let name = format!("{} {:02}", if number % 2 == 0 { "Ärmel" } else { "bolt" }, number * 7 % COUNT);
        let category = ["crm", "data", "sales"][number % 3];
        // What is not free is installed by nobody.
        let (model, cents) = if number % 5 == 4 { ("monthly", 500) } else { ("free", 0) };
        let tag = ["Red Wine", "green"][number % 2];
        let body = json!({ "category": category, "pricing": { "model": model, "cents": cents }, "tags": [tag, "all"] });
        let id = published(&ann, with(whole(&name), body)).await;
        next_millisecond().await;
        let installs = if cents > 0 { 0 } else { number % 4 };
        let mut ratings = Vec::new();
        for (place, user) in users.iter().enumerate().take(installs) {
            ratings.extend(use_it(user, &id, (number + place) % 7).await);
        }
        all.push(Made { id, name, category, model, tag, installs, ratings });
    }
    all
}

/// Installs it, and reviews it unless the rating is none.
async fn use_it(user: &TestUser<'_>, id: &str, rating: usize) -> Option<u32> {
    assert_eq!(install(user, id).await.status, 201);
    let rating = u32::try_from(rating).ok().filter(|rating| (1..=5).contains(rating))?;
    let review = user.post(&format!("/marketplace/{id}/reviews"), &json!({ "rating": rating })).await;
    assert_eq!(review.status, 201, "{:#}", review.body);
    Some(rating)
}

/// Everything in the order of a sort.
fn sorted(all: &[Made], sort: &str, order: Option<&str>) -> Vec<String> {
    let mut places: Vec<usize> = (0..all.len()).collect();
    let popular = |place: &usize| usize::MAX - all[*place].installs;
    match sort {
        "popular" | "relevance" => places.sort_by_key(popular),
        "recent" => places.reverse(),
        "name" => places.sort_by_key(|place| all[*place].name.to_lowercase().replace('ä', "a")),
        "rating" => places.sort_by(|one, other| {
            let (one, other) = (&all[*one], &all[*other]);
            other.average().total_cmp(&one.average()).then(other.ratings.len().cmp(&one.ratings.len()))
        }),
        _ => panic!("{sort}"),
    }
    let natural = if sort == "name" { "asc" } else { "desc" };
    if order.is_some_and(|order| order != natural) {
        places.reverse();
    }
    places.into_iter().map(|place| all[place].id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_total_and_its_pages_are_the_whole_without_overlap() {
    let host = market().await;
    let all = stock(&host).await;
    let everything: BTreeSet<String> = all.iter().map(|made| made.id.clone()).collect();
    for sort in ["popular", "recent", "rating", "name", "relevance"] {
        for order in [None, Some("asc"), Some("desc")] {
            let what = format!("sortBy={sort}{}", order.map(|order| format!("&order={order}")).unwrap_or_default());
            let whole = listed(&host, &format!("/marketplace?limit=100&{what}")).await;
            assert_eq!(whole, (sorted(&all, sort, order), 23), "{what}");
            for limit in [1, 5, 10, 22, 23] {
                let mut paged = Vec::new();
                for offset in (0..COUNT).step_by(limit) {
                    let (ids, total) =
                        listed(&host, &format!("/marketplace?{what}&limit={limit}&offset={offset}")).await;
                    assert_eq!((ids.len(), total), (limit.min(COUNT - offset), 23), "{what} {limit} {offset}");
                    paged.extend(ids);
                }
                assert_eq!(paged, whole.0, "{what}, {limit} at a time");
                assert_eq!(BTreeSet::from_iter(paged), everything, "{what}, {limit} at a time");
            }
        }
    }
    let (first, beyond) = (listed(&host, "/marketplace").await, listed(&host, "/marketplace?offset=23").await);
    assert_eq!((first.0.len(), beyond), (20, (vec![], 23)), "twenty unless said");
    assert_eq!(listed(&host, "/marketplace?offset=1000000").await, (vec![], 23));
    for (path, sort) in [("popular", "popular"), ("recent", "recent"), ("developer/ann", "popular")] {
        let expected = (sorted(&all, sort, None), 23);
        assert_eq!(listed(&host, &format!("/marketplace/{path}?limit=100")).await, expected, "{path}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_and_all_together_are_exact() {
    let host = market().await;
    let all = stock(&host).await;
    type Keeps = Box<dyn Fn(&Made) -> bool>;
    let filters: Vec<(&str, Keeps)> = vec![
        ("category=data", Box::new(|made| made.category == "data")),
        ("pricing=free", Box::new(|made| made.model == "free")),
        ("pricing=monthly", Box::new(|made| made.model == "monthly")),
        ("minRating=3", Box::new(|made| made.average() >= 3.0)),
        ("minRating=4.5", Box::new(|made| made.average() >= 4.5)),
        ("minRating=5", Box::new(|made| made.average() >= 5.0)),
        ("tag=red%20wine", Box::new(|made| made.tag == "Red Wine")),
        ("tag=RED-WINE", Box::new(|made| made.tag == "Red Wine")),
        ("tag=red", Box::new(|_| false)),
        ("tag=ALL", Box::new(|_| true)),
        ("developer=ann", Box::new(|_| true)),
        ("developer=nobody", Box::new(|_| false)),
        ("developer=dev_nobody", Box::new(|_| false)),
        ("provider=slack", Box::new(|_| false)),
        ("q=armel&sortBy=popular", Box::new(|made| made.name.starts_with('Ä'))),
    ];
    let expected = |keeps: &dyn Fn(&Made) -> bool| {
        let kept: Vec<Made> = all.iter().filter(|made| keeps(made)).cloned().collect();
        let count = u64::try_from(kept.len()).expect("few");
        (sorted(&kept, "popular", None), count)
    };
    for (filter, keeps) in &filters {
        let path = format!("/marketplace?limit=100&{filter}");
        assert_eq!(listed(&host, &path).await, expected(keeps), "{filter}");
        for (other, also) in &filters {
            let key = |filter: &str| filter.split('=').next().unwrap_or_default().to_owned();
            if key(filter) != key(other) {
                let both = expected(&|made| keeps(made) && also(made));
                assert_eq!(listed(&host, &format!("{path}&{other}")).await, both, "{filter} {other}");
            }
        }
    }
    for category in ["crm", "data", "sales", "security"] {
        let path = format!("/marketplace/category/{category}?limit=100");
        assert_eq!(listed(&host, &path).await, expected(&|made| made.category == category), "{category}");
    }
    assert_eq!(public(&host, "/marketplace/category/nowhere").await.code(), "category-not-found");
    for developer in ["nobody", "dev_nobody"] {
        assert_eq!(public(&host, &format!("/marketplace/developer/{developer}")).await.code(), "developer-not-found");
    }
    assert_stats(&host, &all).await;
    host.finish().await;
}

async fn assert_stats(host: &TestHost, all: &[Made]) {
    let stats = public(host, "/marketplace/stats").await.body;
    let installs: usize = all.iter().map(|made| made.installs).sum();
    let reviews: usize = all.iter().map(|made| made.ratings.len()).sum();
    for (field, count) in [
        ("workflows", COUNT),
        ("developers", 1),
        ("installs", installs),
        ("activeInstalls", installs),
        ("reviews", reviews),
    ] {
        assert_eq!(stats[field], count, "{field}");
    }
    let categories = stats["categories"].as_array().expect("a list");
    assert_eq!(categories.len(), 16, "those without a workflow, too");
    for category in categories {
        let count = all.iter().filter(|made| category["id"] == made.category).count();
        assert_eq!(category["workflows"], Value::from(count), "{category}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_is_malformed_is_refused() {
    let host = market().await;
    let long = format!("tag={}", "x".repeat(101));
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=many",
        "limit=",
        "offset=-1",
        "offset=4294967296",
        "offset=x",
        "sortBy=price",
        "sortBy=Popular",
        "order=up",
        "pricing=gratis",
        "minRating=0",
        "minRating=5.1",
        "minRating=NaN",
        "minRating=inf",
        "minRating=-1",
        "minRating=many",
        "unknown=1",
        "q=a&q=b",
        &long,
    ] {
        let refused = public(&host, &format!("/marketplace?{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid-query"), "{query}");
    }
    for list in ["popular", "recent", "featured", "category/data", "developer/nobody"] {
        for query in ["limit=0", "limit=101", "offset=-1", "q=text"] {
            let refused = public(&host, &format!("/marketplace/{list}?{query}")).await;
            assert_eq!((refused.status, refused.code()), (400, "invalid-query"), "{list} {query}");
        }
    }
    assert_eq!(listed(&host, "/marketplace?limit=1").await.1, 0);
    assert_eq!(listed(&host, "/marketplace?limit=100").await.1, 0);
    host.finish().await;
}
