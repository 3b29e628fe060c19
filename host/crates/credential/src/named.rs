//! The generic rule: a random text is a credential where its name says so, such as `api_key`, `password` or
//! `Authorization`. Random texts elsewhere are ids, checksums and images.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::{
    check::{MAX_JUDGED_BYTES, is_basic, is_password, is_random},
    text::{EXPRESSION, expressions, without_expressions},
};

/// What the generic rules call what they find.
pub(super) const WHAT: &str = "a password or token";

/// Last words of names of secrets, in the singular.
const SECRETS: [&str; 7] = ["secret", "credential", "authorization", "authentication", "auth", "bearer", "cookie"];
const PASSWORDS: [&str; 9] =
    ["password", "passwd", "passphrase", "passcode", "pwd", "pass", "passwort", "kennwort", "contraseña"];
/// Words before `key`.
const KEYS: [&str; 24] = [
    "access",
    "account",
    "admin",
    "api",
    "app",
    "application",
    "auth",
    "client",
    "deploy",
    "encryption",
    "integration",
    "license",
    "master",
    "preshared",
    "private",
    "routing",
    "secret",
    "security",
    "service",
    "shared",
    "signing",
    "ssh",
    "storage",
    "subscription",
];
/// Words before `token` of tokens that only continue a list or mark a request.
const HARMLESS: [&str; 20] = [
    "next",
    "page",
    "nextpage",
    "pagination",
    "sync",
    "cursor",
    "continuation",
    "continue",
    "resume",
    "delta",
    "start",
    "end",
    "scroll",
    "idempotency",
    "request",
    "csrf",
    "xsrf",
    "design",
    "max",
    "min",
];
/// Words that say that a value is meant for the public.
const PUBLIC: [&str; 3] = ["public", "publishable", "pub"];
/// Words after the name of a secret that change nothing.
const SUFFIXES: [&str; 15] = [
    "value",
    "header",
    "default",
    "example",
    "raw",
    "plain",
    "plaintext",
    "text",
    "string",
    "live",
    "test",
    "prod",
    "production",
    "dev",
    "staging",
];
/// Words before a token in the value of a header.
const SCHEMES: [&str; 8] = ["bearer", "basic", "token", "apikey", "api-key", "ssws", "key", "digest"];

/// What every name of a secret contains.
const PARTS: [&str; 10] =
    ["token", "secret", "credential", "auth", "bearer", "cookie", "key", "pass", "pwd", "kennwort"];
/// The longest name in a text, in bytes to either side of what makes it telling.
const MAX_NAME_BYTES: usize = 48;
/// Blanks and quotes between a name and its value, in bytes.
const MAX_GAP_BYTES: usize = 8;
/// A value of more words is prose.
const MAX_WORDS: usize = 4;

/// What a name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Password,
    Secret,
}

static PARTS_OF_NAMES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).build(PARTS).expect("so few words fit into an automaton")
});

impl Named {
    /// Whether a name says that its value is secret: its last word counts, so that `token_url` does not.
    pub(super) fn by(name: &str) -> Option<Self> {
        let words = words(name);
        let is_suffix =
            |word: &&String| SUFFIXES.contains(&word.as_str()) || word.bytes().all(|byte| byte.is_ascii_digit());
        let end = words.len() - words.iter().rev().take_while(is_suffix).count();
        let (last, before) = words[..end].split_last()?;
        let before = before.last().map_or("", String::as_str);
        if words.iter().any(|word| PUBLIC.contains(&word.as_str())) {
            return None;
        }
        let singular = last.strip_suffix('s').unwrap_or(last);
        // Words are also written as one. A short one ends other words: `compass`.
        let is_end = |word: &str, end: &str| word == end || end.len() > 4 && word.ends_with(end);
        if PASSWORDS.iter().any(|end| is_end(last, end) || is_end(singular, end)) {
            return Some(Self::Password);
        }
        let before_end = |end| singular.strip_suffix(end).map(|start| if start.is_empty() { before } else { start });
        let is_secret = SECRETS.iter().any(|end| is_end(singular, end))
            || before_end("token").is_some_and(|start| !HARMLESS.contains(&start))
            || before_end("key").is_some_and(|start| KEYS.contains(&start))
            || last == "id" && before == "secret";
        is_secret.then_some(Self::Secret)
    }

