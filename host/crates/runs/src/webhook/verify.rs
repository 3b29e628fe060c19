//! Signatures of requests: whether the raw body comes from somebody who has the installation's secret.
//!
//! | scheme | source |
//! | --- | --- |
//! | `github` | <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries> |
//! | `stripe` | <https://docs.stripe.com/webhooks/signature> |
//! | `slack` | <https://docs.slack.dev/authentication/verifying-requests-from-slack> |
//! | `standard-webhooks` | <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md> |
//!
//! `hmac` compares in constant time. The crate `standardwebhooks` (1.0.1) is not used: it compares only as many bytes as the
//! signature has, so that an empty one passes, reads the clock itself, and only takes bodies in UTF-8.

use std::time::Duration;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use workway_model::Timestamp;
use workway_workflow::{HmacAlgorithm, HmacEncoding, HmacHeader, WebhookScheme, WebhookVerify};

use super::WebhookRequest;

/// How far the time of a signature may be from the host's, before or after: what the senders' own libraries allow. A captured
/// request cannot be sent again later.
pub const SIGNATURE_TOLERANCE: Duration = Duration::from_secs(300);
/// Signatures of one request that are looked at. Senders add a second one while a secret is rotated.
pub const MAX_SIGNATURES: usize = 16;
/// The longest id of a delivery, in bytes. Those in use have less than 64.
pub const MAX_DELIVERY_ID_BYTES: usize = 255;

const GITHUB_SIGNATURE: &str = "x-hub-signature-256";
const GITHUB_DELIVERY: &str = "x-github-delivery";
const STRIPE_SIGNATURE: &str = "stripe-signature";
const SLACK_SIGNATURE: &str = "x-slack-signature";
const SLACK_TIMESTAMP: &str = "x-slack-request-timestamp";
const STANDARD_ID: &str = "webhook-id";
const STANDARD_TIMESTAMP: &str = "webhook-timestamp";
const STANDARD_SIGNATURE: &str = "webhook-signature";

/// Standard Base64. Some senders leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a signature does not hold. No message repeats a signature or a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the header {0} is missing: sign the request")]
    Missing(String),
    #[error("the header {0} is there more than once: send one")]
    Repeated(String),
    #[error("the header {header} must be {rule}")]
    Malformed { header: String, rule: String },
    #[error(
        "the time in {header} is {seconds} s away from the host's, and may be {} s away: check the sender's clock, and sign each \
         request when it is sent",
        SIGNATURE_TOLERANCE.as_secs()
    )]
    Time { header: &'static str, seconds: u64 },
    #[error(
        "no signature in {0} matches the body: check that the sender has the same secret as the installation, and that nothing \
         changes the body on its way"
    )]
    Mismatch(String),
    /// The owner of the installation is to blame, not the sender.
    #[error("the installation's secret cannot be used: {0}")]
    Secret(&'static str),
}

/// The header of a scheme that has its signatures.
pub(super) fn signature_header(scheme: &WebhookScheme) -> &str {
    match scheme {
        WebhookScheme::Github => GITHUB_SIGNATURE,
        WebhookScheme::Stripe => STRIPE_SIGNATURE,
        WebhookScheme::Slack => SLACK_SIGNATURE,
        WebhookScheme::StandardWebhooks => STANDARD_SIGNATURE,
        WebhookScheme::Hmac(hmac) => &hmac.header,
    }
}

/// Verifies a request. What is returned is the id by which the sender's deliveries of the same event can be told.
pub(super) fn verify(
    request: WebhookRequest<'_>,
    verify: &WebhookVerify,
    secret: &SecretString,
    now: Timestamp,
) -> Result<Option<String>, VerifyError> {
    let key = secret.expose_secret().as_bytes();
    if key.is_empty() {
        return Err(VerifyError::Secret("it is empty: fill the input in again"));
    }
    let id = match &verify.scheme {
        WebhookScheme::Github => github(request, key)?,
        WebhookScheme::Stripe => stripe(request, key, now)?,
        WebhookScheme::Slack => slack(request, key, now)?,
        WebhookScheme::StandardWebhooks => standard_webhooks(request, secret.expose_secret(), now)?,
        WebhookScheme::Hmac(hmac) => other(request, hmac, key)?,
    };
    let id = id.filter(|id| (1..=MAX_DELIVERY_ID_BYTES).contains(&id.len()));
    // Manual runs have keys of their own.
    Ok(id.map(|id| format!("{}:{id}", verify.scheme.as_str())))
}

fn github(request: WebhookRequest<'_>, key: &[u8]) -> Result<Option<String>, VerifyError> {
    let code = header(request.headers, GITHUB_SIGNATURE)?.strip_prefix("sha256=").and_then(from_hex);
    let code = code.ok_or_else(|| malformed(GITHUB_SIGNATURE, "sha256= and 64 hexadecimal digits"))?;
    check::<Hmac<Sha256>>(GITHUB_SIGNATURE, key, &[request.body], [code])?;
    Ok(optional_header(request.headers, GITHUB_DELIVERY)?.map(str::to_owned))
}

fn stripe(request: WebhookRequest<'_>, key: &[u8], now: Timestamp) -> Result<Option<String>, VerifyError> {
    let text = header(request.headers, STRIPE_SIGNATURE)?;
    let parts = || text.split(',').filter_map(|part| part.trim().split_once('='));
    let mut times = parts().filter(|(name, _)| *name == "t").map(|(_, time)| time);
    let codes = parts().filter(|(name, _)| *name == "v1").map(|(_, code)| code);
    let (Some(time), None, Some(_)) = (times.next(), times.next(), codes.clone().next()) else {
        return Err(malformed(STRIPE_SIGNATURE, "one t=… and one v1=… or more, separated by commas"));
    };
    check_time(STRIPE_SIGNATURE, time, now)?;
    let signed = [time.as_bytes(), b".", request.body];
    check::<Hmac<Sha256>>(STRIPE_SIGNATURE, key, &signed, codes.take(MAX_SIGNATURES).filter_map(from_hex))?;
    Ok(event(request.body).id.as_str().map(str::to_owned))
}

