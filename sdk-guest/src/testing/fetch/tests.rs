//! The network of a test, through a context as an integration sees it.

use serde_json::json;

use crate::testing::fixture::{chat, complaint};
use crate::testing::*;
use crate::{FetchError, OAuthError, RequestError};

const URL: &str = "https://api.chat.example/messages";

fn denied<T: std::fmt::Debug>(answer: Result<T, RequestError>) -> String {
    match answer {
        Err(RequestError::Fetch(FetchError::Denied(text))) => text,
        other => panic!("expected a denial, got {other:?}"),
    }
}

fn invalid<T: std::fmt::Debug>(answer: Result<T, RequestError>) -> String {
    match answer {
        Err(RequestError::Fetch(FetchError::InvalidRequest(text))) => text,
        other => panic!("expected an invalid request, got {other:?}"),
    }
}

#[test]
fn rules_are_asked_in_order_and_one_that_is_used_up_is_passed_over() {
    let ctx = chat().build();
    ctx.fetch_mock().on("GET", URL).query("page", 2).respond(MockResponse::text(200, "second"));
    ctx.fetch_mock().on("GET", URL).times(1).respond(MockResponse::text(200, "first"));
    ctx.fetch_mock().on("GET", "https://api.chat.example/**").respond_by(|sent| MockResponse::text(200, sent.path()));
    let read = |page: Option<u8>| ctx.get(URL).query("page", page).send().expect("answered").text().expect("text");
    assert_eq!(read(Some(2)), "second");
    assert_eq!(read(None), "first");
    assert_eq!(read(None), "/messages");
    ctx.fetch_mock().assert_all_used();
}

#[test]
fn a_sequence_goes_on_with_its_last_answer() {
    let ctx = chat().build();
    let answers = [MockResponse::rate_limited(7), MockResponse::timeout(), MockResponse::broken_body()];
    ctx.fetch_mock().on("GET", URL).respond_with(answers);
    let ask = || ctx.get(URL).send();
    let Err(RequestError::Status(limited)) = ask() else { panic!("not a status") };
    assert_eq!(limited.retry_after(), Some(std::time::Duration::from_secs(7)));
    assert_eq!(ask(), Err(RequestError::Fetch(FetchError::Timeout)));
    for _ in 0..2 {
        assert!(matches!(ask(), Err(RequestError::Fetch(FetchError::Io(_)))));
    }
}

#[test]
fn an_unmatched_request_shows_itself_the_nearest_rule_and_each_difference() {
    let ctx = chat().build();
    let fetch = ctx.fetch_mock();
    fetch.on("GET", "https://other.example/x").respond(MockResponse::empty(200));
    fetch.on("POST", URL).json(json!({ "to": "C1", "text": "hi" })).query("a", "b").respond(MockResponse::empty(200));
    fetch.on("PUT", URL).respond(MockResponse::empty(200));
    let account = ctx.connection("chat").expect("connected");
    let body = json!({ "to": "C2", "more": 1 });
    let complaint = complaint(|| drop(ctx.post(URL).json(&body).auth(&account).send()));
    for line in [
        "  POST https://api.chat.example/messages",
        "    authorization: [not shown]",
        "    content-type: application/json",
        "    {\"more\":1,\"to\":\"C2\"}",
        "the nearest of 3 rules, POST https://api.chat.example/messages (at sdk-guest/src/testing/fetch/tests.rs:",
        "  query a: is not there, expected \"b\"",
        "  json /to: is \"C2\", expected \"C1\"",
        "  json /text: is not there, expected \"hi\"",
    ] {
        assert!(complaint.contains(&format!("\n{line}")), "{line:?} is not in:\n{complaint}");
    }
    assert!(!complaint.contains("mock-access-token"), "{complaint}");
}

#[test]
fn a_rule_that_is_used_up_and_none_at_all_are_told() {
    let ctx = chat().build();
    assert!(complaint(|| drop(ctx.get(URL).send())).contains("there are no rules"));
    ctx.fetch_mock().on("GET", URL).times(1).respond(MockResponse::empty(204));
    ctx.get(URL).send().expect("answered");
    assert!(complaint(|| drop(ctx.get(URL).send())).contains("times: it has answered 1 already"));
}

#[test]
fn what_was_sent_is_narrowed_down_and_counted() {
    let ctx = chat().build();
    let fetch = ctx.fetch_mock();
    fetch.assert_nothing_sent();
    fetch.on("POST", "https://api.chat.example/**").respond(MockResponse::empty(204));
    for id in 1..=3 {
        ctx.post(URL).query("n", id % 2).header("X-Trace", "t").json(&json!({ "id": id })).send().expect("answered");
    }
    fetch.assert_sent("POST", URL).times(3).query("n", 1).times(2).json(json!({ "id": 3 })).times(1);
    assert_eq!(fetch.assert_sent("POST", "**").header("x-trace", "t").requests().len(), 3);
    fetch.assert_not_sent("GET", URL);
    assert!(complaint(|| drop(fetch.assert_sent("POST", URL).times(2))).contains("was sent 3 times, expected 2"));
    let other = complaint(|| drop(fetch.assert_sent("POST", URL).json(json!({ "id": 4 }))));
    assert!(other.contains("json /id: is 1, expected 4"), "{other}");
    assert!(complaint(|| fetch.assert_nothing_sent()).contains("3 were"));
    assert!(complaint(|| fetch.assert_not_sent("POST", URL)).contains("should not be"));
    fetch.forget_requests();
    assert!(complaint(|| drop(fetch.assert_sent("POST", URL))).contains("nothing else either"));
}

