//! The value of a trigger: bodies by their content type, headers without credentials, and bounds.

use serde_json::json;

use super::*;
use crate::webhook::{Blame, MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_QUERY_BYTES, PayloadError};

fn rejected(sent: &Sent) -> PayloadError {
    match sent.trigger() {
        Err(error @ WebhookError::Payload(_)) => {
            assert_eq!(error.blame(), Blame::Sender);
            let WebhookError::Payload(error) = error else { unreachable!() };
            error
        }
        other => panic!("{other:?}"),
    }
}

fn body(sent: &Sent) -> Value {
    sent.trigger().expect("is received")["body"].clone()
}

#[test]
fn a_request_becomes_the_value_of_a_trigger() {
    let sent =
        Sent::json(&json!({"a": [1, 2.5, null, "é"]})).header("X-GitHub-Event", "push").query("a=1&b=x%20y&a=2&c");
    assert_eq!(
        sent.trigger(),
        Ok(json!({
            "body": {"a": [1, 2.5, null, "é"]},
            "headers": {"content-type": "application/json", "x-github-event": "push"},
            "query": {"a": ["1", "2"], "b": "x y", "c": ""},
            "method": "POST",
        }))
    );
    let empty = Sent { method: Method::GET, ..Sent::new("") };
    assert_eq!(empty.trigger(), Ok(json!({"body": null, "headers": {}, "query": {}, "method": "GET"})));
}

#[test]
fn bodies_are_read_by_their_content_type() {
    let text = r#"{"a": "1"}"#;
    for (kind, expected) in [
        ("application/json", json!({"a": "1"})),
        ("Application/JSON; charset=UTF-8", json!({"a": "1"})),
        ("application/cloudevents+json", json!({"a": "1"})),
        ("application/vnd.api+json;charset=\"utf-8\"", json!({"a": "1"})),
        ("application/jsonlines", json!(text)),
        ("text/plain; charset=iso-8859-1", json!(text)),
        ("text/json", json!(text)),
        ("application/octet-stream", json!(text)),
    ] {
        assert_eq!(body(&Sent::new(text).header("content-type", kind)), expected, "{kind}");
    }
    assert_eq!(body(&Sent::new(text)), json!(text), "without a content type");
    assert_eq!(body(&Sent::new([0xff, 0x00, 0x41])), json!({"base64": "/wBB"}));
    assert_eq!(body(&Sent::new("").header("content-type", "application/json")), json!(null));
}

#[test]
fn forms_become_objects() {
    let form = |text: &str| body(&Sent::new(text).header("content-type", "application/x-www-form-urlencoded"));
    assert_eq!(form("text=a+b%26c&user=U1"), json!({"text": "a b&c", "user": "U1"}));
    assert_eq!(form("a=1&b=&a=2&a=3"), json!({"a": ["1", "2", "3"], "b": ""}));
    assert_eq!(form("&&=x&%F0%9F%98%80=%ff"), json!({"": "x", "😀": "\u{fffd}"}));
    assert_eq!(form("payload=%7B%22a%22%3A1%7D"), json!({"payload": "{\"a\":1}"}), "texts stay texts");
}

#[test]
fn json_is_read_strictly() {
    let json = |text: &[u8]| Sent::new(text).header("content-type", "application/json");
    for text in [
        &b"{"[..],
        b" ",
        b"{} {}",
        b"{\"a\": 1, \"a\": 2}",
        b"[1,]",
        b"NaN",
        b"\"\\ud83d\"",
        b"123456789012345678901234567890",
        b"\"\xff\"",
        "[".repeat(100_000).as_bytes(),
    ] {
        let error = rejected(&json(text));
        assert!(matches!(error, PayloadError::Json(_)), "{error}");
        assert!(error.to_string().starts_with("the body is not valid JSON: "), "{error}");
    }
    assert_eq!(body(&json(b"7")), json!(7));
}

