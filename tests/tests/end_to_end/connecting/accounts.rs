//! Several accounts of one user at one provider, and which of them a call takes.

use reqwest::{Method, header::ACCEPT};
use serde_json::{Value, json};
use workway_tests::Answer;

use super::support::{Scene, authorize_url, come_back, id_of, is_me};

/// Calls with the accounts that the caller chooses.
async fn me_of(scene: &Scene, connections: Value) -> Answer {
    let body = json!({ "input": {}, "connections": connections });
    scene.host.post("/registry/actions/account-probe.me/execute", &body).await
}

async fn patch(scene: &Scene, id: &str, body: Value) -> Answer {
    scene.host.send(scene.host.request(Method::PATCH, &format!("/oauth/connections/{id}")).json(&body)).await
}

async fn delete(scene: &Scene, id: &str) -> Answer {
    scene.host.delete(&format!("/oauth/connections/{id}")).await
}

/// The accounts in the order in which they are listed, and whether each is the default one.
async fn accounts(scene: &Scene) -> Vec<(String, bool)> {
    let account = |connection: &Value| {
        let label = connection["account"].as_str().expect("an account has a label");
        (label.to_owned(), connection["default"] == true)
    };
    scene.connections().await.iter().map(account).collect()
}

fn listed(accounts: &[(&str, bool)]) -> Vec<(String, bool)> {
    accounts.iter().map(|(login, is_default)| (format!("{login}@example.test"), *is_default)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_takes_the_default_account_or_the_one_that_is_chosen() {
    let test = "accounts::a_call_takes_the_default_account_or_the_one_that_is_chosen";
    let Some(scene) = Scene::start(test).await else { return };
    let ada = scene.connect(&scene.browser(), "ada", &[]).await;
    let bob = scene.connect(&scene.browser(), "bob", &[]).await;
    assert_ne!(id_of(&ada), id_of(&bob));
    assert_eq!((&ada["default"], &bob["default"]), (&json!(true), &json!(false)));
    assert_eq!(accounts(&scene).await, listed(&[("ada", true), ("bob", false)]));
    scene.assert_me("ada").await;
    is_me(&me_of(&scene, json!({ "idp": id_of(&bob) })).await, "bob");
    is_me(&me_of(&scene, json!({ "idp": id_of(&ada) })).await, "ada");
    is_me(&me_of(&scene, json!({ "keyed": id_of(&bob) })).await, "ada");

    let made = patch(&scene, id_of(&bob), json!({ "default": true })).await;
    assert_eq!((made.status, &made.body["default"], &made.body["id"]), (200, &json!(true), &bob["id"]));
    assert_eq!(accounts(&scene).await, listed(&[("ada", false), ("bob", true)]));
    scene.assert_me("bob").await;
    is_me(&me_of(&scene, json!({ "idp": id_of(&ada) })).await, "ada");

    // Connecting an account again does not make it the default one.
    let again = scene.connect(&scene.browser(), "ada", &[]).await;
    assert_eq!((&again["id"], &again["default"]), (&ada["id"], &json!(false)));

    assert_eq!(delete(&scene, id_of(&bob)).await.status, 200);
    assert_eq!(accounts(&scene).await, listed(&[("ada", true)]), "somebody has to be the default");
    scene.assert_me("ada").await;
    let gone = me_of(&scene, json!({ "idp": id_of(&bob) })).await;
    assert_eq!((gone.status, gone.code()), (401, "auth-required"), "another account was used in its place");
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_another_users_account() {
    let Some(scene) = Scene::start("accounts::nobody_has_another_users_account").await else { return };
    let ada = scene.connect(&scene.browser(), "ada", &[]).await;
    // The user `dev` connects another account, and the same one.
    let mut of_dev = Vec::new();
    for login in ["carol", "ada"] {
        let browser = scene.browser();
        let there = browser.get(authorize_url("idp", &[]).as_str()).await;
        let callback = browser.sign_in(there.header("location"), login).await;
        of_dev.push(come_back(&browser, &callback).await.body);
    }
    scene.keep_tokens().await;
    assert_eq!(accounts(&scene).await, listed(&[("ada", true)]));
    for theirs in &of_dev {
        let id = id_of(theirs);
        assert_ne!(id, id_of(&ada));
        let path = format!("/oauth/connections/{id}");
        for answer in
            [scene.host.get(&path).await, patch(&scene, id, json!({ "default": true })).await, delete(&scene, id).await]
        {
            assert_eq!((answer.status, answer.code()), (404, "connection-not-found"));
        }
        let answer = me_of(&scene, json!({ "idp": id })).await;
        assert_eq!((answer.status, answer.code()), (401, "auth-required"), "the operator used dev's account");
    }
    let request = scene.host.anonymous(Method::POST, "/registry/actions/account-probe.me/execute");
    is_me(&scene.host.send(request.json(&json!({ "input": {} }))).await, "carol");
    let request = scene.host.anonymous(Method::POST, "/registry/actions/account-probe.me/execute");
    let body = json!({ "input": {}, "connections": { "idp": id_of(&ada) } });
    let answer = scene.host.send(request.json(&body)).await;
    assert_eq!((answer.status, answer.code()), (401, "auth-required"), "dev used the operator's account");
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_choice_and_no_change_is_refused() {
    let Some(scene) = Scene::start("accounts::what_is_no_choice_and_no_change_is_refused").await else { return };
    let ada = scene.connect(&scene.browser(), "ada", &[]).await;
    let id = id_of(&ada);
    for connections in [json!({ "idp": 1 }), json!({ "idp": null }), json!([id]), json!({ "Not Valid": id }), json!(id)]
    {
        let answer = me_of(&scene, connections.clone()).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-body"), "{connections}");
    }
    for body in [json!({}), json!({ "default": false }), json!({ "default": 1 }), json!({ "default": true, "id": "x" })]
    {
        let answer = patch(&scene, id, body.clone()).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-body"), "{body}");
    }
    let path = format!("/oauth/connections/{id}");
    let bare = scene.host.request(Method::PATCH, &path).header(ACCEPT, "application/json");
    assert_eq!(scene.host.send(bare).await.code(), "not-json");
    for id in ["nobody-s", "", "..%2F..", &"x".repeat(1_000)] {
        let answer = patch(&scene, id, json!({ "default": true })).await;
        let code = if id.is_empty() { "not-found" } else { "connection-not-found" };
        assert_eq!((answer.status, answer.code()), (404, code), "{id:.20}");
    }
    assert_eq!(scene.connections().await, [ada]);
    scene.finish().await;
}
