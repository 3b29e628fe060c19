//! Classes of bytes, and the other forms in which a text may hold a credential: escaped, wrapped over lines, in base64.
//! Each form is made in one pass.

use std::borrow::Cow;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use percent_encoding::percent_decode_str;

/// Stands for an expression in a text whose expressions were taken out: no credential has it.
pub(super) const EXPRESSION: char = '\u{fffc}';
/// The shortest base64 that is decoded, in characters: that of 13 bytes, the length of the shortest token in the table.
const MIN_BASE64_CHARS: usize = 18;

/// The longest number that is no part of a token, in digits: a year.
const MAX_NUMBER_BYTES: usize = 4;

/// Takes both alphabets once `-` and `_` are replaced, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Of either alphabet, without padding.
pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// The text that base64 of either alphabet stands for; `None` for what is not base64 or no text.
pub(super) fn from_base64(text: &str) -> Option<String> {
    let standard = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let decoded = String::from_utf8(BASE64.decode(standard).ok()?).ok()?;
    let is_text = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    decoded.chars().all(is_text).then_some(decoded)
}

/// The text with each `{{ expression }}` replaced by [`EXPRESSION`].
pub(super) fn without_expressions(text: &str) -> Cow<'_, str> {
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, (_, after))) =
        rest.split_once("{{").and_then(|(before, inner)| Some((before, inner.split_once("}}")?)))
    {
        literal.push_str(before);
        literal.push(EXPRESSION);
        rest = after;
    }
    if literal.is_empty() {
        return Cow::Borrowed(text);
    }
    literal.push_str(rest);
    Cow::Owned(literal)
}

/// The expressions of a text, without their braces.
pub(super) fn expressions(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (expression, after) = rest.split_once("{{")?.1.split_once("}}")?;
        rest = after;
        Some(expression)
    })
}

/// The text without percent-encoding, the escapes of JSON and invisible characters; `None` if it has none of them. JSON in
/// JSON is escaped twice.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let once = unescaped_once(text)?;
    let twice = unescaped_once(&once);
    Some(twice.unwrap_or(once))
}

fn unescaped_once(text: &str) -> Option<String> {
    if !text.contains(|character| matches!(character, '%' | '\\') || is_invisible(character)) {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let mut plain = String::with_capacity(decoded.len());
    let mut rest = decoded.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some('n' | 'r' | 't') => plain.push('\n'),
                Some('u') => {
                    let code = rest.as_str().get(..4).and_then(|code| u32::from_str_radix(code, 16).ok());
                    if let Some(character) = code.and_then(char::from_u32) {
                        plain.push(character);
                        rest = rest.as_str()[4..].chars();
                    }
                }
                // A shell continues the line after it.
                Some('\n') | None => {}
                Some(other) => plain.push(other),
            },
            _ if is_invisible(character) => {}
            _ => plain.push(character),
        }
    }
    (plain != text).then_some(plain)
}

/// Comes into a token where it was copied from a formatted page.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// A text whose broken tokens are whole again.
pub(super) struct Unwrapped {
    pub(super) text: String,
    /// Where blanks were taken out, in ascending order.
    pub(super) joints: Vec<usize>,
}

/// The text without the blanks before what may continue a token: no word, but something of mixed letters and digits.
/// `None` if there is nothing like that.
pub(super) fn unwrapped(text: &str) -> Option<Unwrapped> {
    let mut whole = Unwrapped { text: String::new(), joints: Vec::new() };
    for piece in text.split_whitespace() {
        if !whole.text.is_empty() && continues_token(piece) {
            whole.joints.push(whole.text.len());
        } else {
            whole.text.push('\n');
        }
        whole.text.push_str(piece);
    }
    (!whole.joints.is_empty()).then_some(whole)
}

fn continues_token(piece: &str) -> bool {
    let piece = piece.trim_end_matches(['"', '\'', ',', ';', ')']);
    piece.bytes().all(|byte| is_base64(byte) || matches!(byte, b'.' | b'=' | b'~'))
        && !piece.split(|character: char| !character.is_ascii_alphanumeric()).all(is_plain)
}

/// Whether letters and digits stand as in a word, a name or a short number: `word`, `Word`, `WORD` or `2026`.
fn is_plain(word: &str) -> bool {
    let rest = word.strip_prefix(|character: char| character.is_ascii_uppercase()).unwrap_or(word);
    let all = |of: fn(&u8) -> bool| word.as_bytes().iter().all(of);
    rest.bytes().all(|byte| byte.is_ascii_lowercase())
        || all(u8::is_ascii_uppercase)
        || word.len() <= MAX_NUMBER_BYTES && all(u8::is_ascii_digit)
}

/// What the base64 in a text stands for, as far as that is text; `None` if there is none. Base64 that is broken over lines
/// is put together.
pub(super) fn decoded(text: &str) -> Option<String> {
    let is_base64 = |character: char| u8::try_from(character).is_ok_and(is_base64);
    let mut all = String::new();
    let mut rest = text;
    // Whether the last run of base64 was text.
    let mut continues = false;
    while let Some(start) = rest.find(is_base64) {
        continues &= rest[..start].bytes().all(|byte| byte.is_ascii_whitespace());
        let from_run = &rest[start..];
        let (run, after) =
            from_run.split_at(from_run.find(|character| !is_base64(character)).unwrap_or(from_run.len()));
        let is_long = run.len() >= MIN_BASE64_CHARS;
        let decoded = (continues || is_long).then(|| from_base64(run)).flatten();
        if let Some(decoded) = &decoded {
            if !continues {
                all.push('\n');
            }
            all.push_str(decoded);
        }
        continues = decoded.is_some();
        rest = after;
    }
    (!all.is_empty()).then_some(all)
}