#[test]
fn other_encodings_are_rejected() {
    let json = Sent::json(&json!({}));
    for charset in ["utf-16", "latin1", "\"iso-8859-1\""] {
        let error = rejected(&json.clone().with("content-type", format!("application/json; charset={charset}")));
        assert!(matches!(error, PayloadError::Charset(_)), "{error}");
    }
    let error = rejected(&json.clone().header("content-encoding", "gzip"));
    assert_eq!(error, PayloadError::ContentEncoding("gzip".to_owned()));
    json.clone().header("content-encoding", "identity").trigger().expect("is received");
    for kind in ["json", "", "/json", "a/b/c", "é/x"] {
        assert_eq!(rejected(&json.clone().with("content-type", kind)), PayloadError::ContentType, "{kind}");
    }
    assert_eq!(rejected(&json.header("content-type", "text/plain")), PayloadError::ContentType, "twice");
}

#[test]
fn headers_with_credentials_are_redacted() {
    let sent = Sent::new("")
        .header("Authorization", "Bearer s3cret")
        .header("Cookie", "a=s3cret")
        .header("Proxy-Authorization", "Basic s3cret")
        .header("X-Api-Key", "s3cret")
        .header("X-Gitlab-Token", "s3cret")
        .header("X-Hub-Signature", "s3cret")
        .header("X-Forwarded-For", "192.0.2.1")
        .header("X-Forwarded-For", "192.0.2.2")
        .header("X-Latin", b"caf\xe9");
    let redacted = "[redacted]";
    let headers = sent.trigger().expect("is received")["headers"].clone();
    assert_eq!(
        headers,
        json!({
            "authorization": redacted, "cookie": redacted, "proxy-authorization": redacted, "x-api-key": redacted,
            "x-gitlab-token": redacted, "x-hub-signature": redacted,
            "x-forwarded-for": "192.0.2.1, 192.0.2.2", "x-latin": "caf\u{fffd}",
        })
    );
}

#[test]
fn requests_are_bounded() {
    Sent::new(vec![b'a'; MAX_BODY_BYTES]).trigger().expect("as long as may be");
    let long = Sent::new(vec![b'a'; MAX_BODY_BYTES + 1]);
    assert_eq!(rejected(&long), PayloadError::BodyTooLarge(MAX_BODY_BYTES + 1));
    let headers =
        |bytes: usize| Sent::new("").header("x-a", "a".repeat(bytes / 2 - 3)).header("x-b", "b".repeat(bytes / 2 - 3));
    headers(MAX_HEADER_BYTES).trigger().expect("as long as may be");
    assert_eq!(rejected(&headers(MAX_HEADER_BYTES + 2)), PayloadError::HeadersTooLarge(MAX_HEADER_BYTES + 2));
    let query = |bytes: usize| Sent::new("").query(&"a".repeat(bytes));
    query(MAX_QUERY_BYTES).trigger().expect("as long as may be");
    assert_eq!(rejected(&query(MAX_QUERY_BYTES + 1)), PayloadError::QueryTooLarge(MAX_QUERY_BYTES + 1));
}

#[test]
fn a_body_has_to_fit_its_schema() {
    let schema = json!({
        "type": "object", "required": ["issue"],
        "properties": {"issue": {"type": "object", "properties": {"title": {"type": "string"}, "a/b": {"type": "integer"}}}},
    });
    let schema = Schema::parse(&schema.to_string()).expect("is a schema");
    Sent::json(&json!({"issue": {"title": "a"}, "more": 1})).fits(&schema).expect("fits");
    for (sent, pointers) in [
        (Sent::json(&json!({"issue": {"title": 7, "a/b": "x"}})), vec!["/body/issue/a~1b", "/body/issue/title"]),
        (Sent::json(&json!({})), vec!["/body"]),
        (Sent::new(""), vec!["/body"]),
        (Sent::new("text"), vec!["/body"]),
    ] {
        let Err(WebhookError::Payload(PayloadError::Schema(problems))) = sent.fits(&schema) else {
            panic!("{pointers:?}")
        };
        let mut found: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, pointers);
    }
    let error = Sent::new("").fits(&schema).expect_err("null is no object").to_string();
    assert!(error.starts_with("the body does not fit the schema of this webhook: /body: "), "{error}");
}
