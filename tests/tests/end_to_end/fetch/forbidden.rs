//! Addresses that nobody may reach, asked for by a real guest: as its request's URL, and as an upstream's redirect.

use serde_json::{Value, json};

use super::{fetch, fetch_all, host_with, kind};
use crate::upstream::{Upstream, text, with_header};

const FIXTURE: &str = include_str!("../../../../host/crates/capability/tests/fixtures/forbidden_addresses.txt");
/// The most requests that one `send-all` takes.
const TOGETHER: usize = 100;

fn spellings() -> Vec<&'static str> {
    let lines: Vec<_> = FIXTURE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(lines.len() >= 200, "only {} spellings", lines.len());
    lines
}

fn is_refused(outcome: &Value) -> bool {
    matches!(kind(outcome), "denied" | "invalid-request")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_spelling_is_denied_to_a_guest() {
    let upstream = Upstream::start(async |_| text("reached")).await;
    let host = host_with(&upstream).await;
    for part in spellings().chunks(TOGETHER) {
        let urls: Vec<String> = part.iter().map(ToString::to_string).collect();
        for (url, outcome) in urls.iter().zip(fetch_all(&host, &urls).await) {
            assert!(is_refused(&outcome), "{url}: {outcome}");
        }
    }
    assert_eq!(upstream.seen().len(), 0, "a forbidden address led to the upstream");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alone_each_is_denied_as_well() {
    let upstream = Upstream::start(async |_| text("reached")).await;
    let host = host_with(&upstream).await;
    // `send` and `send-all` are two ways in.
    for url in spellings().iter().step_by(7) {
        for method in ["GET", "POST"] {
            let outcome = fetch(&host, json!({ "url": url, "method": method })).await;
            assert!(is_refused(&outcome), "{method} {url}: {outcome}");
        }
    }
    assert_eq!(upstream.seen().len(), 0);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_redirect_leads_to_one() {
    let upstream = Upstream::start(async |seen| {
        let number = seen.target.strip_prefix("/redirect/").and_then(|number| number.parse::<usize>().ok());
        match number.and_then(|number| spellings().get(number).copied()) {
            Some(spelling) => with_header(302, "location", spelling.as_bytes()),
            None => text("elsewhere on the same host"),
        }
    })
    .await;
    let host = host_with(&upstream).await;
    let (spellings, mut followed) = (spellings(), Vec::new());
    for (part, offset) in spellings.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
        let urls: Vec<String> =
            (offset..offset + part.len()).map(|number| format!("https://api.example.com/redirect/{number}")).collect();
        for (spelling, outcome) in part.iter().zip(fetch_all(&host, &urls).await) {
            match &outcome["ok"] {
                Value::Null => assert_eq!(kind(&outcome), "denied", "{spelling}: {outcome}"),
                // No URL at all: the answer is handed over as it is.
                answer if answer["status"] == 302 => {}
                answer => followed.push((*spelling, answer["url"].as_str().unwrap_or_default().to_owned())),
            }
        }
    }
    // Against an https address these two are relative (URL standard, "special relative or authority state").
    let relative = [("https:127.0.0.1", "redirect/127.0.0.1"), ("https:/127.0.0.1/", "127.0.0.1/")];
    assert!(followed.len() <= relative.len(), "{followed:?}");
    for (spelling, url) in followed {
        let path = relative.iter().find(|(known, _)| *known == spelling).map(|(_, path)| *path);
        let path = path.unwrap_or_else(|| panic!("{spelling} was followed to {url}"));
        assert_eq!(url, format!("https://api.example.com/{path}"));
    }
    assert!(upstream.seen().iter().all(|seen| seen.header("host") == Some("api.example.com")));
    host.finish().await;
}