#[test]
fn rules_that_were_not_met_are_listed() {
    let ctx = chat().build();
    let fetch = ctx.fetch_mock();
    fetch.on("GET", URL).times(2).respond(MockResponse::empty(204));
    fetch.on("PUT", URL).respond(MockResponse::empty(204));
    fetch.on("DELETE", URL).times(0).respond(MockResponse::empty(204));
    ctx.get(URL).send().expect("answered");
    let complaint = complaint(|| fetch.assert_all_used());
    assert!(complaint.contains("has answered 1 of 2 times") && complaint.contains("has never answered"), "{complaint}");
    assert!(!complaint.contains("DELETE"), "{complaint}");
}

#[test]
fn a_refused_credential_is_renewed_once_and_the_answer_that_follows_stands() {
    let ctx = chat().build();
    ctx.fetch_mock()
        .on("GET", URL)
        .header("authorization", "Bearer mock-access-token-2")
        .respond_with([MockResponse::text(200, "hi"), MockResponse::unauthorized()]);
    ctx.fetch_mock().on("GET", URL).respond(MockResponse::unauthorized());
    let account = ctx.connection("chat").expect("connected");
    let ask = || ctx.get(URL).auth(&account).any_status().send().expect("answered").status();
    assert_eq!((ask(), ctx.oauth().calls().refresh_tokens), (200, 1));
    assert_eq!((ask(), ctx.oauth().calls().refresh_tokens), (401, 2));
    ctx.fetch_mock().assert_sent("GET", URL).times(4);
    assert_eq!(ctx.get(URL).any_status().send().expect("answered").status(), 401);
    ctx.fetch_mock().assert_sent("GET", URL).times(5);
}

#[test]
fn a_credential_that_cannot_be_renewed_leaves_the_upstreams_answer_or_says_why() {
    let ctx = chat().tokens("chat", create_mock_tokens().without_refresh_token()).build();
    ctx.fetch_mock().on("GET", URL).respond(MockResponse::unauthorized());
    let account = ctx.connection("chat").expect("connected");
    assert_eq!(ctx.get(URL).auth(&account).any_status().send().expect("answered").status(), 401);

    let ctx = chat().build();
    ctx.fetch_mock().on("GET", URL).respond(MockResponse::unauthorized());
    let account = ctx.connection("chat").expect("connected");
    let provider = || "chat".to_owned();
    let (revoked, down) = ("revoked".to_owned(), "down".to_owned());
    ctx.oauth().fail_next_refresh(OAuthError::NeedsReconnect { provider: provider(), reason: revoked });
    ctx.oauth().fail_next_refresh(OAuthError::Transient { provider: provider(), reason: down.clone() });
    let ask = || ctx.get(URL).auth(&account).send();
    let text = "the account must be connected again: revoked".to_owned();
    assert_eq!(ask(), Err(RequestError::Fetch(FetchError::Auth(text))));
    assert_eq!(ask(), Err(RequestError::Fetch(FetchError::Io(down))));
}

#[test]
fn a_token_that_ends_while_the_call_runs_is_renewed_before_it_is_sent() {
    let ctx = chat().build();
    ctx.fetch_mock().on("GET", URL).respond(MockResponse::empty(204));
    let account = ctx.connection("chat").expect("connected");
    ctx.clock().advance(std::time::Duration::from_secs(3_600));
    ctx.get(URL).auth(&account).send().expect("answered");
    ctx.fetch_mock().assert_sent("GET", URL).header("authorization", "Bearer mock-access-token-2").times(1);
}

#[test]
fn several_requests_share_one_renewal_and_keep_their_places() {
    let ctx = chat().build();
    let fetch = ctx.fetch_mock();
    fetch.on("GET", "https://api.chat.example/open").respond(MockResponse::text(200, "open"));
    fetch
        .on("GET", "https://api.chat.example/*")
        .header("authorization", "Bearer mock-access-token-2")
        .respond_by(|sent| MockResponse::text(200, sent.path()));
    fetch.on("GET", "https://api.chat.example/*").respond(MockResponse::unauthorized());
    let account = ctx.connection("chat").expect("connected");
    let paths = ["a", "open", "b"];
    let requests = paths.map(|path| ctx.get(format!("https://api.chat.example/{path}")).auth(&account));
    let denied = ctx.get("https://evil.example/").auth(&account);
    let answers = ctx.send_all(requests.into_iter().chain([denied]));
    let texts: Vec<_> = answers.into_iter().map(|answer| answer.map(|answer| answer.text().expect("text"))).collect();
    assert_eq!(texts[..3], [Ok("/a".to_owned()), Ok("open".to_owned()), Ok("/b".to_owned())]);
    assert!(matches!(&texts[3], Err(RequestError::Fetch(FetchError::Denied(_)))));
    assert_eq!(ctx.oauth().calls().refresh_tokens, 1);
    assert_eq!(fetch.requests().len(), 5);

    let too_many = (0..=MAX_REQUESTS_PER_SEND_ALL).map(|_| ctx.get("https://api.chat.example/open"));
    assert!(ctx.send_all(too_many).into_iter().all(|answer| invalid(answer).contains("at most 100 requests")));
}