fn slack(request: WebhookRequest<'_>, key: &[u8], now: Timestamp) -> Result<Option<String>, VerifyError> {
    let code = header(request.headers, SLACK_SIGNATURE)?.strip_prefix("v0=").and_then(from_hex);
    let code = code.ok_or_else(|| malformed(SLACK_SIGNATURE, "v0= and 64 hexadecimal digits"))?;
    let time = header(request.headers, SLACK_TIMESTAMP)?;
    check_time(SLACK_TIMESTAMP, time, now)?;
    check::<Hmac<Sha256>>(SLACK_SIGNATURE, key, &[b"v0:", time.as_bytes(), b":", request.body], [code])?;
    // Events have one. Commands and interactions are delivered once.
    Ok(event(request.body).event_id.as_str().map(str::to_owned))
}

fn standard_webhooks(request: WebhookRequest<'_>, secret: &str, now: Timestamp) -> Result<Option<String>, VerifyError> {
    let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok().filter(|key| !key.is_empty());
    let key = key.ok_or(VerifyError::Secret("it must be whsec_ and Base64: copy it from the sender's settings"))?;
    let id = header(request.headers, STANDARD_ID)?;
    // With a point in the id, parts of the signed content could change places.
    if id.is_empty() || id.len() > MAX_DELIVERY_ID_BYTES || id.contains('.') {
        let rule = format!("an id of 1 to {MAX_DELIVERY_ID_BYTES} characters without points");
        return Err(malformed(STANDARD_ID, &rule));
    }
    let time = header(request.headers, STANDARD_TIMESTAMP)?;
    check_time(STANDARD_TIMESTAMP, time, now)?;
    let text = header(request.headers, STANDARD_SIGNATURE)?;
    let codes = text.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    if codes.clone().next().is_none() {
        return Err(malformed(STANDARD_SIGNATURE, "one signature or more of the form v1,Base64, separated by spaces"));
    }
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", request.body];
    let codes = codes.take(MAX_SIGNATURES).filter_map(|code| BASE64.decode(code).ok());
    check::<Hmac<Sha256>>(STANDARD_SIGNATURE, &key, &signed, codes)?;
    Ok(Some(id.to_owned()))
}

fn other(request: WebhookRequest<'_>, hmac: &HmacHeader, key: &[u8]) -> Result<Option<String>, VerifyError> {
    let HmacHeader { header: name, algorithm, encoding, prefix } = hmac;
    let prefix = prefix.as_deref().unwrap_or_default();
    let code = header(request.headers, name)?.strip_prefix(prefix).and_then(|code| match encoding {
        HmacEncoding::Hex => from_hex(code),
        HmacEncoding::Base64 => BASE64.decode(code).ok(),
    });
    let code = code.ok_or_else(|| {
        let before = if prefix.is_empty() { String::new() } else { format!("{prefix} and ") };
        malformed(name, &format!("{before}an HMAC in {}", encoding.as_str()))
    })?;
    let signed = [request.body];
    match algorithm {
        HmacAlgorithm::Sha256 => check::<Hmac<Sha256>>(name, key, &signed, [code])?,
        HmacAlgorithm::Sha512 => check::<Hmac<Sha512>>(name, key, &signed, [code])?,
        HmacAlgorithm::Sha1 => check::<Hmac<Sha1>>(name, key, &signed, [code])?,
    }
    Ok(None)
}

/// Whether one of `codes` is that of what was signed, which stands in parts.
fn check<M: Mac + KeyInit + Clone>(
    header: &str,
    key: &[u8],
    signed: &[&[u8]],
    codes: impl IntoIterator<Item = Vec<u8>>,
) -> Result<(), VerifyError> {
    let mac = <M as KeyInit>::new_from_slice(key).map_err(|_| VerifyError::Secret("no HMAC takes a key like it"))?;
    let mac = signed.iter().fold(mac, |mac, part| mac.chain_update(part));
    // Also compares the length: a part of the right code does not match.
    let matches = codes.into_iter().any(|code| mac.clone().verify_slice(&code).is_ok());
    if matches { Ok(()) } else { Err(VerifyError::Mismatch(header.to_owned())) }
}

fn check_time(header: &'static str, text: &str, now: Timestamp) -> Result<(), VerifyError> {
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let time: u64 = digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| malformed(header, "a time in whole seconds since 1970"))?;
    let seconds = now.as_seconds().abs_diff(time);
    if seconds > SIGNATURE_TOLERANCE.as_secs() {
        return Err(VerifyError::Time { header, seconds });
    }
    Ok(())
}

/// The only value of a header, in visible ASCII.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, VerifyError> {
    optional_header(headers, name)?.ok_or_else(|| VerifyError::Missing(name.to_owned()))
}

fn optional_header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, VerifyError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(VerifyError::Repeated(name.to_owned()));
    }
    value.to_str().map(|text| Some(text.trim())).map_err(|_| malformed(name, "visible ASCII characters"))
}

fn malformed(header: &str, rule: &str) -> VerifyError {
    VerifyError::Malformed { header: header.to_owned(), rule: rule.to_owned() }
}

/// Either case of letters.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok()
}

/// Ids of events, in the bodies of senders that have no header for them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    /// Stripe's.
    id: Value,
    /// Slack's.
    event_id: Value,
}

/// The event that a body has; one without ids if it is something else.
fn event(body: &[u8]) -> Event {
    serde_json::from_slice(body).unwrap_or_default()
}
