//! Texts of messages.

use super::bounds::MAX_PROBLEM_CHARS;

/// The beginning of a text.
pub fn clipped(text: &str) -> String {
    text.chars().take(MAX_PROBLEM_CHARS).collect()
}
