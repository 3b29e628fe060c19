//! Signatures: the vendors' examples, and what forgers and broken senders send.
//!
//! The signatures that are not a vendor's example were made with Python: `hmac.new(b"key", b'{"a":1}', "sha512").digest()`, then
//! `.hex()` or `base64.b64encode`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use workway_workflow::{HmacAlgorithm, HmacEncoding, HmacHeader};

use super::*;
use crate::webhook::{Blame, MAX_DELIVERY_ID_BYTES, MAX_SIGNATURES, SIGNATURE_TOLERANCE, VerifyError};

const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STRIPE_SECRET: &str = "whsec_test_secret";
const STRIPE_CODE: &str = "0c8670ed117751cc551a20e35839447075c42800ea3cf3e8a2fbda99cd1e6edd";
const STRIPE_TIME: u64 = 1_700_000_000;

/// The example of GitHub's page.
fn github() -> Sent {
    Sent::new("Hello, World!")
        .header("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
}

const GITHUB_SECRET: &str = "It's a Secret to Everybody";

/// The example of Slack's page.
fn slack() -> Sent {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    Sent::new(body)
        .header("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
        .header("X-Slack-Request-Timestamp", "1531420618")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .at(1_531_420_618)
}

const SLACK_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// The example of the Standard Webhooks libraries.
fn standard() -> Sent {
    Sent::new(r#"{"test": 2432232314}"#)
        .header("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
        .header("webhook-timestamp", "1614265330")
        .header("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        .at(1_614_265_330)
}

/// Stripe publishes no example with its secret. `hmac.new(b"whsec_test_secret", b"1700000000." + body, "sha256").hexdigest()`.
fn stripe() -> Sent {
    Sent::new(r#"{"id":"evt_1","object":"event"}"#)
        .header(
            "Stripe-Signature",
            format!("t={STRIPE_TIME},v1={STRIPE_CODE},v0=6ffbb59b2300aae63f272406069a9788598b792a"),
        )
        .at(STRIPE_TIME)
}

fn other(algorithm: HmacAlgorithm, encoding: HmacEncoding, prefix: Option<&str>) -> WebhookScheme {
    let prefix = prefix.map(str::to_owned);
    WebhookScheme::Hmac(HmacHeader { header: "X-Check".to_owned(), algorithm, encoding, prefix })
}

fn refused(sent: &Sent, scheme: &WebhookScheme, secret: &str) -> VerifyError {
    match sent.verified(scheme, secret) {
        Err(WebhookError::Verify(error)) => {
            let text = error.to_string();
            assert!(!text.contains(secret) || secret.is_empty(), "{text}");
            error
        }
        other => panic!("{other:?}"),
    }
}

/// The valid requests of the schemes with a name of their own.
pub(super) fn examples() -> [(Sent, WebhookScheme, &'static str); 4] {
    [
        (github(), WebhookScheme::Github, GITHUB_SECRET),
        (stripe(), WebhookScheme::Stripe, STRIPE_SECRET),
        (slack(), WebhookScheme::Slack, SLACK_SECRET),
        (standard(), WebhookScheme::StandardWebhooks, STANDARD_SECRET),
    ]
}

fn signature_header(scheme: &WebhookScheme) -> &'static str {
    match scheme {
        WebhookScheme::Github => "x-hub-signature-256",
        WebhookScheme::Stripe => "stripe-signature",
        WebhookScheme::Slack => "x-slack-signature",
        WebhookScheme::StandardWebhooks => "webhook-signature",
        WebhookScheme::Hmac(_) => "x-check",
    }
}

#[test]
fn the_examples_of_the_vendors_are_valid() {
    let ids = [None, Some("stripe:evt_1"), None, Some("standard-webhooks:msg_p5jXN8AQM9LWM0D4loKWxJek")];
    for ((sent, scheme, secret), id) in examples().into_iter().zip(ids) {
        let delivery = sent.verified(&scheme, secret).unwrap_or_else(|error| panic!("{scheme:?}: {error}"));
        assert_eq!(delivery.dedupe.as_deref(), id);
        assert_eq!(delivery.trigger["headers"][signature_header(&scheme)], "[redacted]", "{scheme:?}");
    }
}

#[test]
fn another_body_or_secret_does_not_match() {
    for (sent, scheme, secret) in examples() {
        let mismatch = VerifyError::Mismatch(signature_header(&scheme).to_owned());
        let mut longer = sent.clone();
        longer.body.push(b'\n');
        assert_eq!(refused(&longer, &scheme, secret), mismatch);
        assert_eq!(refused(&Sent { body: Vec::new(), ..sent.clone() }, &scheme, secret), mismatch);
        let other = if secret == STANDARD_SECRET { "whsec_AAAA".to_owned() } else { format!("{secret} ") };
        assert_eq!(refused(&sent, &scheme, &other), mismatch);
        // A request that is not verified is not parsed.
        let odd = longer.with("content-type", "application/json");
        assert_eq!(refused(&odd, &scheme, secret), mismatch);
    }
}

#[test]
fn any_hmac_is_verified_as_it_is_configured() {
    use HmacAlgorithm::{Sha1, Sha256, Sha512};
    use HmacEncoding::{Base64, Hex};
    let sha512 = "dc7d8a6a7926059e98697ef54a65f745d924fc3e13c1176879dcdc84eac480bae377fa06d1ebcc6fab1375cd9bd611a1899694cc4ca7dc0f\
                  629d8b8133c5c83d";
    for (algorithm, encoding, code) in [
        (Sha256, Hex, "88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342"),
        (Sha256, Base64, "iKZ/JLvNrtDmyZdAS7eadDuvRMa6svTCcyjjAJ0i40I="),
        (Sha256, Base64, "iKZ/JLvNrtDmyZdAS7eadDuvRMa6svTCcyjjAJ0i40I"),
        (Sha512, Hex, sha512),
        (Sha512, Base64, "3H2KankmBZ6YaX71SmX3Rdkk/D4TwRdoedzchOrEgLrjd/oG0evMb6sTdc2b1hGhiZaUzEyn3A9inYuBM8XIPQ=="),
        (Sha1, Hex, "b5557a4b8f3cc308d19eb4f69f336392a31eef7b"),
        (Sha1, Base64, "tVV6S488wwjRnrT2nzNjkqMe73s="),
    ] {
        for prefix in [None, Some("sha256="), Some("HMAC ")] {
            let scheme = other(algorithm, encoding, prefix);
            let sent = Sent::new(r#"{"a":1}"#).header("x-check", format!("{}{code}", prefix.unwrap_or_default()));
            let delivery = sent.verified(&scheme, "key").unwrap_or_else(|error| panic!("{scheme:?}: {error}"));
            assert_eq!(delivery.dedupe, None);
            assert_eq!(delivery.trigger["headers"]["x-check"], "[redacted]");
            if prefix.is_some() {
                let error = refused(&sent.with("x-check", code), &scheme, "key");
                assert!(matches!(error, VerifyError::Malformed { .. }), "{error}");
            }
        }
        let wrong = other(if algorithm == Sha1 { Sha256 } else { Sha1 }, encoding, None);
        let sent = Sent::new(r#"{"a":1}"#).header("x-check", code);
        assert_eq!(refused(&sent, &wrong, "key"), VerifyError::Mismatch("X-Check".to_owned()));
    }
}

#[test]
fn the_case_of_hexadecimal_digits_does_not_count() {
    let code = "88A67F24BBCDAED0E6C997404BB79A743BAF44C6BAB2F4C27328E3009D22E342";
    let scheme = other(HmacAlgorithm::Sha256, HmacEncoding::Hex, None);
    Sent::new(r#"{"a":1}"#).header("x-check", code).verified(&scheme, "key").expect("is valid");
    let upper = format!("t={STRIPE_TIME},v1={}", STRIPE_CODE.to_uppercase());
    stripe().with("stripe-signature", upper).verified(&WebhookScheme::Stripe, STRIPE_SECRET).expect("is valid");
}

#[test]
fn signatures_that_are_cut_or_empty_do_not_pass() {
    for (sent, scheme, secret) in examples() {
        let name = signature_header(&scheme);
        let whole = sent.headers[name].to_str().unwrap().to_owned();
        for length in 0..whole.len() - "=,v0=6ffbb59b2300aae63f272406069a9788598b792a".len() {
            refused(&sent.clone().with(name, &whole[..length]), &scheme, secret);
        }
        refused(&sent.clone().without(name), &scheme, secret);
        refused(
            &sent.clone().with(name, format!("{whole}00")),
            &scheme,
            if name == "stripe-signature" { "x" } else { secret },
        );
    }
    for (scheme, value) in [
        (WebhookScheme::StandardWebhooks, "v1,"),
        (WebhookScheme::StandardWebhooks, "v1, v1,="),
        (WebhookScheme::StandardWebhooks, "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        (WebhookScheme::StandardWebhooks, "v1=g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        (WebhookScheme::StandardWebhooks, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ] {
        refused(&standard().with("webhook-signature", value), &scheme, STANDARD_SECRET);
    }
    for value in ["sha256=", "SHA256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "sha256=zz"] {
        refused(&github().with("x-hub-signature-256", value), &WebhookScheme::Github, GITHUB_SECRET);
    }
}

#[test]
fn a_header_that_is_there_twice_is_refused() {
    for (sent, scheme, secret) in examples() {
        let name = signature_header(&scheme);
        let value = sent.headers[name].clone();
        let error = refused(&sent.header(name, value), &scheme, secret);
        assert_eq!(error, VerifyError::Repeated(name.to_owned()));
    }
    let twice = slack().header("x-slack-request-timestamp", "1531420618");
    assert_eq!(
        refused(&twice, &WebhookScheme::Slack, SLACK_SECRET),
        VerifyError::Repeated("x-slack-request-timestamp".to_owned())
    );
    let twice = format!("t={STRIPE_TIME},t={STRIPE_TIME},v1={STRIPE_CODE}");
    let error = refused(&stripe().with("stripe-signature", twice), &WebhookScheme::Stripe, STRIPE_SECRET);
    assert!(matches!(error, VerifyError::Malformed { .. }), "{error}");
}

#[test]
fn odd_bytes_are_refused() {
    for (sent, scheme, secret) in examples() {
        let name = signature_header(&scheme);
        for value in [&b"v1=\xe9"[..], b"\xff\xff\xff", "sha256=é".as_bytes(), b"\t"] {
            let error = refused(&sent.clone().with(name, value), &scheme, secret);
            assert!(matches!(error, VerifyError::Malformed { .. }), "{error}");
        }
    }
}

#[test]
fn signatures_are_valid_for_a_short_time() {
    let tolerance = SIGNATURE_TOLERANCE.as_secs();
    for (sent, scheme, secret) in examples().into_iter().filter(|(_, scheme, _)| *scheme != WebhookScheme::Github) {
        let time = sent.now.as_seconds();
        for now in [time - tolerance, time + tolerance] {
            sent.clone().at(now).verified(&scheme, secret).expect("is near enough");
        }
        for now in [time - tolerance - 1, time + tolerance + 1, 0] {
            let error = refused(&sent.clone().at(now), &scheme, secret);
            assert!(matches!(error, VerifyError::Time { seconds, .. } if seconds == time.abs_diff(now)), "{error}");
        }
    }
    for time in ["", "-1614265330", "+1614265330", "1614265330.0", "1e9", "99999999999999999999", "soon"] {
        let error =
            refused(&standard().with("webhook-timestamp", time), &WebhookScheme::StandardWebhooks, STANDARD_SECRET);
        assert!(matches!(error, VerifyError::Malformed { .. }), "{time}: {error}");
        let slack = slack().with("x-slack-request-timestamp", time);
        let error = refused(&slack, &WebhookScheme::Slack, SLACK_SECRET);
        assert!(matches!(error, VerifyError::Malformed { .. }), "{time}: {error}");
    }
    // Another time than the one that was signed.
    let later = slack().with("x-slack-request-timestamp", "1531420619");
    assert!(matches!(refused(&later, &WebhookScheme::Slack, SLACK_SECRET), VerifyError::Mismatch(_)));
}

#[test]
fn one_of_several_signatures_is_enough_and_few_are_looked_at() {
    let several = |before: usize| {
        let wrong = format!("v1={},", "00".repeat(32)).repeat(before);
        stripe().with("stripe-signature", format!("t={STRIPE_TIME},{wrong}v1={STRIPE_CODE}"))
    };
    several(1).verified(&WebhookScheme::Stripe, STRIPE_SECRET).expect("the second is valid");
    several(MAX_SIGNATURES - 1).verified(&WebhookScheme::Stripe, STRIPE_SECRET).expect("is looked at");
    refused(&several(MAX_SIGNATURES), &WebhookScheme::Stripe, STRIPE_SECRET);
    refused(&several(400), &WebhookScheme::Stripe, STRIPE_SECRET);
    let several = |before: usize| {
        let wrong = "v1,AAAA ".repeat(before);
        standard().with("webhook-signature", format!("{wrong}v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="))
    };
    several(MAX_SIGNATURES - 1).verified(&WebhookScheme::StandardWebhooks, STANDARD_SECRET).expect("is looked at");
    for before in [MAX_SIGNATURES, 4_000] {
        refused(&several(before), &WebhookScheme::StandardWebhooks, STANDARD_SECRET);
    }
}

#[test]
fn parts_of_the_signed_content_cannot_change_places() {
    // The content `a.1614265330.1614265330.b` is signed, of the id `a` and the body `1614265330.b`.
    let key = [0_u8; 24];
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update("a.1614265330.1614265330.b");
    let code = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, mac.finalize().into_bytes());
    let secret = format!("whsec_{}", "A".repeat(32));
    let sent = |id: &str, body: &str| {
        standard().with("webhook-id", id).with("webhook-signature", format!("v1,{code}")).with_body(body)
    };
    sent("a", "1614265330.b").verified(&WebhookScheme::StandardWebhooks, &secret).expect("is valid");
    let error = refused(&sent("a.1614265330", "b"), &WebhookScheme::StandardWebhooks, &secret);
    assert!(matches!(error, VerifyError::Malformed { .. }), "{error}");
}

#[test]
fn deliveries_of_the_same_event_have_the_same_key() {
    let github = |id: &str| {
        let sent = github().header("X-GitHub-Delivery", id);
        sent.verified(&WebhookScheme::Github, GITHUB_SECRET).map(|delivery| delivery.dedupe)
    };
    let id = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
    assert_eq!(github(id), Ok(Some(format!("github:{id}"))));
    assert_eq!(github(""), Ok(None));
    assert_eq!(github(&"a".repeat(MAX_DELIVERY_ID_BYTES)).map(|key| key.is_some()), Ok(true));
    assert_eq!(github(&"a".repeat(MAX_DELIVERY_ID_BYTES + 1)), Ok(None), "is no id of GitHub's");
    for id in [String::new(), "a".repeat(MAX_DELIVERY_ID_BYTES + 1)] {
        let error = refused(&standard().with("webhook-id", id), &WebhookScheme::StandardWebhooks, STANDARD_SECRET);
        assert!(matches!(error, VerifyError::Malformed { .. }), "{error}");
    }
    // Slack's events have an id in the body.
    let body = r#"{"type":"event_callback","id":7,"event_id":"Ev123ABC456"}"#;
    let mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap().chain_update(format!("v0:1531420618:{body}"));
    let code = hex::encode(mac.finalize().into_bytes());
    let sent = slack().with("x-slack-signature", format!("v0={code}")).with("content-type", "application/json");
    let delivery = sent.with_body(body).verified(&WebhookScheme::Slack, "key").expect("is valid");
    assert_eq!(delivery.dedupe.as_deref(), Some("slack:Ev123ABC456"));
}

#[test]
fn a_secret_that_cannot_be_used_is_the_owner_s_mistake() {
    for (sent, scheme, _) in examples() {
        let error = sent.verified(&scheme, "").expect_err("anybody could sign with it");
        assert_eq!(error.blame(), Blame::Owner, "{error}");
    }
    for secret in ["whsec_", "whsec_not Base64!", "whpk_AAAA", "é"] {
        let error = standard().verified(&WebhookScheme::StandardWebhooks, secret).expect_err("is no key");
        assert_eq!(error.blame(), Blame::Owner, "{error}");
    }
    let bare = STANDARD_SECRET.trim_start_matches("whsec_");
    standard().verified(&WebhookScheme::StandardWebhooks, bare).expect("the prefix may be missing");
}
