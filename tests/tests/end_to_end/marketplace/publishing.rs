//! Making and publishing workflows: what is taken, and everything that is wrong at once.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{TestHost, TestUser, time_of};

use super::{definition, draft, listed, market, pointers, public, published, whole, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_its_owners_until_it_is_published() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let made =
        ann.post("/marketplace", &with(whole("Daily Café"), json!({ "tags": ["Coffee", "coffee", "Tea"] }))).await;
    assert_eq!(made.status, 201, "{:#}", made.body);
    let id = made.body["id"].as_str().expect("an id").to_owned();
    assert_eq!(made.header("location"), format!("/marketplace/{id}"));
    assert!(made.header("etag").starts_with("\"1-"), "{made:?}");
    let is = |field: &str, value: Value| assert_eq!(made.body[field], value, "{field}");
    is("status", "draft".into());
    is("slug", "daily-cafe".into());
    is("tags", json!(["Coffee", "Tea"]));
    is("pricing", json!({ "model": "free", "cents": 0 }));
    is("visibility", "public".into());
    is("workflowDefinition", definition("hi"));
    is("requiredOauthProviders", json!([]));
    is("averageRating", Value::Null);
    is("workflowVersion", 1.into());
    assert_eq!(public(&host, &format!("/marketplace/{id}")).await.code(), "workflow-not-found");
    assert_eq!(ann.get(&format!("/marketplace/{id}")).await.body, made.body);

    let shown = ann.post(&format!("/marketplace/{id}/publish"), &json!({})).await;
    assert_eq!((shown.status, &shown.body["status"]), (200, &"published".into()), "{:#}", shown.body);
    assert!(time_of(&shown.body["publishedAt"]) >= time_of(&made.body["createdAt"]), "{:#}", shown.body);
    for place in [id.as_str(), "daily-cafe"] {
        let detail = public(&host, &format!("/marketplace/{place}")).await;
        assert_eq!((detail.status, &detail.body), (200, &shown.body), "{place}");
    }
    assert_eq!(listed(&host, "/marketplace").await, (vec![id.clone()], 1));
    let again = ann.post(&format!("/marketplace/{id}/publish"), &json!({})).await;
    assert_eq!((again.status, &again.body), (200, &shown.body), "publishing twice changes nothing");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_problems_of_what_is_sent_are_listed_at_once() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let bad = json!({
        "name": "!!!",
        "slug": "No Slug",
        "tagline": "x".repeat(161),
        "description": "a\0b",
        "category": "nowhere",
        "tags": ["!", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"],
        "pricing": { "model": "one-time", "cents": 5 },
    });
    let expected = ["/category", "/description", "/name", "/pricing/cents", "/slug", "/tagline", "/tags", "/tags/0"];
    let id = draft(&ann, whole("Fine")).await;
    let refused = ann.patch(&format!("/marketplace/{id}"), &bad).await;
    assert_eq!(pointers(&refused), expected);
    let refused = ann.post("/marketplace", &with(bad, json!({ "workflowDefinition": "text" }))).await;
    let mut expected = expected.to_vec();
    expected.push("/workflowDefinition");
    assert_eq!(pointers(&refused), expected);
    assert_eq!(ann.get("/developers/me/workflows").await.body["total"], 1, "nothing of it was stored");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_keeps_a_workflow_from_being_published_is_listed_at_once() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    published(&ann, whole("Taken")).await;
    // Put together here, so that no file of this repository holds what scanners look for.
    let secret = format!("xoxb-{}", "1234567890-abcdefghijkl");
    let definition = json!({
        "name": "Wrong",
        "trigger": { "integration": "nobody", "trigger": "calls", "config": {} },
        "steps": [
            { "id": "first", "uses": "nobody.acts", "with": {} },
            { "id": "second", "uses": "hello.echo", "with": { "message": secret } },
            { "id": "third", "uses": "hello.echo", "with": { "message": "{{ steps.fourth.output.message }}" } },
            { "id": "fourth", "uses": "hello.echo", "with": {} },
        ],
    });
    let bob = host.developer("bob@example.com", "bob").await;
    let id = draft(&bob, json!({ "name": "TAKEN", "slug": "taken", "workflowDefinition": definition })).await;
    let refused = bob.post(&format!("/marketplace/{id}/publish"), &json!({})).await;
    let expected = [
        "/description",
        "/name",
        "/slug",
        "/tagline",
        "/workflowDefinition/steps/0/uses",
        "/workflowDefinition/steps/1/with/message",
        "/workflowDefinition/steps/2/with/message",
        "/workflowDefinition/steps/3",
        "/workflowDefinition/trigger/trigger",
    ];
    assert_eq!(pointers(&refused), expected, "{:#}", refused.body);
    assert!(!refused.body.to_string().contains(&secret[..9]), "what looks like a credential is repeated");
    assert_eq!(bob.get(&format!("/marketplace/{id}")).await.body["status"], "draft");

    // What has not even the form of a workflow.
    let id = draft(
        &bob,
        with(whole("Half"), json!({ "workflowDefinition": { "steps": [{ "uses": 7 }], "secret": secret } })),
    )
    .await;
    let refused = bob.post(&format!("/marketplace/{id}/publish"), &json!({})).await;
    let found = pointers(&refused);
    for place in ["/workflowDefinition/secret", "/workflowDefinition/steps/0"] {
        assert!(found.iter().any(|pointer| pointer.starts_with(place)), "{place} is not among {:#}", refused.body);
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_slugs_are_unique_among_what_everybody_sees() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let bob = host.developer("bob@example.com", "bob").await;
    let hers = published(&ann, with(whole("Daily Café"), json!({ "slug": "daily" }))).await;
    let refused = ann.post("/marketplace", &with(whole("Another"), json!({ "slug": "daily" }))).await;
    assert_eq!(pointers(&refused), ["/slug"], "a developer has a slug once, whatever its state");

    let his = draft(&bob, with(whole("daily-CAFE!"), json!({ "slug": "his" }))).await;
    let publish = format!("/marketplace/{his}/publish");
    assert_eq!(pointers(&bob.post(&publish, &json!({})).await), ["/name"]);
    let change = async |change: Value| bob.patch(&format!("/marketplace/{his}"), &change).await;
    assert_eq!(change(json!({ "name": "His", "slug": "daily" })).await.status, 200);
    assert_eq!(pointers(&bob.post(&publish, &json!({})).await), ["/slug"]);
    // What only he sees takes nothing from anybody.
    assert_eq!(change(json!({ "name": "Daily cafe", "visibility": "private" })).await.status, 200);
    assert_eq!(bob.post(&publish, &json!({})).await.status, 200);
    assert_eq!(pointers(&change(json!({ "visibility": "public" })).await), ["/name", "/slug"]);

    super::done(&ann, &hers, "unpublish").await;
    assert_eq!(change(json!({ "visibility": "public" })).await.status, 200);
    let refused = ann.post(&format!("/marketplace/{hers}/publish"), &json!({})).await;
    assert_eq!(pointers(&refused), ["/name", "/slug"], "it went to who came first");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_is_in_bounds_and_in_whole_cents() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = draft(&ann, whole("Priced")).await;
    let change = async |model: &str, cents: Value| {
        let pricing = json!({ "pricing": { "model": model, "cents": cents } });
        ann.patch(&format!("/marketplace/{id}"), &pricing).await
    };
    for (model, cents) in [("free", 0), ("one-time", 100), ("monthly", 99_900)] {
        let changed = change(model, cents.into()).await;
        assert_eq!(changed.body["pricing"], json!({ "model": model, "cents": cents }), "{:#}", changed.body);
    }
    for (model, cents) in [("free", 100), ("one-time", 0), ("monthly", 99), ("one-time", 99_901)] {
        assert_eq!(pointers(&change(model, cents.into()).await), ["/pricing/cents"], "{model} {cents}");
    }
    for (model, cents) in
        [("free", json!(-1)), ("monthly", json!(100.5)), ("gratis", json!(0)), ("monthly", json!("100"))]
    {
        assert_eq!(change(model, cents).await.code(), "invalid-body");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_may_be_yaml() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let yaml = "# Says hi.\nname: Echo\ntrigger: { manual: {} }\nsteps:\n  - id: say\n    uses: hello.echo\n    with: { message: hi }\n";
    let mut body = whole("From YAML");
    body.as_object_mut().expect("an object").remove("workflowDefinition");
    let made = ann.post("/marketplace", &with(body.clone(), json!({ "workflowYaml": yaml }))).await;
    assert_eq!(made.body["workflowDefinition"], definition("hi"), "{:#}", made.body);
    assert_eq!(made.body["source"], json!({ "format": "yaml", "text": yaml }));
    let as_json = ann.post("/marketplace", &whole("From JSON")).await;
    let source = &as_json.body["source"];
    assert_eq!(source, &json!({ "format": "json", "text": definition("hi").to_string() }), "{:#}", as_json.body);
    let bare = ann.post("/marketplace", &with(body.clone(), json!({ "name": "Bare" }))).await;
    assert_eq!((bare.status, bare.body.get("source")), (201, None), "{:#}", bare.body);
    let both = with(whole("Both"), json!({ "workflowYaml": yaml }));
    assert_eq!(ann.post("/marketplace", &both).await.code(), "invalid-body");
    for broken in ["", "name: [", "name: Echo\nname: Echo\n", "a: &a [*a]\n", "name: Echo\nsteps: no\n"] {
        let refused = ann.post("/marketplace", &with(body.clone(), json!({ "workflowYaml": broken }))).await;
        let found = pointers(&refused);
        assert!(!found.is_empty() && found.iter().all(|pointer| pointer.starts_with("/workflowYaml")), "{found:?}");
        assert!(refused.body["errors"][0]["line"].is_u64(), "{:#}", refused.body);
    }
    let slip = with(body.clone(), json!({ "workflowYaml": "name: Echo\nzip: 01234\n" }));
    let refused = ann.post("/marketplace", &slip).await;
    let place = &refused.body["errors"][0];
    assert_eq!((&place["line"], &place["column"]), (&json!(2), &json!(6)), "{:#}", refused.body);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn required_providers_are_computed_and_not_believed() {
    // In development what an integration asks for is granted.
    let host = TestHost::builder().plugin("github").guest("hello").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let claimed = with(whole("Claims"), json!({ "requiredOauthProviders": ["slack"] }));
    assert_eq!(ann.post("/marketplace", &claimed).await.code(), "invalid-body");

    let definition = json!({
        "name": "Issue",
        "trigger": { "manual": {} },
        "steps": [{ "id": "open", "uses": "github.create-issue", "with": { "owner": "acme", "repo": "app", "title": "hi" } }],
    });
    let id = published(&ann, with(whole("Issues"), json!({ "workflowDefinition": definition }))).await;
    published(&ann, whole("Echo")).await;
    assert_eq!(providers(&ann, &id).await, json!(["github"]));
    assert_eq!(listed(&host, "/marketplace?provider=github").await, (vec![id.clone()], 1));
    let version = json!({ "workflowDefinition": self::definition("hi") });
    assert_eq!(ann.post(&format!("/marketplace/{id}/versions"), &version).await.status, 201);
    assert_eq!(providers(&ann, &id).await, json!([]));
    assert_eq!(listed(&host, "/marketplace?provider=github").await.1, 0);
    host.finish().await;
}

async fn providers(user: &TestUser<'_>, id: &str) -> Value {
    user.get(&format!("/marketplace/{id}")).await.body["requiredOauthProviders"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_developers_publish_and_only_what_is_theirs() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let eve = host.user("eve@example.com").await;
    let bob = host.developer("bob@example.com", "bob").await;
    assert_eq!(eve.post("/marketplace", &whole("Hers")).await.code(), "developer-required");
    assert_eq!(host.send(host.anonymous(Method::POST, "/marketplace").json(&whole("Hers"))).await.status, 401);
    let id = published(&ann, whole("Echo")).await;
    let place = format!("/marketplace/{id}");
    for other in [&eve, &bob] {
        assert_eq!(other.patch(&place, &json!({ "name": "Mine" })).await.code(), "not-owner");
        assert_eq!(other.post(&format!("{place}/unpublish"), &json!({})).await.code(), "not-owner");
        assert_eq!(other.delete(&place).await.code(), "not-owner");
        assert_eq!(other.put(&format!("{place}/featured"), &json!({ "position": 1 })).await.code(), "admin-only");
    }
    let limited = host.user_for("ann@example.com", &["marketplace"]).await;
    assert_eq!(limited.patch(&place, &json!({ "name": "Mine" })).await.code(), "insufficient-scope");
    host.finish().await;
}
