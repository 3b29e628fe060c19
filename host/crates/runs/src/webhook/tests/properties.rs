//! What holds for any request: a signature is of every byte that it signs, and nothing panics.

use proptest::{prelude::*, sample::Index};

use super::{verify::examples, *};
use crate::webhook::VerifyError;

/// Headers that a verification reads, and two that decide how a body is read.
const NAMES: [&str; 11] = [
    "x-hub-signature-256",
    "x-github-delivery",
    "stripe-signature",
    "x-slack-signature",
    "x-slack-request-timestamp",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "content-type",
    "content-encoding",
    "x-other",
];

/// Values that are almost right, among any others.
fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let parts =
        ["sha256=", "v0=", "v1,", "v1=", "t=", "1614265330", ",", " ", "=", "00", "AAAA", "application/json", ";", "é"];
    prop_oneof![
        prop::collection::vec(prop::sample::select(parts.to_vec()), 0..6).prop_map(|parts| parts.concat().into_bytes()),
        prop::collection::vec(0x20..=0xff_u8, 0..40),
    ]
}

proptest! {
    #[test]
    fn a_signature_is_of_every_byte_of_the_body(which in 0..4_usize, at in any::<Index>(), byte in any::<u8>(), add in any::<bool>()) {
        let (mut sent, scheme, secret) = examples().into_iter().nth(which).expect("is one of four");
        let at = at.index(sent.body.len());
        if add {
            sent.body.insert(at, byte);
        } else {
            prop_assume!(sent.body[at] != byte);
            sent.body[at] = byte;
        }
        let refused = matches!(sent.verified(&scheme, secret), Err(WebhookError::Verify(VerifyError::Mismatch(_))));
        prop_assert!(refused);
    }

    #[test]
    fn nothing_that_a_stranger_sends_passes_or_panics(
        which in 0..4_usize,
        headers in prop::collection::vec((prop::sample::select(NAMES.to_vec()), any_value()), 0..8),
        body in prop::collection::vec(any::<u8>(), 0..80),
        query in prop::option::of("\\PC{0,20}"),
    ) {
        let (example, scheme, secret) = examples().into_iter().nth(which).expect("is one of four");
        let mut sent = Sent { now: example.now, query, ..Sent::new(body) };
        for (name, value) in headers {
            if HeaderValue::from_bytes(&value).is_ok() {
                sent = sent.header(name, value);
            }
        }
        prop_assert!(sent.verified(&scheme, secret).is_err());
        let _ = sent.trigger();
    }
}
