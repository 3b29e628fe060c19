//! Filters that encode, decode and hash.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use super::{Filter, Given, text_of};
use crate::evaluate::{Computed, EvaluateError, Outcome, compare::kind, work::Work};

/// What stays in a part of a query: the unreserved characters (RFC 3986, section 2.3).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same and slashes, as in Jinja2.
const PATH: &AsciiSet = &QUERY.remove(b'/');

pub(super) const ALL: &[Filter] = &[
    Filter::new("tojson", &[], 0, |work, of, _| {
        let text = work.json(of.seen()?)?;
        Ok(text.into())
    }),
    Filter::new("fromjson", &[], 0, fromjson),
    Filter::new("urlencode", &[], 0, urlencode),
    Filter::new("base64", &[], 0, |work, of, _| {
        let text = text_of(work, of, "base64")?;
        work.make(text.len() / 3 * 4 + 4)?;
        Ok(STANDARD.encode(text.as_bytes()).into())
    }),
    Filter::new("base64decode", &[], 0, |work, of, _| {
        let text = text_of(work, of, "base64decode")?;
        work.make(text.len())?;
        let bytes = STANDARD.decode(text.trim().as_bytes()).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let wrong = || {
            EvaluateError::Failed(
                "`base64decode` takes the base64 (RFC 4648, with padding) of a text in UTF-8".to_owned(),
            )
        };
        text.map(Computed::from).ok_or_else(wrong)
    }),
    Filter::new("hash", &["algorithm"], 0, hash),
    Filter::new("hmac", &["key", "algorithm", "encoding"], 1, hmac),
];

fn fromjson<'a>(work: &mut Work<'a>, of: Computed<'a>, _: Given<'a>) -> Outcome<'a> {
    let of = of.value()?;
    let Value::String(text) = &*of else {
        return Err(EvaluateError::Failed(format!("`fromjson` reads a string (got {})", kind(&of))));
    };
    // A value of two characters, for example `1,`, takes a whole one.
    work.make(text.len().saturating_mul(24))?;
    work.charge(text.len())?;
    let value: Result<Value, _> = serde_json::from_str(text);
    value.map(Computed::from).map_err(|error| {
        EvaluateError::Failed(format!("`fromjson` found no JSON at line {}, column {}", error.line(), error.column()))
    })
}

/// A text for a path or a query; an object as the whole query `a=1&b=2`.
fn urlencode<'a>(work: &mut Work<'a>, of: Computed<'a>, _: Given<'a>) -> Outcome<'a> {
    if let Value::Object(members) = of.seen()? {
        let mut query = String::new();
        for (name, member) in members {
            let member = work.as_text(member)?;
            work.charge(1)?;
            work.make((name.len() + member.len()).saturating_mul(3) + 2)?;
            if !query.is_empty() {
                query.push('&');
            }
            // A form writes a blank as a plus.
            let encoded = |text: &str| utf8_percent_encode(text, QUERY).to_string().replace("%20", "+");
            query = query + &encoded(name) + "=" + &encoded(&member);
        }
        return Ok(query.into());
    }
    let text = text_of(work, of, "urlencode")?;
    work.make(text.len().saturating_mul(3))?;
    work.charge(text.len() / 16)?;
    Ok(utf8_percent_encode(&text, PATH).to_string().into())
}

#[derive(Clone, Copy)]
enum Algorithm {
    Sha256,
    Sha512,
    /// Broken for signatures; some vendors still send it.
    Sha1,
}

/// The algorithm that is named, once hashing so much is paid for.
fn algorithm<'a>(
    work: &mut Work<'a>,
    given: &mut Given<'a>,
    place: usize,
    length: usize,
    filter: &str,
) -> Result<Algorithm, EvaluateError> {
    // The slowest takes about 3 ns a byte.
    work.charge(64 + length / 8)?;
    let name = given.text(work, place, filter)?;
    match name.as_deref().unwrap_or("sha256") {
        "sha256" => Ok(Algorithm::Sha256),
        "sha512" => Ok(Algorithm::Sha512),
        "sha1" => Ok(Algorithm::Sha1),
        _ => Err(EvaluateError::Failed(format!("`{filter}` knows sha256, sha512 and sha1"))),
    }
}

fn hash<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let text = text_of(work, of, "hash")?;
    let bytes = text.as_bytes();
    Ok(match algorithm(work, &mut given, 0, bytes.len(), "hash")? {
        Algorithm::Sha256 => hex(&Sha256::digest(bytes)),
        Algorithm::Sha512 => hex(&Sha512::digest(bytes)),
        Algorithm::Sha1 => hex(&sha1::Sha1::digest(bytes)),
    }
    .into())
}

/// A code that only who knows the key can make (RFC 2104). The key is a secret input, so that no definition and no history holds it.
fn hmac<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let text = text_of(work, of, "hmac")?;
    let key = match given.take(0) {
        Some(Computed::Secret(name)) => work.scope.secrets.get(name),
        _ => None,
    };
    let no_key = || {
        EvaluateError::Failed("`hmac` takes a secret input as its key: mark the input with `format: secret`".to_owned())
    };
    let key = key.ok_or_else(no_key)?.expose_secret().as_bytes();
    let message = text.as_bytes();
    let code = match algorithm(work, &mut given, 1, message.len() + key.len(), "hmac")? {
        Algorithm::Sha256 => code::<Hmac<Sha256>>(key, message),
        Algorithm::Sha512 => code::<Hmac<Sha512>>(key, message),
        Algorithm::Sha1 => code::<Hmac<sha1::Sha1>>(key, message),
    };
    match given.text(work, 2, "hmac")?.as_deref().unwrap_or("hex") {
        "hex" => Ok(hex(&code).into()),
        "base64" => Ok(STANDARD.encode(code).into()),
        _ => Err(EvaluateError::Failed("`hmac` knows the encodings hex and base64".to_owned())),
    }
}

fn code<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    // A key of any length will do.
    <M as KeyInit>::new_from_slice(key)
        .map_or_else(|_| Vec::new(), |mac| mac.chain_update(message).finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
