//! Reviews: one of each who installed it, and an average that is exact.

use futures_util::future::join_all;
use serde_json::{Value, json};
use workway_tests::{Answer, TestUser};

use super::{install, listed, market, next_millisecond, pointers, public, published, whole};

async fn review(user: &TestUser<'_>, id: &str, rating: i32) -> Answer {
    user.post(&format!("/marketplace/{id}/reviews"), &json!({ "rating": rating, "text": format!("It is a {rating}") }))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_installed_it_reviews_it_once() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let (eve, bob) = (host.user("eve@example.com").await, host.user("bob@example.com").await);
    let id = published(&ann, whole("Echo")).await;
    assert_eq!(review(&eve, &id, 5).await.code(), "review-without-installation");
    install(&ann, &id).await;
    assert_eq!(review(&ann, &id, 5).await.code(), "own-workflow");
    install(&eve, &id).await;
    install(&bob, &id).await;
    assert_eq!(review(&eve, &id, 5).await.status, 201);
    let replaced = review(&eve, &id, 2).await;
    assert_eq!((replaced.status, &replaced.body["rating"]), (200, &2.into()));
    next_millisecond().await;
    // Also who does not have it any more.
    bob.delete(&format!("/marketplace/{id}/install")).await;
    assert_eq!(review(&bob, &id, 3).await.status, 201);
    let detail = public(&host, &format!("/marketplace/{id}")).await;
    assert_eq!((&detail.body["reviewCount"], &detail.body["averageRating"]), (&2.into(), &2.5.into()));
    let reviews = public(&host, &format!("/marketplace/{id}/reviews")).await;
    let ratings: Vec<&Value> =
        reviews.body["items"].as_array().expect("a list").iter().map(|one| &one["rating"]).collect();
    assert_eq!((ratings, &reviews.body["total"]), (vec![&json!(3), &json!(2)], &2.into()), "newest first");
    for user in [&eve.id, &bob.id, &eve.email] {
        assert!(!reviews.body.to_string().contains(user.as_str()), "a review says whose it is");
    }
    let page = public(&host, &format!("/marketplace/{id}/reviews?limit=1&offset=1")).await;
    assert_eq!((&page.body["items"][0]["rating"], &page.body["total"]), (&2.into(), &2.into()));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_in_bounds() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let eve = host.user("eve@example.com").await;
    let id = published(&ann, whole("Echo")).await;
    install(&eve, &id).await;
    let place = format!("/marketplace/{id}/reviews");
    for (rating, text, expected) in [
        (0, String::new(), &["/rating"][..]),
        (6, "x".repeat(4_001), &["/rating", "/text"]),
        (3, "a\0b".to_owned(), &["/text"]),
    ] {
        let refused = eve.post(&place, &json!({ "rating": rating, "text": text })).await;
        assert_eq!(pointers(&refused), expected);
    }
    for body in [
        json!({}),
        json!({ "rating": 2.5 }),
        json!({ "rating": -1 }),
        json!({ "rating": "5" }),
        json!({ "rating": 5, "user": "bob" }),
    ] {
        assert_eq!(eve.post(&place, &body).await.code(), "invalid-body", "{body}");
    }
    assert_eq!(eve.post(&place, &json!({ "rating": 3, "text": "ż".repeat(4_000) })).await.status, 201);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_average_is_exact_after_reviews_at_once() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = published(&ann, whole("Thirds")).await;
    let mut users = Vec::new();
    for number in 0..3 {
        let user = host.user(&format!("user-{number}@example.com")).await;
        assert_eq!(install(&user, &id).await.status, 201);
        users.push(user);
    }
    for ratings in [[1, 1, 2], [5, 5, 4], [3, 5, 2]] {
        let id = id.as_str();
        // Each says two things, of which one is last.
        let others = users.iter().zip(ratings).map(|(user, rating)| async move {
            review(user, id, 6 - rating).await;
            review(user, id, rating).await
        });
        assert!(join_all(others).await.iter().all(|answer| answer.status == 200));
        let detail = public(&host, &format!("/marketplace/{id}")).await;
        let sum: i32 = ratings.iter().sum();
        assert_eq!(detail.body["averageRating"].as_f64(), Some(f64::from(sum) / 3.0), "{ratings:?}");
        assert_eq!(detail.body["reviewCount"], 3);
    }
    assert_eq!(listed(&host, "/marketplace?minRating=3.4").await.1, 0);
    assert_eq!(listed(&host, "/marketplace?minRating=3.3333").await.1, 1);
    host.finish().await;
}
