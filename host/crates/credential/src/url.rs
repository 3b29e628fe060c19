//! Finds URLs with a password: `https://user:password@host` (RFC 3986, section 3.2.1), and those of databases and brokers.

use super::text::EXPRESSION;

/// Whether a text has a URL with a password that is neither an expression nor a placeholder such as `***`.
pub(super) fn has_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| password(&text[at + 3..]).is_some_and(|password| !is_placeholder(password)))
}

/// The password of a URL that goes on like this after `://`.
fn password(rest: &str) -> Option<&str> {
    let authority = rest.split(ends_authority).next()?;
    let (user_info, host) = authority.rsplit_once('@')?;
    let (_, password) = user_info.split_once(':')?;
    (!host.is_empty() && !password.is_empty()).then_some(password)
}

/// The characters of RFC 3986 that end an authority, and those that no URL has.
fn ends_authority(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | '{' | '}' | '|' | '\\' | ',' | ';')
}

/// `$PASSWORD` is a shell's variable.
fn is_placeholder(password: &str) -> bool {
    password.starts_with('$')
        || password.chars().all(|character| matches!(character, '*' | 'x' | 'X' | '.' | '•' | EXPRESSION))
}
