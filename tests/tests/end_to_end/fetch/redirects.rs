//! What a redirect takes along, and where it may lead.

use serde_json::json;
use workway_tests::TestHost;

use super::{fetch, kind};
use crate::upstream::{Upstream, text, with_header};

const TOKEN: &str = "ww-redirect-token";

/// Two hosts, both granted: `api` sends its callers wherever their query says, `files` is somewhere to arrive.
async fn two_hosts() -> (TestHost, Upstream, Upstream) {
    let api = Upstream::start(async |seen| {
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        match path.strip_prefix('/').and_then(|status| status.parse().ok()) {
            Some(status) => with_header(status, "location", query.as_bytes()),
            None => text("the api"),
        }
    })
    .await;
    let files = Upstream::start(async |_| text("the files")).await;
    let host = TestHost::builder()
        .guest("fetch-probe")
        .upstream("api.example.com", api.origin())
        .upstream("files.example.com", files.origin())
        // The token might go to each of these, if the guest asked there first.
        .config("[providers.example]\nhosts = [\"*.example.com\", \"https://api.example.com:8443\"]")
        .start()
        .await;
    assert_eq!(host.connect("example", TOKEN, &[]).await.status, 201);
    (host, api, files)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_stays_with_its_host() {
    let (host, api, files) = two_hosts().await;
    let url = "https://api.example.com/302?https://files.example.com/report";
    let outcome = fetch(&host, json!({ "url": url, "auth": true })).await;
    assert_eq!(
        (&outcome["ok"]["body"], &outcome["ok"]["url"]),
        (&json!("the files"), &json!("https://files.example.com/report"))
    );
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(api.seen()[0].header("authorization"), Some(bearer.as_str()));
    let arrived = &files.seen()[0];
    assert_eq!((arrived.header("authorization"), arrived.header("host")), (None, Some("files.example.com")));
    let url = "https://api.example.com/307?/end";
    assert_eq!(fetch(&host, json!({ "url": url, "auth": true })).await["ok"]["body"], "the api");
    assert_eq!(api.seen()[2].header("authorization"), Some(bearer.as_str()), "the same host keeps it");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_port_is_another_host() {
    let (host, api, _files) = two_hosts().await;
    let url = "https://api.example.com/302?https://api.example.com:8443/end";
    assert_eq!(fetch(&host, json!({ "url": url, "auth": true })).await["ok"]["body"], "the api");
    let seen = api.seen();
    assert!(seen[0].header("authorization").is_some() && seen[1].header("authorization").is_none(), "{seen:?}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_goes_only_where_a_request_may() {
    let (host, api, files) = two_hosts().await;
    for target in [
        "https://evil.example.org/",
        "https://example.com/",
        "http://api.example.com/",
        "//evil.example.org/",
        "https://api.example.com:444/",
        "https://user@api.example.com/",
        "file:///etc/passwd",
        "data:text/plain,x",
    ] {
        for status in [301, 302, 303, 307, 308] {
            let outcome = fetch(&host, json!({ "url": format!("https://api.example.com/{status}?{target}") })).await;
            assert_eq!(kind(&outcome), "denied", "{status} to {target}");
        }
    }
    assert!(api.seen().iter().all(|seen| seen.target.starts_with("/30")), "a redirect was followed");
    assert_eq!(files.seen().len(), 0);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_without_end_are_given_up() {
    let upstream = Upstream::start(async |_| with_header(302, "location", b"/again")).await;
    let host = super::host_with(&upstream).await;
    let outcome = fetch(&host, json!({ "url": "https://api.example.com/" })).await;
    assert!(outcome["err"].is_object(), "{outcome}");
    assert_eq!(upstream.seen().len(), 11, "the request and ten redirects");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_and_bodies_change_as_browsers_have_it() {
    let (host, _api, files) = two_hosts().await;
    for (status, method, expected) in
        [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT")]
    {
        let url = format!("https://api.example.com/{status}?https://files.example.com/");
        let outcome = fetch(&host, json!({ "url": url, "method": method, "body": "a body" })).await;
        assert_eq!(outcome["ok"]["body"], "the files", "{status} {method}");
        let arrived = files.seen().pop().expect("a request arrived");
        assert_eq!(arrived.method, expected, "{status} {method}");
        assert_eq!(arrived.body.is_empty(), expected == "GET", "{status} {method}");
    }
    host.finish().await;
}
