//! Versions, taking a workflow out, and what stays with those who have it.

use serde_json::{Value, json};
use workway_tests::{TestHost, TestUser};

use super::{definition, done, draft, install, listed, market, pointers, public, published, whole, with};

/// Version and definition that a user has of a workflow, and whether it is active.
async fn installed(user: &TestUser<'_>, id: &str) -> (u64, Value, bool) {
    let answer = user.get(&format!("/marketplace/{id}/install")).await;
    assert_eq!((answer.status, &answer.body["workflowId"]), (200, &id.into()), "{:#}", answer.body);
    let number = answer.body["workflowVersion"].as_u64().expect("a number");
    (number, answer.body["workflowDefinition"].clone(), answer.body["active"] == true)
}

async fn add_version(developer: &TestUser<'_>, id: &str, message: &str) {
    let body = json!({ "workflowDefinition": definition(message), "changelog": format!("Says {message}") });
    let added = developer.post(&format!("/marketplace/{id}/versions"), &body).await;
    assert_eq!((added.status, &added.body["workflowDefinition"]), (201, &definition(message)), "{:#}", added.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_is_for_new_installations() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let (eve, bob) = (host.user("eve@example.com").await, host.user("bob@example.com").await);
    let id = published(&ann, whole("Echo")).await;
    assert_eq!(install(&eve, &id).await.body["workflowVersion"], 1);
    add_version(&ann, &id, "two").await;
    assert_eq!(install(&bob, &id).await.body["workflowVersion"], 2);
    assert_eq!(install(&eve, &id).await.body["workflowVersion"], 1, "installing what is installed changes nothing");
    assert_eq!(installed(&eve, &id).await, (1, definition("hi"), true));
    assert_eq!(installed(&bob, &id).await, (2, definition("two"), true));
    assert_eq!(eve.delete(&format!("/marketplace/{id}/install")).await.status, 204);
    assert_eq!(install(&eve, &id).await.status, 201);
    assert_eq!(installed(&eve, &id).await, (2, definition("two"), true), "anew in the present version");

    let versions = public(&host, &format!("/marketplace/{id}/versions")).await;
    let items = versions.body["items"].as_array().expect("a list");
    let numbers: Vec<_> = items.iter().map(|item| item["number"].as_u64().expect("a number")).collect();
    assert_eq!((numbers, &items[0]["changelog"]), (vec![2, 1], &"Says two".into()));
    let hashes: Vec<_> = items.iter().map(|item| item["contentHash"].as_str().expect("a hash")).collect();
    assert!(hashes.iter().all(|hash| hash.len() == 64) && hashes[0] != hashes[1], "{hashes:?}");
    assert_eq!(public(&host, &format!("/marketplace/{id}")).await.body["workflowVersion"], 2);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_of_what_is_published_is_whole_and_of_a_draft_may_be_half() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let half = json!({ "workflowDefinition": { "name": "Half", "steps": [{ "id": "a", "uses": "nobody.acts" }] } });
    let id = draft(&ann, whole("Draft")).await;
    assert_eq!(ann.post(&format!("/marketplace/{id}/versions"), &half).await.status, 201);
    let id = published(&ann, whole("Published")).await;
    let place = format!("/marketplace/{id}/versions");
    let refused = ann.post(&place, &half).await;
    assert!(pointers(&refused).iter().all(|pointer| pointer.starts_with("/workflowDefinition")), "{:#}", refused.body);
    let huge = json!({ "workflowDefinition": { "name": "x".repeat(256 << 10) } });
    assert!(pointers(&ann.post(&place, &huge).await).contains(&"/workflowDefinition"));
    let long = json!({ "workflowDefinition": definition("hi"), "changelog": "x".repeat(4_001) });
    assert_eq!(pointers(&ann.post(&place, &long).await), ["/changelog"]);
    assert_eq!(ann.post(&place, &json!({ "changelog": "none" })).await.code(), "invalid-body");
    assert_eq!(public(&host, &place).await.body["items"].as_array().expect("a list").len(), 1);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_stays_whole() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = published(&ann, whole("Echo")).await;
    let refused = ann.patch(&format!("/marketplace/{id}"), &json!({ "tagline": " ", "description": "\n" })).await;
    assert_eq!(pointers(&refused), ["/description", "/tagline"]);
    done(&ann, &id, "unpublish").await;
    assert_eq!(ann.patch(&format!("/marketplace/{id}"), &json!({ "tagline": "" })).await.status, 200);
    assert_eq!(pointers(&ann.post(&format!("/marketplace/{id}/publish"), &json!({})).await), ["/tagline"]);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unpublished_is_gone_for_others_and_goes_on_where_it_is_installed() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let (eve, bob) = (host.user("eve@example.com").await, host.user("bob@example.com").await);
    let id = draft(&ann, whole("Echo")).await;
    let unpublish = format!("/marketplace/{id}/unpublish");
    assert_eq!(ann.post(&unpublish, &json!({})).await.code(), "not-published", "of a draft");
    done(&ann, &id, "publish").await;
    install(&eve, &id).await;
    done(&ann, &id, "unpublish").await;
    done(&ann, &id, "unpublish").await;
    assert_eq!(public(&host, &format!("/marketplace/{id}")).await.code(), "workflow-not-found");
    assert_eq!(listed(&host, "/marketplace").await, (vec![], 0));
    assert_eq!(install(&bob, &id).await.code(), "workflow-not-found");
    assert_eq!(install(&ann, &id).await.code(), "not-published");
    assert_eq!(installed(&eve, &id).await, (1, definition("hi"), true));
    done(&ann, &id, "publish").await;
    assert_eq!(public(&host, &format!("/marketplace/{id}")).await.body["activeInstallCount"], 1);
    // The operator may take it out, too, and nothing else.
    let taken = host.post(&unpublish, &json!({})).await;
    assert_eq!((taken.status, &taken.body["status"]), (200, &"unpublished".into()), "{:#}", taken.body);
    assert_eq!(host.post(&format!("/marketplace/{id}/publish"), &json!({})).await.code(), "not-owner");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_stays_with_those_who_have_it() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let (eve, bob) = (host.user("eve@example.com").await, host.user("bob@example.com").await);
    let id = published(&ann, with(whole("Echo"), json!({ "slug": "echo" }))).await;
    install(&eve, &id).await;
    add_version(&ann, &id, "two").await;
    let place = format!("/marketplace/{id}");
    assert_eq!(ann.delete(&place).await.status, 204);
    for answer in [
        ann.delete(&place).await,
        ann.get(&place).await,
        ann.patch(&place, &json!({ "name": "Back" })).await,
        ann.post(&format!("{place}/publish"), &json!({})).await,
        host.get(&place).await,
        public(&host, "/marketplace/echo").await,
        install(&bob, &id).await,
        bob.delete(&format!("{place}/install")).await,
    ] {
        assert_eq!(answer.code(), "workflow-not-found");
    }
    assert_eq!(bob.get(&format!("{place}/install")).await.code(), "not-installed");
    assert_eq!(ann.get("/developers/me/workflows").await.body["total"], 0);
    assert_nothing_public(&host).await;

    assert_eq!(installed(&eve, &id).await, (1, definition("hi"), true), "as it was when it was installed");
    assert_eq!(eve.delete(&format!("{place}/install")).await.status, 204);
    assert_eq!(eve.delete(&format!("{place}/install")).await.status, 204);
    assert_eq!(installed(&eve, &id).await, (1, definition("hi"), false));

    // Its slug and name are free again.
    published(&ann, with(whole("Echo"), json!({ "slug": "echo" }))).await;
    host.finish().await;
}

async fn assert_nothing_public(host: &TestHost) {
    for path in ["/marketplace", "/marketplace/popular", "/marketplace/recent", "/marketplace/developer/ann"] {
        assert_eq!(listed(host, path).await, (vec![], 0), "{path}");
    }
    let stats = public(host, "/marketplace/stats").await;
    for count in ["workflows", "developers", "installs", "activeInstalls", "reviews"] {
        assert_eq!(stats.body[count], 0, "{count}");
    }
}
