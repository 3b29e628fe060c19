//! Connections: TLS, HTTP/2, reuse, failures told apart.

use http::Version;
use tokio::net::TcpListener;

use super::{
    Names, Wiretap, builder, client, get, policy,
    server::{Server, raw, text},
    upstream_map,
};
use crate::fetch::{
    FetchClient, FetchError, FetchLimits,
    dns::LookupShare,
    resolve::{Resolve, ResolveError},
};

const URL: &str = "https://a.example.com/";

async fn fetch(client: &FetchClient, url: &str) -> Result<String, FetchError> {
    let granted = policy(&["*.example.com", "http://*.example.com"]);
    let response = client.send(&granted, &FetchLimits::default(), get(url), None).await?;
    Ok(String::from_utf8(response.body).expect("is text"))
}

#[tokio::test]
async fn http2_is_spoken_where_the_server_does() {
    for (alpn, version) in
        [(&["h2", "http/1.1"][..], Version::HTTP_2), (&["http/1.1"], Version::HTTP_11), (&[], Version::HTTP_11)]
    {
        let server = Server::start_tls(&["a.example.com"], alpn, |_| async { text("secure") }).await;
        let client = builder()
            .upstreams(upstream_map(&[("a.example.com", server.origin())]))
            .root_certificates(server.roots())
            .build();
        assert_eq!(fetch(&client, URL).await.as_deref(), Ok("secure"));
        let seen = server.seen().pop().expect("was asked");
        assert_eq!((seen.version, seen.authority.as_str()), (version, "a.example.com"));
    }
}

#[tokio::test]
async fn certificates_must_be_trusted_and_of_the_public_name() {
    let server = Server::start_tls(&["other.example.com"], &["h2"], |_| async { text("secure") }).await;
    let map = || upstream_map(&[("a.example.com", server.origin())]);
    let wrong_name = builder().upstreams(map()).root_certificates(server.roots()).build();
    let untrusted = builder().upstreams(map()).build();
    for client in [wrong_name, untrusted] {
        let result = fetch(&client, URL).await;
        assert!(matches!(&result, Err(FetchError::Tls(text)) if text.contains("a.example.com")), "{result:?}");
    }
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_a_tls_error() {
    let origin = raw(|_| async {}).await.replace("http://", "https://");
    let result = fetch(&client(&[("a.example.com", origin)]), URL).await;
    assert!(matches!(result, Err(FetchError::Tls(_))), "{result:?}");
}

#[tokio::test]
async fn a_plain_url_may_have_a_secure_upstream() {
    let server = Server::start_tls(&["a.example.com"], &[], |_| async { text("secure") }).await;
    let client = builder()
        .upstreams(upstream_map(&[("a.example.com", server.origin())]))
        .root_certificates(server.roots())
        .build();
    assert_eq!(fetch(&client, "http://a.example.com/").await.as_deref(), Ok("secure"));
}

#[tokio::test]
async fn connections_are_reused() {
    for secure in [false, true] {
        let server = if secure {
            Server::start_tls(&["a.example.com"], &["h2"], |_| async { text("hello") }).await
        } else {
            Server::start(|_| async { text("hello") }).await
        };
        let first = builder()
            .upstreams(upstream_map(&[("a.example.com", server.origin())]))
            .root_certificates(server.roots())
            .build();
        let second = first.clone();
        for client in [&first, &second, &first, &second] {
            assert_eq!(fetch(client, URL).await.as_deref(), Ok("hello"));
        }
        assert_eq!((server.connections(), server.seen().len()), (1, 4), "secure: {secure}");
    }
}

#[tokio::test]
async fn a_refused_connection_and_an_unknown_name_are_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there").local_addr().expect("is bound");
    let refused = fetch(&client(&[("a.example.com", format!("http://{free}"))]), URL).await;
    assert!(
        matches!(&refused, Err(FetchError::Connect(text)) if text.contains("a.example.com") && !text.contains("127.0.0.1")),
        "{refused:?}"
    );
    let nameless = builder().resolver(Names::default().answering("empty.example.com", &[])).build();
    for url in [URL, "https://empty.example.com/"] {
        let result = fetch(&nameless, url).await;
        assert!(matches!(result, Err(FetchError::Dns(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_name_server_that_never_answers_is_given_up() {
    struct Silent;
    #[async_trait::async_trait]
    impl Resolve for Silent {
        async fn resolve(&self, _: &str, _: &LookupShare) -> Result<Vec<std::net::IpAddr>, ResolveError> {
            std::future::pending().await
        }
    }
    let client = builder().resolver(Silent).connect_timeout(std::time::Duration::from_millis(20)).build();
    let result = fetch(&client, URL).await;
    assert!(matches!(&result, Err(FetchError::Connect(text)) if text.contains("timed out")), "{result:?}");
}

#[tokio::test]
async fn the_next_address_is_tried_where_one_refuses() {
    let server = Server::start(|_| async { text("hello") }).await;
    let names = Names::default().answering("a.example.com", &["2606:4700::1111", "1.1.1.1", "8.8.8.8"]);
    let wiretap = Wiretap::to(server.address()).refusing("2606:4700::1111");
    let client = builder().resolver(names).dial(wiretap.clone()).build();
    assert_eq!(fetch(&client, "http://a.example.com/").await.as_deref(), Ok("hello"));
    assert_eq!(wiretap.dialled(), ["[2606:4700::1111]:80", "1.1.1.1:80"]);
}
