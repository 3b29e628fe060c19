//! `ETag`, `If-None-Match` and `If-Match`: nothing is sent twice, and no write is lost.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{Answer, TestHost, TestUser};

use super::{definition, draft, install, listed, market, public, published, whole};

/// Asks for a change under a condition.
async fn change(user: &TestUser<'_>, id: &str, condition: &str, name: &str) -> Answer {
    let request = user.request(Method::PATCH, &format!("/marketplace/{id}")).header("if-match", condition);
    user.send(request.json(&json!({ "name": name }))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_for_another_version_is_refused() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = draft(&ann, whole("One")).await;
    let first = ann.get(&format!("/marketplace/{id}")).await.header("etag").to_owned();
    let second = change(&ann, &id, &first, "Two").await;
    assert_eq!((second.status, &second.body["name"]), (200, &"Two".into()), "{:#}", second.body);
    assert_eq!(change(&ann, &id, &first, "Lost").await.code(), "stale");
    let tag = second.header("etag").to_owned();
    assert_ne!(first, tag);
    assert_eq!(ann.get(&format!("/marketplace/{id}")).await.header("etag"), tag, "a write answers with the next tag");
    for (condition, status) in [
        (format!("W/{tag}"), 200),
        ("*".to_owned(), 200),
        (format!("{first}, W/{tag}"), 412),
        ("\"nonsense\"".to_owned(), 412),
        ("nonsense".to_owned(), 412),
        (String::new(), 412),
    ] {
        let answer = change(&ann, &id, &condition, "Three").await;
        assert_eq!(answer.status, status, "{condition}: {:#}", answer.body);
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_of_an_owner_takes_a_condition() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = draft(&ann, whole("One")).await;
    let stale = ann.get(&format!("/marketplace/{id}")).await.header("etag").to_owned();
    assert_eq!(change(&ann, &id, "*", "Two").await.status, 200);
    let version = json!({ "workflowDefinition": definition("two") });
    for (method, path, body) in [
        (Method::PATCH, "", json!({ "name": "Three" })),
        (Method::POST, "/publish", Value::Null),
        (Method::POST, "/unpublish", Value::Null),
        (Method::POST, "/versions", version),
        (Method::DELETE, "", Value::Null),
    ] {
        let request = ann.request(method.clone(), &format!("/marketplace/{id}{path}")).header("if-match", &stale);
        assert_eq!(ann.send(request.json(&body)).await.code(), "stale", "{method} {path}");
    }
    assert_eq!(ann.get(&format!("/marketplace/{id}")).await.body["name"], "Two");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_do_does_not_stand_in_an_owners_way() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let eve = host.user("eve@example.com").await;
    let id = published(&ann, whole("One")).await;
    let tag = ann.get(&format!("/marketplace/{id}")).await.header("etag").to_owned();
    assert_eq!(install(&eve, &id).await.status, 201);
    assert_eq!(eve.post(&format!("/marketplace/{id}/reviews"), &json!({ "rating": 4 })).await.status, 201);
    assert_ne!(ann.get(&format!("/marketplace/{id}")).await.header("etag"), tag, "the counts are others");
    assert_eq!(change(&ann, &id, &tag, "Two").await.status, 200);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_writes_for_one_version_at_once_one_is_done() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = draft(&ann, whole("None")).await;
    let tag = ann.get(&format!("/marketplace/{id}")).await.header("etag").to_owned();
    let names: Vec<_> = (0..6).map(|number| format!("Name {number}")).collect();
    let (ann, id, tag) = (&ann, id.as_str(), tag.as_str());
    let answers = futures_util::future::join_all(names.iter().map(|name| change(ann, id, tag, name))).await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(done.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "stale"));
    assert_eq!(ann.get(&format!("/marketplace/{id}")).await.body["name"], done[0].body["name"]);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_without_a_condition_at_once_are_all_done() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = draft(&ann, whole("None")).await;
    let place = format!("/marketplace/{id}");
    let (ann, path) = (&ann, place.as_str());
    let changes = (0..20).map(|number| async move {
        let change = json!({ "tagline": format!("Number {number}") });
        ann.patch(path, &change).await.status
    });
    assert_eq!(futures_util::future::join_all(changes).await, [200; 20]);
    assert!(ann.get(path).await.header("etag").starts_with("\"21-"));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_has_it_gets_no_body() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = published(&ann, whole("One")).await;
    for path in [
        "/marketplace".to_owned(),
        "/marketplace?q=one".to_owned(),
        "/marketplace?developer=nobody".to_owned(),
        "/marketplace/popular".to_owned(),
        "/marketplace/recent".to_owned(),
        "/marketplace/featured".to_owned(),
        "/marketplace/stats".to_owned(),
        "/marketplace/category/productivity".to_owned(),
        "/marketplace/developer/ann".to_owned(),
        format!("/marketplace/{id}"),
        format!("/marketplace/{id}/versions"),
        format!("/marketplace/{id}/reviews"),
    ] {
        let first = public(&host, &path).await;
        let tag = first.header("etag").to_owned();
        assert_eq!((first.status, first.header("cache-control")), (200, "public, no-cache"), "{path}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = conditional(&host, &path, &known).await;
            assert_eq!((again.status, again.header("etag")), (304, tag.as_str()), "{path} {known}");
            assert_eq!(again.body, "", "{path}");
        }
        assert_eq!(conditional(&host, &path, "\"other\"").await.body, first.body, "{path}");
    }
    let tag = public(&host, "/marketplace").await.header("etag").to_owned();
    published(&ann, whole("Two")).await;
    assert_eq!(conditional(&host, "/marketplace", &tag).await.status, 200, "the list is another now");
    assert_eq!(listed(&host, "/marketplace").await.1, 2);
    let own = ann.get(&format!("/marketplace/{id}")).await;
    assert_eq!(own.header("cache-control"), "private, no-cache", "no shared cache keeps what an owner sees");
    assert_eq!(own.header("vary"), "Authorization");
    host.finish().await;
}

async fn conditional(host: &TestHost, path: &str, tag: &str) -> Answer {
    host.send(host.anonymous(Method::GET, path).header("if-none-match", tag)).await
}
