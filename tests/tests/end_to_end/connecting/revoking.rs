//! The end of a connection: from the provider's side, and from the user's.

use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION},
};
use serde_json::{Value, json};
use workway_tests::{Answer, Browser};

use super::support::{CLIENT_ID, CLIENT_SECRET, Scene, id_of};

/// Ends a grant as the user does on the provider's own page.
async fn revoke(browser: &Browser, refresh_token: &str) {
    let request = browser.request(Method::POST, "https://id.example.test/token/revocation");
    let request = request.basic_auth(CLIENT_ID, Some(CLIENT_SECRET)).form(&[("token", refresh_token)]);
    assert_eq!(browser.send(request).await.status, 200);
}

/// Whether the provider still takes an access token.
async fn is_good(browser: &Browser, access_token: &str) -> bool {
    let request = browser.request(Method::GET, "https://id.example.test/me").header(ACCEPT, "application/json");
    browser.send(request.header(AUTHORIZATION, format!("Bearer {access_token}"))).await.status == 200
}

async fn delete(scene: &Scene, connection: &Value) -> Answer {
    scene.host.delete(&format!("/oauth/connections/{}", id_of(connection))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_the_provider_ended_has_to_be_given_again() {
    let Some(scene) = Scene::start("revoking::a_grant_that_the_provider_ended_has_to_be_given_again").await else {
        return;
    };
    let browser = scene.browser();
    let connected = scene.connect(&browser, "ada", &[]).await;
    let tokens = scene.provider.tokens().await;
    revoke(&browser, &tokens[1]).await;

    let refused = scene.probe("me").await;
    assert_eq!((refused.status, refused.code()), (401, "auth-required"));
    assert_eq!(scene.refreshes().await, [400]);
    let listed = scene.connections().await;
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &connected["id"]));
    assert_eq!(listed[0]["status"], "needs-reconnect");
    let reason = listed[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("idp") && reason.contains("invalid_grant"), "{reason}");

    // From here on the provider is left alone.
    let before = scene.provider.requests().await.len();
    for action in ["me", "connect", "refresh"] {
        let refused = scene.probe(action).await;
        assert_eq!((refused.status, refused.code()), (401, "auth-required"), "{action}");
        assert!(refused.detail().contains("must be connected again"), "{action}: {}", refused.detail());
    }
    assert_eq!(scene.provider.requests().await.len(), before);

    let again = scene.connect(&browser, "ada", &[]).await;
    assert_eq!((&again["id"], &again["status"], again.get("reason")), (&connected["id"], &json!("active"), None));
    scene.assert_me("ada").await;
    assert_eq!(scene.connections().await, [again]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_deleted_is_revoked_at_the_provider() {
    let test = "revoking::a_connection_that_is_deleted_is_revoked_at_the_provider";
    let Some(scene) = Scene::start(test).await else { return };
    let browser = scene.browser();
    let connected = scene.connect(&browser, "ada", &[]).await;
    let tokens = scene.provider.tokens().await;
    assert!(is_good(&browser, &tokens[0]).await);
    let deleted = delete(&scene, &connected).await;
    assert_eq!((deleted.status, &deleted.body), (200, &json!({ "revoked": "yes" })));
    assert_eq!(scene.answered("/token/revocation").await, [200]);
    assert!(!is_good(&browser, &tokens[0]).await, "the access token outlived its grant");
    assert_eq!(scene.connections().await.len(), 0);
    let gone = delete(&scene, &connected).await;
    assert_eq!((gone.status, gone.code()), (404, "connection-not-found"));
    let refused = scene.probe("me").await;
    assert_eq!((refused.status, refused.code()), (401, "auth-required"));
    let again = scene.connect(&browser, "ada", &[]).await;
    assert_ne!(id_of(&again), id_of(&connected), "a connection that is gone is gone");
    scene.assert_me("ada").await;
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_away_keeps_nobody_from_deleting() {
    let test = "revoking::a_provider_that_is_away_keeps_nobody_from_deleting";
    let Some(scene) = Scene::start(test).await else { return };
    let connected = scene.connect(&scene.browser(), "ada", &[]).await;
    let Scene { host, provider } = scene;
    provider.end().await;
    let deleted = host.delete(&format!("/oauth/connections/{}", id_of(&connected))).await;
    assert_eq!((deleted.status, &deleted.body), (200, &json!({ "revoked": "no" })));
    assert_eq!(host.get("/oauth/connections").await.body, json!({ "items": [] }));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_renewal_gives_for_a_deleted_connection_is_revoked_too() {
    let test = "revoking::what_a_renewal_gives_for_a_deleted_connection_is_revoked_too";
    let Some(scene) = Scene::start(test).await else { return };
    let browser = scene.browser();
    let connected = scene.connect(&browser, "ada", &[]).await;
    scene.provider.expire_access().await;
    scene.provider.hold().await;
    let deleting = async {
        // The provider has given new tokens out, and the host does not have them yet.
        scene.provider.held().await;
        let deleted = delete(&scene, &connected).await;
        scene.provider.release().await;
        deleted
    };
    let (answer, deleted) = tokio::join!(scene.probe("me"), deleting);
    assert_eq!(deleted.status, 200, "{:#}", deleted.body);
    assert_eq!((answer.status, answer.code()), (401, "auth-required"));
    assert_eq!(scene.connections().await.len(), 0, "the renewal brought the connection back");
    assert_eq!(scene.refreshes().await, [200]);
    assert_eq!(scene.answered("/token/revocation").await, [200, 200], "the old refresh token, and the new one");
    for token in scene.provider.tokens().await {
        assert!(!is_good(&browser, &token).await, "a token is still good that nobody has");
    }
    scene.finish().await;
}