    /// Whether a value of such a name is secret. What an expression gives is not, but a text within it may be.
    pub(super) fn is_secret(self, value: &str) -> bool {
        let literal = without_expressions(value);
        let words: Vec<_> = literal.split(is_gap).filter(|word| !word.is_empty()).take(MAX_WORDS + 1).collect();
        let quoted = || expressions(value).flat_map(|expression| expression.split(['\'', '"']).skip(1).step_by(2));
        words.len() <= MAX_WORDS && words.iter().any(|word| self.is_secret_word(word) || is_basic(word))
            || quoted().any(is_random)
    }

    fn is_secret_word(self, word: &str) -> bool {
        is_random(word) || self == Self::Password && is_password(word)
    }
}

/// Whether a text has a name and a secret: `password=…`, `"api_key": "…"`, `--token …` or `<secret>…</secret>`.
pub(super) fn has_secret(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut judged = 0;
    PARTS_OF_NAMES.find_iter(text).any(|part| {
        if part.start() < judged {
            return false;
        }
        let from = part.start() - run(bytes[..part.start()].iter().rev(), is_of_name, MAX_NAME_BYTES);
        let to = part.end() + run(bytes[part.end()..].iter(), is_of_name, MAX_NAME_BYTES);
        judged = to;
        // Names are ASCII, so the text can be cut at their ends.
        let (name, rest) = (&text[from..to], &text[to..]);
        // Few values look like a secret, so that comes first.
        value_after(name, rest).is_some_and(|value| {
            (is_random(value) || is_password(value)) && Named::by(name).is_some_and(|named| named.is_secret_word(value))
        })
    })
}

/// The value of a name that this follows.
fn value_after<'a>(name: &str, rest: &'a str) -> Option<&'a str> {
    let after_name = past(rest, |byte| is_blank(byte) || is_quote(byte));
    let operator = run(after_name.as_bytes().iter(), |byte| matches!(byte, b'=' | b':' | b'>'), MAX_GAP_BYTES);
    if operator == 0 && !(name.starts_with("--") && after_name.len() < rest.len()) {
        return None;
    }
    let value = past(&after_name[operator..], |byte| is_blank(byte) || is_quote(byte));
    let word = first_word(value);
    let is_scheme = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
    Some(if is_scheme { first_word(past(&value[word.len()..], is_blank)) } else { word })
}

/// The text until a blank or a sign that ends a value; `=` only ends base64.
fn first_word(text: &str) -> &str {
    let bytes = &text.as_bytes()[..text.len().min(MAX_JUDGED_BYTES)];
    let ends = |place: usize| match bytes[place] {
        b'=' => bytes.get(place + 1).is_some_and(u8::is_ascii_alphanumeric),
        byte => !byte.is_ascii() || ends_value(byte),
    };
    // Up to its end the word is ASCII.
    &text[..(0..bytes.len()).find(|place| ends(*place)).unwrap_or(bytes.len())]
}

/// The text after at most [`MAX_GAP_BYTES`] of a class of ASCII bytes.
fn past(text: &str, class: fn(u8) -> bool) -> &str {
    &text[run(text.as_bytes().iter(), class, MAX_GAP_BYTES)..]
}

fn run<'a>(bytes: impl Iterator<Item = &'a u8>, class: fn(u8) -> bool, most: usize) -> usize {
    bytes.take(most).take_while(|byte| class(**byte)).count()
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'\\' | b']' | b'`')
}

/// What separates values in a text.
fn is_gap(character: char) -> bool {
    character == EXPRESSION || character.is_whitespace() || u8::try_from(character).is_ok_and(ends_value)
}

fn ends_value(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'"' | b'\'' | b'`' | b'&' | b',' | b';' | b'<' | b'>' | b'(' | b')' | b'{' | b'}')
}

/// The words of a name, in lower case: `accessToken`, `ACCESS_TOKEN` and `Access-Token` have two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (place, character) in characters.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(place + 1);
        let begins = character.is_uppercase()
            && before.is_some_and(|before| !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()));
        if begins || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_alphanumeric(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
