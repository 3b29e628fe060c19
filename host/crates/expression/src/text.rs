//! Texts of messages.

use std::fmt;

use super::bounds::MAX_PROBLEM_CHARS;

/// The beginning of a text.
pub fn clipped(text: &str) -> String {
    text.chars().take(MAX_PROBLEM_CHARS).collect()
}

/// The JSON pointer (RFC 6901) of a member of what `pointer` points to.
pub fn child(pointer: &str, member: impl fmt::Display) -> String {
    format!("{pointer}/{}", member.to_string().replace('~', "~0").replace('/', "~1"))
}
