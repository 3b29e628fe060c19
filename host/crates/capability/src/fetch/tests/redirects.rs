//! Redirects between real servers: what goes along, what is left behind, where it ends.

use http::header::{AUTHORIZATION, COOKIE};

use super::{
    client, get, policy, request,
    server::{Server, answer, text},
    token, token_for,
};
use crate::fetch::{EgressPolicy, FetchError, FetchLimits};

/// Answers `/to?<location>` with a redirect there, and everything else with 200.
async fn redirecting(status: u16) -> Server {
    Server::start(move |seen| async move {
        match seen.target.split_once('?') {
            Some(("/to", location)) => answer(status, &[("location", location)], b"moved"),
            _ => text("arrived"),
        }
    })
    .await
}

#[tokio::test]
async fn the_response_names_the_public_address_that_answered() {
    let server = redirecting(302).await;
    let client = client(&[("a.example.com", server.origin()), ("b.example.com", server.origin())]);
    let start = get("https://a.example.com/to?https://b.example.com/there%3Fx");
    let response =
        client.send(&policy(&["*.example.com"]), &FetchLimits::default(), start, None).await.expect("is answered");
    assert_eq!((response.status, response.url.as_str()), (200, "https://b.example.com/there%3Fx"));
    assert_eq!(response.body, b"arrived");
    let authorities: Vec<_> = server.seen().into_iter().map(|seen| seen.authority).collect();
    assert_eq!(authorities, ["a.example.com", "b.example.com"]);
}

#[tokio::test]
async fn credential_stays_on_the_origin_and_is_dropped_across_hosts() {
    let (a, b) = (redirecting(307).await, redirecting(307).await);
    let client = client(&[("a.example.com", a.origin()), ("b.example.com", b.origin())]);
    let policy = policy(&["*.example.com"]);
    let start = get("https://a.example.com/to?/to?https://b.example.com/to?https://a.example.com/back");
    let response =
        client.send(&policy, &FetchLimits::default(), start, Some(&token("s3cret"))).await.expect("is answered");
    assert_eq!(response.url, "https://a.example.com/back");
    let sent = |server: &Server| -> Vec<_> {
        server
            .seen()
            .iter()
            .map(|seen| seen.headers.get(AUTHORIZATION).map(|value| value.to_str().expect("is text").to_owned()))
            .collect()
    };
    let bearer = Some("Bearer s3cret".to_owned());
    assert_eq!(sent(&a), [bearer.clone(), bearer, None], "the way back through another host must not bring it back");
    assert_eq!(sent(&b), [None]);
}

#[tokio::test]
async fn own_credential_headers_are_dropped_across_hosts_and_others_kept() {
    let (a, b) = (redirecting(308).await, redirecting(308).await);
    let client = client(&[("a.example.com", a.origin()), ("b.example.com", b.origin())]);
    let policy = EgressPolicy::new(["*.example.com".parse().expect("is a pattern")], true);
    let headers = [("authorization", "Basic x"), ("cookie", "a=b"), ("x-request", "kept")];
    let start = request("PUT", "https://a.example.com/to?https://b.example.com/there", &headers, Some(b"body"));
    client.send(&policy, &FetchLimits::default(), start, None).await.expect("is answered");
    let [first] = &a.seen()[..] else { panic!("one request") };
    assert!(first.headers.contains_key(AUTHORIZATION) && first.headers.contains_key(COOKIE));
    let [second] = &b.seen()[..] else { panic!("one request") };
    assert!(!second.headers.contains_key(AUTHORIZATION) && !second.headers.contains_key(COOKIE));
    assert_eq!(
        (second.method.as_str(), &second.body[..], &second.headers["x-request"]),
        ("PUT", &b"body"[..], &http::HeaderValue::from_static("kept"))
    );
}