#[test]
fn what_the_host_refuses_is_refused_and_not_sent() {
    let ctx = chat().build();
    let account = ctx.connection("chat").expect("connected");
    assert!(denied(ctx.get("https://evil.example/x").send()).contains("https://evil.example was not granted"));
    assert!(denied(ctx.get("http://api.chat.example/").send()).contains("was not granted"));
    assert!(denied(ctx.get("file:///etc/passwd").send()).contains("https or http"));
    assert!(denied(ctx.get("https://127.0.0.1/").send()).contains("IP address"));
    for name in ["Authorization", "Cookie"] {
        assert!(denied(ctx.get(URL).header(name, "x").send()).contains("reveal-token"));
    }
    for name in ["Host", "Content-Length", "Proxy-Authorization"] {
        assert!(invalid(ctx.get(URL).header(name, "x").send()).contains("the host sets the header"));
    }
    invalid(ctx.fetch("BREW", URL).send());
    invalid(ctx.get("api.chat.example").send());
    ctx.fetch_mock().assert_nothing_sent();

    let plain = chat().grant_reveal_token().grant_host("http://plain.example").build();
    let own = plain.get(URL).auth(&account).header("authorization", "x").send();
    assert!(invalid(own).contains("`auth` sets the header `authorization`"));
    assert!(denied(plain.get("http://plain.example/").auth(&account).send()).contains("over https"));
    plain.fetch_mock().on("GET", "http://plain.example").respond(MockResponse::empty(204));
    plain.get("http://plain.example/").header("authorization", "mine").send().expect("answered");
    plain.fetch_mock().assert_sent("GET", "http://plain.example").header("authorization", "mine");
}

#[test]
fn redirects_are_followed_through_the_same_gates() {
    let ctx = chat().grant_host("files.example").build();
    let fetch = ctx.fetch_mock();
    let to = |location: &str| MockResponse::empty(302).header("location", location);
    fetch.on("POST", URL).respond(to("/moved"));
    fetch.on("GET", "https://api.chat.example/moved").respond(to("https://files.example/f"));
    fetch.on("GET", "https://files.example/f").respond(MockResponse::text(200, "file"));
    fetch.on("GET", "https://api.chat.example/evil").respond(to("https://evil.example/"));
    fetch.on("GET", "https://api.chat.example/plain").respond(to("http://files.example/"));
    fetch.on("GET", "https://api.chat.example/loop").respond(to("/loop"));
    fetch.on("GET", "https://api.chat.example/stay").respond(MockResponse::empty(304));
    let account = ctx.connection("chat").expect("connected");
    let answer = ctx.post(URL).json(&1).header("x-api-key", "k").auth(&account).send().expect("answered");
    assert_eq!(answer.url(), "https://files.example/f");
    let hops = fetch.requests();
    assert_eq!(hops[1].header("authorization"), Some("Bearer mock-access-token"));
    assert_eq!((hops[1].bytes(), hops[1].header("content-type")), (&b""[..], None));
    assert_eq!((hops[2].header("authorization"), hops[2].header("x-api-key")), (None, None));

    let get = |path: &str| ctx.get(format!("https://api.chat.example/{path}")).auth(&account).send();
    assert!(denied(get("evil")).contains("evil.example"));
    assert!(denied(get("plain")).contains("from https to http"));
    assert!(matches!(get("loop"), Err(RequestError::Fetch(FetchError::Io(text))) if text.contains("10 redirects")));
    assert_eq!(get("stay").expect("answered").status(), 304);
}

#[test]
fn bodies_are_bounded_both_ways() {
    let ctx = chat().build();
    let most = usize::try_from(MAX_BODY_BYTES).expect("fits");
    ctx.fetch_mock().on("PUT", URL).respond_by(move |_| MockResponse::bytes(200, vec![0; most + 1]));
    ctx.fetch_mock().on("GET", URL).respond_by(move |_| MockResponse::bytes(200, vec![0; most]));
    let too_large = Err(RequestError::Fetch(FetchError::TooLarge(MAX_BODY_BYTES)));
    assert_eq!(ctx.post(URL).body(vec![0; most + 1]).send(), too_large);
    assert_eq!(ctx.put(URL).send(), too_large);
    assert_eq!(ctx.get(URL).send().expect("answered").bytes().len(), most);
    let both = ctx.send_all([ctx.get(URL), ctx.get(URL)]);
    assert!(both[0].is_ok());
    assert_eq!(both[1], too_large, "the bound is for all answers together");
}
