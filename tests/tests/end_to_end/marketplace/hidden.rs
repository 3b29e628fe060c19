//! Drafts and what is private, unpublished or deleted: it is in no list, count, search or detail of others, in no state and
//! by no name.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{TestHost, TestUser};

use super::{definition, done, draft, install, listed, market, public, published, texts, whole, with};

/// A word that nothing but hidden workflows has.
const WORD: &str = "quixotry";

/// One that has the word everywhere.
fn hushed(name: &str) -> Value {
    with(
        whole(&format!("{name} {WORD}")),
        json!({
            "slug": format!("{name}-{WORD}").to_lowercase(),
            "tagline": format!("About {WORD}"),
            "description": format!("Much {WORD}"),
            "tags": [WORD],
            "category": "security",
        }),
    )
}

/// What is hidden, of all kinds: by id and slug.
async fn hide(host: &TestHost, owner: &TestUser<'_>, user: &TestUser<'_>) -> Vec<(String, String)> {
    let mut hidden = vec![(draft(owner, hushed("Draft")).await, "draft")];
    let private = published(owner, with(hushed("Private"), json!({ "visibility": "private" }))).await;
    hidden.push((private, "private"));
    // These were to be seen, and were installed, reviewed and put forward.
    for name in ["Unpublished", "Deleted", "Withdrawn"] {
        let id = published(owner, hushed(name)).await;
        assert_eq!(listed(host, &format!("/marketplace?q={WORD}")).await, (vec![id.clone()], 1));
        assert_eq!(install(user, &id).await.status, 201);
        assert_eq!(user.post(&format!("/marketplace/{id}/reviews"), &json!({ "rating": 5 })).await.status, 201);
        let featured =
            host.request(Method::PUT, &format!("/marketplace/{id}/featured")).json(&json!({ "position": 0 }));
        assert_eq!(host.send(featured).await.status, 200);
        match name {
            "Unpublished" => done(owner, &id, "unpublish").await,
            "Deleted" => assert_eq!(owner.delete(&format!("/marketplace/{id}")).await.status, 204),
            _ => {
                let private = owner.patch(&format!("/marketplace/{id}"), &json!({ "visibility": "private" })).await;
                assert_eq!(private.status, 200);
            }
        }
        hidden.push((id, name));
    }
    hidden.into_iter().map(|(id, name)| (id, format!("{name}-{WORD}").to_lowercase())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_is_in_no_list_count_or_search() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let eve = host.user("eve@example.com").await;
    let shown = published(&ann, with(whole("Plain"), json!({ "tags": ["plain"] }))).await;
    let before = public(&host, "/marketplace/stats").await.body;
    let hidden = hide(&host, &ann, &eve).await;

    let mut everything =
        vec!["/marketplace?".to_owned(), "/marketplace/popular?".into(), "/marketplace/recent?".into()];
    everything.extend([
        "/marketplace/developer/ann?".into(),
        "/marketplace?developer=ann&".into(),
        "/marketplace?pricing=free&".into(),
    ]);
    for sort in ["popular", "recent", "rating", "name", "relevance"] {
        everything.push(format!("/marketplace?sortBy={sort}&order=asc&"));
        everything.push(format!("/marketplace?sortBy={sort}&order=desc&"));
    }
    for path in everything {
        assert_eq!(listed(&host, &format!("{path}limit=100")).await, (vec![shown.clone()], 1), "{path}");
        assert_eq!(listed(&host, &format!("{path}offset=1")).await, (vec![], 1), "{path}");
    }
    let mut nothing = vec!["/marketplace/featured".to_owned(), "/marketplace/category/security".into()];
    nothing.extend(["category=security", "minRating=1"].map(|filter| format!("/marketplace?{filter}")));
    // Whole, begun, mistyped and among others.
    for text in [WORD, "quix", "quixotyr", "quixotr", "draft", "private", "unpublished", "deleted", "quixotry plain"] {
        nothing.push(format!("/marketplace?q={text}"));
    }
    nothing.push(format!("/marketplace?tag={WORD}"));
    for path in nothing {
        assert_eq!(listed(&host, &path).await, (vec![], 0), "{path}");
    }
    assert_eq!(
        public(&host, "/marketplace/stats").await.body,
        before,
        "installs and reviews of what is hidden count nowhere"
    );

    // The lists of its owner and of the operator are those of everybody; only one list is the owner's own.
    for list in [ann.get("/marketplace").await, host.get("/marketplace").await, eve.get("/marketplace").await] {
        assert_eq!(texts(&list, "id"), [shown.as_str()]);
    }
    let own = texts(&ann.get("/developers/me/workflows").await, "id");
    let kept = hidden.iter().filter(|(_, slug)| !slug.starts_with("deleted")).count();
    assert_eq!(own.len(), kept + 1);
    assert_eq!(eve.get("/developers/me/workflows").await.code(), "developer-required");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_is_not_there_for_others_by_any_route() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let (eve, bob) = (host.user("eve@example.com").await, host.developer("bob@example.com", "bob").await);
    let hidden = hide(&host, &ann, &eve).await;
    for (id, slug) in &hidden {
        for place in [format!("/marketplace/{id}"), format!("/marketplace/{slug}")] {
            for below in ["", "/versions", "/reviews", "/screenshots/shot_0"] {
                let path = format!("{place}{below}");
                for answer in [public(&host, &path).await, eve.get(&path).await, bob.get(&path).await] {
                    assert_eq!((answer.status, answer.code()), (404, "workflow-not-found"), "{path}");
                }
            }
            let version = json!({ "workflowDefinition": definition("mine") });
            for (method, below, body) in [
                (Method::PATCH, "", json!({ "name": "Mine" })),
                (Method::DELETE, "", Value::Null),
                (Method::POST, "/publish", Value::Null),
                (Method::POST, "/unpublish", Value::Null),
                (Method::POST, "/versions", version),
                (Method::POST, "/install", Value::Null),
                (Method::DELETE, "/install", Value::Null),
                (Method::POST, "/reviews", json!({ "rating": 1 })),
                (Method::DELETE, "/screenshots/shot_0", Value::Null),
            ] {
                let path = format!("{place}{below}");
                let answer = bob.send(bob.request(method.clone(), &path).json(&body)).await;
                assert_eq!((answer.status, answer.code()), (404, "workflow-not-found"), "{method} {path}");
            }
            assert_eq!(bob.get(&format!("{place}/install")).await.code(), "not-installed");
        }
    }
    // Its owner sees it, by both names, unless it is deleted.
    for (id, slug) in hidden.iter().filter(|(_, slug)| !slug.starts_with("deleted")) {
        for place in [id, slug] {
            for below in ["", "/versions", "/reviews"] {
                assert_eq!(ann.get(&format!("/marketplace/{place}{below}")).await.status, 200, "{place}{below}");
            }
        }
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn featured_ones_stand_in_the_operators_order_while_everybody_may_see_them() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let mut ids = Vec::new();
    for name in ["One", "Two", "Three"] {
        ids.push(published(&ann, whole(name)).await);
    }
    let feature = async |id: &str, position: Value| {
        let request = host.request(Method::PUT, &format!("/marketplace/{id}/featured"));
        host.send(request.json(&json!({ "position": position }))).await
    };
    for (id, position) in ids.iter().zip([7, 3, 5]) {
        let answer = feature(id, position.into()).await;
        assert_eq!((answer.status, &answer.body["featured"]), (200, &true.into()), "{:#}", answer.body);
    }
    let order = |places: &[usize]| places.iter().map(|place| ids[*place].clone()).collect::<Vec<_>>();
    assert_eq!(listed(&host, "/marketplace/featured").await, (order(&[1, 2, 0]), 3));
    assert_eq!(listed(&host, "/marketplace/featured?limit=1&offset=1").await, (order(&[2]), 3));
    assert_eq!(feature(&ids[0], 0.into()).await.status, 200);
    assert_eq!(listed(&host, "/marketplace/featured").await, (order(&[0, 1, 2]), 3));
    for _ in 0..2 {
        assert_eq!(host.delete(&format!("/marketplace/{}/featured", ids[1])).await.status, 204);
    }
    done(&ann, &ids[2], "unpublish").await;
    assert_eq!(listed(&host, "/marketplace/featured").await, (order(&[0]), 1));
    assert_eq!(feature(&ids[2], 1.into()).await.code(), "not-published");
    done(&ann, &ids[2], "publish").await;
    assert_eq!(listed(&host, "/marketplace/featured").await, (order(&[0]), 1), "it was taken out with the listing");
    for position in [json!(-1), json!("first"), json!(1.5), json!(4_294_967_296_u64)] {
        assert_eq!(feature(&ids[0], position).await.code(), "invalid-body");
    }
    assert_eq!(feature("wf_nothing", 1.into()).await.code(), "workflow-not-found");
    host.finish().await;
}
