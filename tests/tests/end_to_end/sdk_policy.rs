//! What the SDK's mocks allow is what the host allows: both are asked about the same requests.

use workway_host::{
    capability::fetch::{EgressPolicy, FetchError as HostError, FetchRequest},
    model::HostPattern,
};
use workway_sdk::{
    FetchError, RequestError,
    testing::{MockContext, MockResponse},
};

const PATTERNS: [&str; 7] = [
    "api.example.com",
    "*.example.com",
    "API.Example.COM",
    "https://api.example.com:8443",
    "http://api.example.com",
    "https://api.example.com",
    "xn--bcher-kva.example",
];

const URLS: [&str; 28] = [
    "https://api.example.com/",
    "https://api.example.com./x",
    "https://API.EXAMPLE.COM/x?y=z#f",
    "https://api.example.com:443/",
    "https://api.example.com:8443/",
    "https://api.example.com:80/",
    "http://api.example.com/",
    "http://api.example.com:80/",
    "https://example.com/",
    "https://a.b.example.com/",
    "https://api.example.com.evil.example/",
    "https://evil-example.com/",
    "https://api.example.com@evil.example/",
    "https://user:password@api.example.com/",
    "https://bücher.example/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://0x7f000001/",
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "api.example.com",
    "//api.example.com/",
    "https://",
    "https://api..example.com/",
    "https://api.example.com/\n",
    " https://api.example.com/",
    "https:\\\\api.example.com\\x",
    "",
];

/// Header by header: refused as the host's, refused as a credential, or sent.
const HEADERS: [(&str, &str); 12] = [
    ("accept", "*/*"),
    ("x-api-key", "k"),
    ("Authorization", "Bearer x"),
    ("cookie", "a=b"),
    ("Host", "evil.example"),
    ("content-length", "1"),
    ("transfer-encoding", "chunked"),
    ("connection", "close"),
    ("proxy-authorization", "x"),
    ("x-split", "a\r\nb: c"),
    ("bad name", "x"),
    ("expect", "100-continue"),
];

/// What came of a request, as far as both sides can say it.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Sent,
    Denied,
    Invalid,
}

fn of_the_host(pattern: &str, url: &str, headers: &[(&str, &str)], reveal_token: bool) -> Verdict {
    let pattern: HostPattern = pattern.parse().expect("a pattern");
    let policy = EgressPolicy::new([pattern], reveal_token);
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let checked = FetchRequest::parse("GET", url, &headers, None, None).and_then(|request| {
        let map = headers.iter().map(|(name, value)| Ok((name.parse()?, value.parse()?)));
        let map: Result<_, Box<dyn std::error::Error>> = map.collect();
        policy.check_headers(request.url(), &map.expect("they were parsed"))?;
        policy.check(request.url()).map(drop)
    });
    match checked {
        Ok(()) => Verdict::Sent,
        Err(HostError::Denied(_)) => Verdict::Denied,
        Err(HostError::InvalidRequest(_)) => Verdict::Invalid,
        Err(other) => panic!("{url}: {other}"),
    }
}

fn of_the_mock(pattern: &str, url: &str, headers: &[(&str, &str)], reveal_token: bool) -> Verdict {
    let mut builder = MockContext::builder().grant_host(pattern);
    if reveal_token {
        builder = builder.grant_reveal_token();
    }
    let ctx = builder.build();
    ctx.fetch_mock().on("GET", "**").respond(MockResponse::empty(200));
    let request = headers.iter().fold(ctx.get(url), |request, (name, value)| request.header(name, value));
    match request.send() {
        Ok(_) => Verdict::Sent,
        Err(RequestError::Fetch(FetchError::Denied(_))) => Verdict::Denied,
        Err(RequestError::Fetch(FetchError::InvalidRequest(_))) => Verdict::Invalid,
        Err(other) => panic!("{url}: {other}"),
    }
}

#[test]
fn the_mock_lets_through_what_the_host_lets_through() {
    for pattern in PATTERNS {
        for url in URLS {
            let (host, mock) = (of_the_host(pattern, url, &[], false), of_the_mock(pattern, url, &[], false));
            assert_eq!(mock, host, "{url:?} with {pattern} granted");
        }
    }
}

#[test]
fn the_mock_refuses_the_headers_that_the_host_refuses() {
    for header in HEADERS {
        for reveal_token in [false, true] {
            let url = "https://api.example.com/";
            let host = of_the_host("api.example.com", url, &[header], reveal_token);
            let mock = of_the_mock("api.example.com", url, &[header], reveal_token);
            assert_eq!(mock, host, "{header:?}, reveal-token {reveal_token}");
        }
    }
}

#[test]
fn what_is_no_pattern_to_the_host_is_none_to_the_mock() {
    for text in [
        "",
        "*",
        "*.",
        "*.com",
        "api.example.com/x",
        "127.0.0.1",
        "ftp://api.example.com",
        "a b",
        "https://",
        "*.*.example.com",
    ] {
        let host = text.parse::<HostPattern>().is_ok();
        let mock = std::panic::catch_unwind(|| MockContext::builder().grant_host(text).build()).is_ok();
        assert_eq!(mock, host, "{text:?}");
    }
}
