//! Providers that know users by a key: it goes into the header that the provider's entry names, and a guest cannot set
//! that header itself.

use serde_json::json;
use workway_tests::{TestHost, keep_secret};

use super::support::{host_of, id_of};
use crate::upstream::{Upstream, text};

const KEY: &str = "s3cr3t-key-2c9e41d07b";
const HEADER: &str = "x-test-key";

/// A host with the API of the keys, and another one that has nothing to do with it.
async fn start() -> (TestHost, Upstream, Upstream) {
    keep_secret(KEY);
    let api = Upstream::start(async |_| text("well received")).await;
    let other = Upstream::start(async |_| text("the other one")).await;
    let builder = TestHost::builder().upstream("api.example.com", api.origin());
    (host_of(builder.upstream("id.example.test", other.origin())).await, api, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_goes_into_the_header_of_its_provider() {
    let (host, api, _other) = start().await;
    let keyed = || host.execute("account-probe.keyed", json!({}));
    let before = keyed().await;
    assert_eq!((before.status, before.code()), (401, "auth-required"));
    let body = json!({ "provider": "keyed", "accessToken": KEY, "account": "the team's key" });
    let connected = host.post("/oauth/connections", &body).await;
    let id = id_of(&connected.body);
    let expected = json!({
        "id": id, "provider": "keyed", "account": "the team's key", "scopes": [], "default": true, "status": "active",
        "variables": {},
    });
    assert_eq!((connected.status, &connected.body), (201, &expected));

    assert_eq!(keyed().await.output(), &json!({ "status": 200, "body": "well received" }));
    let seen = api.seen();
    assert_eq!(seen.len(), 1, "{}", seen.len());
    assert_eq!((seen[0].header(HEADER), seen[0].header("authorization")), (Some(KEY), None));
    assert_eq!(seen[0].target, "/keyed");

    let deleted = host.delete(&format!("/oauth/connections/{id}")).await;
    assert_eq!((deleted.status, &deleted.body), (200, &json!({ "revoked": "not-supported" })));
    assert_eq!(keyed().await.status, 401);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_sets_no_header_that_is_a_credential_there() {
    let (host, api, other) = start().await;
    let body = json!({ "provider": "keyed", "accessToken": KEY, "account": "the team's key" });
    assert_eq!(host.post("/oauth/connections", &body).await.status, 201);
    for auth in [false, true] {
        let input = json!({ "url": "https://api.example.com/keyed", "auth": auth });
        let answer = host.execute("account-probe.own-header", input).await;
        assert_eq!(answer.output()["err"]["kind"], "denied", "{:#}", answer.body);
    }
    assert!(api.seen().is_empty(), "the guest's own key was sent");
    // To a host of nobody's keys it is a header like any other, and the key does not go there.
    let url = "https://id.example.test/me";
    let answer = host.execute("account-probe.own-header", json!({ "url": url })).await;
    assert_eq!(answer.output()["ok"]["body"], "the other one", "{:#}", answer.body);
    assert_eq!(other.seen()[0].header(HEADER), Some("of-the-guest"));
    let answer = host.execute("account-probe.own-header", json!({ "url": url, "auth": true })).await;
    assert!(answer.output()["err"].is_object(), "{:#}", answer.body);
    assert_eq!(other.seen().len(), 1, "the key was sent to another provider's host");
    host.finish().await;
}
