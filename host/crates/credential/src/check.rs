//! What patterns cannot express: whether a text is random rather than made of words, and what base64 stands for.

use serde_json::Value;

use super::text::from_base64;

/// The shortest text that is taken for random, in bytes: 16 hexadecimal digits are 64 bits, and shorter ones are often
/// numbers of orders or versions.
const MIN_RANDOM_BYTES: usize = 16;
/// The longest part of a text that is judged, in bytes: whether it is random shows in its beginning.
pub(super) const MAX_JUDGED_BYTES: usize = 64;
/// Bits of entropy for each byte. 16 random hexadecimal digits have about 3.3; repeated and counted texts have less.
const MIN_ENTROPY: f64 = 3.0;
/// Of so many bytes, at least one differs in class (lower case, upper case, digit) from the byte before it. In random texts
/// nearly every second one does, and one in ten in names such as `inputs.sha256Digest`.
const BYTES_PER_CHANGE: usize = 5;
/// Digits, and letters, in an unbroken run of [`MIN_RANDOM_BYTES`] that is random without many changes of class.
const MIN_OF_EACH: usize = 3;
/// The shortest run of letters and digits that no word is, in bytes.
const MIN_MIXED_BYTES: usize = 8;
/// The shortest password that is recognised, in characters.
const MIN_PASSWORD_CHARS: usize = 8;

pub(super) fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether letters and digits are mixed in one word of some length: `internationalisation-2026` has none.
pub(super) fn is_mixed(text: &str) -> bool {
    let is_mixed = |run: &str| {
        run.len() >= MIN_MIXED_BYTES && has_digit(run) && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    text.split(|character: char| !character.is_ascii_alphanumeric()).any(is_mixed)
}

/// Whether this is the head of a JSON Web Token: an object that names an algorithm (RFC 7515, section 4.1.1).
pub(super) fn is_jwt_head(text: &str) -> bool {
    let head = from_base64(text).and_then(|head| serde_json::from_str::<Value>(&head).ok());
    head.is_some_and(|head| head.get("alg").is_some_and(Value::is_string))
}

/// Whether this is what `Basic` authentication sends: `user:password` in base64 (RFC 7617, section 2).
pub(super) fn is_basic(text: &str) -> bool {
    from_base64(text)
        .is_some_and(|pair| pair.split_once(':').is_some_and(|(user, password)| user.len() + password.len() > 1))
}

/// Whether a text is random, as tokens are, and not made of words, a date, a version or a path.
pub(super) fn is_random(text: &str) -> bool {
    let bytes = &text.as_bytes()[..text.len().min(MAX_JUDGED_BYTES)];
    if bytes.len() < MIN_RANDOM_BYTES || !bytes.is_ascii() || text.contains("://") {
        return false;
    }
    let changes = bytes.windows(2).filter(|pair| is_change(pair[0], pair[1])).count();
    let is_mixed = has_digit(text) && changes * BYTES_PER_CHANGE >= bytes.len()
        || bytes.split(|byte| !byte.is_ascii_alphanumeric()).any(is_random_run);
    is_mixed && entropy(bytes) >= MIN_ENTROPY
}

/// Whether a text is what people choose as a password: long enough, with lower case and digits, and no name of something
/// else, such as a path. What has upper case too may have the signs of names.
pub(super) fn is_password(text: &str) -> bool {
    text.chars().count() >= MIN_PASSWORD_CHARS
        && !text.contains(['/', ':'])
        && has_digit(text)
        && text.contains(char::is_lowercase)
        && (text.contains(char::is_uppercase) || !text.contains(['-', '_', '.']))
}

/// A letter in upper case before one in lower case begins a word.
fn is_change(one: u8, other: u8) -> bool {
    match (class(one), class(other)) {
        (Some(one), Some(other)) => one != other && (one, other) != (1, 0),
        _ => false,
    }
}

fn class(byte: u8) -> Option<u8> {
    match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    }
}

fn is_random_run(run: &[u8]) -> bool {
    let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
    run.len() >= MIN_RANDOM_BYTES && digits >= MIN_OF_EACH && run.len() - digits >= MIN_OF_EACH
}

/// Shannon's entropy of the bytes' frequencies, in bits for each byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let length = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}
