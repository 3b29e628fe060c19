//! Requests to the addresses of installations.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::json;
use sha2::Sha256;
use workway_runs::{Origin, ReceiveError, Received, StartError, webhook::WebhookRequest};

use crate::{
    actions::step,
    world::{Host, World},
};

const TOKEN: &str = "first-token";

async fn hooked() -> World {
    let world = World::new().await;
    world.install(
        "i",
        json!({
            "name": "test",
            "inputs": { "type": "object", "required": ["key"],
                "properties": { "key": { "type": "string", "format": "secret", "title": "Key" } } },
            "trigger": { "webhook": { "verify": { "scheme": "github", "secret": "key" }, "respond": true } },
            "steps": [{ "id": "a", "uses": "app.echo", "with": { "body": "{{ trigger.body }}" } }, step("b", "app.echo")],
            "output": "{{ steps.a.output.body }}"
        }),
    );
    world
}

async fn deliver(host: &Host, token: &str, delivery: &str, secret: &str) -> Result<Received, ReceiveError> {
    let body = br#"{"n":1}"#;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("x-hub-signature-256", signature.parse().unwrap());
    headers.insert("x-github-delivery", delivery.parse().unwrap());
    let request = WebhookRequest { method: &Method::POST, headers: &headers, query: None, body };
    host.runs.receive(token, request).await
}

const SECRET: &str = "a secret of sixteen";

async fn count(host: &Host) -> usize {
    host.of_origin(Origin::Webhook).await.len()
}

// n8n 34648: an active webhook answered 404.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_works_as_soon_as_its_installation_was_followed() {
    let world = hooked().await;
    let host = world.idle().await;
    assert!(matches!(deliver(&host, TOKEN, "1", SECRET).await, Err(ReceiveError::UnknownAddress)));
    host.runs.follow("i").await.unwrap();
    let received = deliver(&host, TOKEN, "1", SECRET).await.unwrap();
    assert!(received.respond && received.started.is_new);
    let mut host = host;
    host.work(&world, crate::world::PATIENCE);
    assert_eq!(host.output(&received.started.run).await, json!({ "n": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_delivered_again_starts_nothing_new() {
    let world = hooked().await;
    let host = world.host().await;
    host.runs.follow("i").await.unwrap();
    let first = deliver(&host, TOKEN, "1", SECRET).await.unwrap().started;
    host.end_all(std::slice::from_ref(&first.run)).await;
    host.crash();
    let host = world.host().await;
    let again = deliver(&host, TOKEN, "1", SECRET).await.unwrap().started;
    assert_eq!((&again.run, again.is_new), (&first.run, false));
    let next = deliver(&host, TOKEN, "2", SECRET).await.unwrap().started;
    assert_ne!(next.run, first.run);
    assert_eq!(count(&host).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_address_is_unknown_as_soon_as_it_was_replaced() {
    let world = hooked().await;
    let host = world.host().await;
    host.runs.follow("i").await.unwrap();
    world.shelf.change("i", |installation| installation.webhook_token = Some("second-token".to_owned().into()));
    // Also before the trigger follows, should the host die here.
    assert!(matches!(deliver(&host, TOKEN, "1", SECRET).await, Err(ReceiveError::UnknownAddress)));
    host.runs.follow("i").await.unwrap();
    assert!(matches!(deliver(&host, TOKEN, "1", SECRET).await, Err(ReceiveError::UnknownAddress)));
    deliver(&host, "second-token", "1", SECRET).await.unwrap();
    world.shelf.change("i", |installation| installation.is_uninstalled = true);
    assert!(matches!(deliver(&host, "second-token", "2", SECRET).await, Err(ReceiveError::UnknownAddress)));
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_and_unverified_requests_start_nothing() {
    let world = hooked().await;
    let host = world.host().await;
    host.runs.follow("i").await.unwrap();
    assert!(matches!(deliver(&host, TOKEN, "1", "another secret").await, Err(ReceiveError::Request(_))));
    world.shelf.change("i", |installation| installation.is_paused = true);
    let paused = deliver(&host, TOKEN, "1", SECRET).await;
    assert!(matches!(paused, Err(ReceiveError::Start(StartError::Paused))), "{paused:?}");
    world.shelf.change("i", |installation| installation.is_paused = false);
    assert_eq!(count(&host).await, 0);
    deliver(&host, TOKEN, "1", SECRET).await.unwrap();
}