#[tokio::test]
async fn a_post_becomes_a_get_without_body() {
    let server = redirecting(303).await;
    let client = client(&[("a.example.com", server.origin())]);
    let start = request("POST", "https://a.example.com/to?/there", &[("content-type", "text/plain")], Some(b"body"));
    client.send(&policy(&["a.example.com"]), &FetchLimits::default(), start, None).await.expect("is answered");
    let last = server.seen().pop().expect("was asked");
    assert_eq!((last.method.as_str(), last.body.len()), ("GET", 0));
    assert!(!last.headers.contains_key("content-type") && !last.headers.contains_key("content-length"));
}

#[tokio::test]
async fn a_redirect_outside_the_grant_is_denied() {
    let server = redirecting(302).await;
    let client = client(&[("a.example.com", server.origin()), ("evil.org", server.origin())]);
    for location in [
        "https://evil.org/",
        "//evil.org/",
        "https://a.example.com:8443/",
        "http://a.example.com/",
        "file:///etc/passwd",
        "https://u@a.example.com/",
    ] {
        let start = get(&format!("https://a.example.com/to?{location}"));
        let result = client
            .send(&policy(&["a.example.com", "http://a.example.com"]), &FetchLimits::default(), start, None)
            .await;
        assert!(matches!(result, Err(FetchError::Denied(_))), "{location}: {result:?}");
    }
    assert!(server.seen().iter().all(|seen| seen.authority == "a.example.com" && seen.target.starts_with("/to")));
}

#[tokio::test]
async fn a_loop_ends_at_the_limit() {
    let server = Server::start(|_| async { answer(302, &[("location", "/again")], b"") }).await;
    let client = client(&[("a.example.com", server.origin())]);
    let limits = FetchLimits { max_redirects: 3, ..FetchLimits::default() };
    let result = client.send(&policy(&["a.example.com"]), &limits, get("https://a.example.com/"), None).await;
    assert_eq!(result, Err(FetchError::Io("gave up after 3 redirects".to_owned())));
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_redirect_without_a_usable_target_is_the_answer() {
    for location in [None, Some("https://[::1"), Some("http://:99999")] {
        let server = Server::start(move |_| async move {
            let headers: Vec<_> = location.iter().map(|location| ("location", *location)).collect();
            answer(301, &headers, b"moved somewhere")
        })
        .await;
        let client = client(&[("a.example.com", server.origin())]);
        let result = client
            .send(&policy(&["a.example.com"]), &FetchLimits::default(), get("https://a.example.com/x"), None)
            .await;
        let response = result.expect("is answered");
        assert_eq!((response.status, &response.body[..]), (301, &b"moved somewhere"[..]), "{location:?}");
        assert_eq!(response.url, "https://a.example.com/x");
    }
}

#[tokio::test]
async fn credentials_are_refused_before_anything_is_sent() {
    let server = redirecting(302).await;
    let client = client(&[("a.example.com", server.origin())]);
    let limits = FetchLimits::default();
    let own = || request("GET", "https://a.example.com/", &[("authorization", "Basic x")], None);
    let plain = policy(&["a.example.com", "http://a.example.com"]);
    assert!(matches!(client.send(&plain, &limits, own(), None).await, Err(FetchError::Denied(_))));
    let revealing = EgressPolicy::new(["a.example.com".parse().expect("is a pattern")], true);
    let both = client.send(&revealing, &limits, own(), Some(&token("t"))).await;
    assert!(matches!(both, Err(FetchError::InvalidRequest(_))), "{both:?}");
    let in_the_clear = client.send(&plain, &limits, get("http://a.example.com/"), Some(&token("t"))).await;
    assert!(matches!(in_the_clear, Err(FetchError::Denied(_))), "{in_the_clear:?}");
    let audience = token_for("t", &["b.example.com"]);
    let elsewhere = client.send(&plain, &limits, get("https://a.example.com/"), Some(&audience)).await;
    assert!(matches!(elsewhere, Err(FetchError::Denied(_))), "{elsewhere:?}");
    assert_eq!(server.seen().len(), 0);
}
