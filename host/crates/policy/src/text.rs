//! Foreign text in messages.

/// How much of a foreign text a message repeats, in characters.
const MAX_QUOTED_CHARS: usize = 100;

/// Quotes a guest's own text for a message: clipped, and escaped so that it cannot forge lines of a log.
pub fn quoted(text: &str) -> String {
    let clipped: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    format!("{clipped:?}")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quoted_text_is_one_short_line() {
        let text = quoted(&"a\nb".repeat(1000));
        assert!(!text.contains('\n'));
        assert!(text.len() < 200);
    }
}
