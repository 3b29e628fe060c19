//! Addresses that nobody may reach: as a URL, as a name server's answer, as a redirect's target.

use std::net::IpAddr;

use url::{Host, Url};

use super::{
    Names, Wiretap, builder, get, policy,
    server::{Server, answer, text},
};
use crate::fetch::{FetchError, FetchLimits, FetchRequest, forbidden};

const FIXTURE: &str = include_str!("../../../tests/fixtures/forbidden_addresses.txt");
const GRANTED: &[&str] = &["*.example.com", "http://*.example.com"];

fn spellings() -> impl Iterator<Item = &'static str> {
    FIXTURE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The addresses that the fixture's URLs spell, as the URL standard reads them.
fn addresses() -> Vec<(&'static str, IpAddr)> {
    spellings()
        .filter_map(|spelling| match Url::parse(spelling).ok()?.host()? {
            Host::Ipv4(ip) => Some((spelling, ip.into())),
            Host::Ipv6(ip) => Some((spelling, ip.into())),
            Host::Domain(_) => None,
        })
        .collect()
}

#[tokio::test]
async fn every_spelling_is_refused_before_anything_is_dialled() {
    let server = Server::start(|_| async { text("reached") }).await;
    let wiretap = Wiretap::to(server.address());
    let client = builder().dial(wiretap.clone()).build();
    let mut count = 0;
    for spelling in spellings() {
        let result = match FetchRequest::parse("GET", spelling, &[], None, None) {
            Ok(request) => client.send(&policy(GRANTED), &FetchLimits::default(), request, None).await,
            Err(error) => Err(error),
        };
        assert!(matches!(result, Err(FetchError::Denied(_) | FetchError::InvalidRequest(_))), "{spelling}: {result:?}");
        count += 1;
    }
    assert!(count >= 200, "only {count} spellings");
    assert_eq!(wiretap.dialled(), [""; 0]);
}

#[test]
fn every_spelled_address_is_forbidden_as_an_address() {
    let addresses = addresses();
    assert!(addresses.len() >= 200, "only {} addresses", addresses.len());
    for (spelling, ip) in addresses {
        assert!(forbidden(ip).is_some(), "{spelling} is {ip}");
    }
}

#[tokio::test]
async fn a_granted_name_that_resolves_to_one_is_denied() {
    let server = Server::start(|_| async { text("reached") }).await;
    let wiretap = Wiretap::to(server.address());
    for (spelling, ip) in addresses() {
        let names = Names::default().answering("inner.example.com", &[&ip.to_string()]);
        let client = builder().resolver(names).dial(wiretap.clone()).build();
        for url in ["https://inner.example.com/", "http://inner.example.com/", "https://INNER.example.com./"] {
            let result = client.send(&policy(GRANTED), &FetchLimits::default(), get(url), None).await;
            let Err(FetchError::Denied(message)) = result else { panic!("{spelling}: {result:?}") };
            assert!(message.contains("inner.example.com") && !message.contains(&ip.to_string()), "{message}");
        }
    }
    assert_eq!(wiretap.dialled(), [""; 0]);
}

#[tokio::test]
async fn a_redirect_to_one_is_never_followed() {
    for spelling in spellings() {
        let server = Server::start(move |seen| async move {
            if seen.target == "/start" {
                // Not every spelling fits into a header as it is: a server would send it percent-encoded or as UTF-8.
                let mut redirect = answer(302, &[], b"");
                let location = http::HeaderValue::from_bytes(spelling.as_bytes()).expect("is a value");
                redirect.headers_mut().insert("location", location);
                redirect
            } else {
                text("reached")
            }
        })
        .await;
        let names = Names::default().answering("outer.example.com", &["8.8.8.8"]);
        let wiretap = Wiretap::to(server.address());
        let client = builder().resolver(names).dial(wiretap.clone()).build();
        let start = get("http://outer.example.com/start");
        match client.send(&policy(GRANTED), &FetchLimits::default(), start, None).await {
            Err(FetchError::Denied(_)) => {}
            // Not a URL at all: the answer is handed over as it is.
            Ok(response) => assert_eq!(response.status, 302, "{spelling}"),
            other => panic!("{spelling}: {other:?}"),
        }
        assert_eq!(wiretap.dialled(), ["8.8.8.8:80"], "{spelling}");
        assert_eq!(server.seen().len(), 1, "{spelling}");
    }
}

#[tokio::test]
async fn of_mixed_answers_only_public_ones_are_dialled() {
    let server = Server::start(|_| async { text("hello") }).await;
    let mixed =
        ["10.0.0.1", "::1", "8.8.8.8", "169.254.169.254", "::ffff:127.0.0.1", "2606:4700::1111", "fd00:ec2::254"];
    let names = Names::default().answering("mixed.example.com", &mixed);
    let wiretap = Wiretap::to(server.address()).refusing("8.8.8.8").refusing("2606:4700::1111");
    let client = builder().resolver(names).dial(wiretap.clone()).build();
    let result = client.send(&policy(GRANTED), &FetchLimits::default(), get("http://mixed.example.com/"), None).await;
    assert!(matches!(result, Err(FetchError::Connect(_))), "{result:?}");
    assert_eq!(wiretap.dialled(), ["8.8.8.8:80", "[2606:4700::1111]:80"]);
}

#[tokio::test]
async fn a_name_that_moves_inside_after_the_first_answer_is_denied() {
    let server = Server::start(|_| async { answer(200, &[("connection", "close")], b"hello") }).await;
    let names =
        Names::default().answering("rebind.example.com", &["8.8.8.8"]).answering("rebind.example.com", &["127.0.0.1"]);
    let wiretap = Wiretap::to(server.address());
    let client = builder().resolver(names).dial(wiretap.clone()).build();
    let (policy, limits) = (policy(GRANTED), FetchLimits::default());
    let ask = || client.send(&policy, &limits, get("http://rebind.example.com/"), None);
    assert_eq!(ask().await.expect("the first answer was public").status, 200);
    assert!(matches!(ask().await, Err(FetchError::Denied(_))));
    assert_eq!(wiretap.dialled(), ["8.8.8.8:80"]);
}
