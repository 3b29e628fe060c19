//! Makes texts from providers and browsers safe for logs, errors and pages.

/// How much of a provider's error code is repeated, in characters.
pub(super) const MAX_CODE_CHARS: usize = 64;
/// How much of a provider's description of an error is repeated, in characters.
pub(super) const MAX_DESCRIPTION_CHARS: usize = 256;

/// Makes a foreign text one short line that reads as it is displayed: without control characters, and without invisible
/// characters that hide or reorder what is beside them.
pub(super) fn cleaned(text: &str, max_chars: usize) -> String {
    let misleading = |character: char| {
        character.is_control()
            || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|character| !misleading(*character)).take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn a_foreign_text_becomes_one_short_line() {
        let text = "no\r\n\u{1b}[31m way\0 \u{202e}gpj.exe\u{2066}\u{200b}\u{2028}";
        assert_eq!(cleaned(text, 100), "no[31m way gpj.exe");
        assert_eq!(cleaned(&"\u{e9}".repeat(500), 3), "\u{e9}\u{e9}\u{e9}");
    }
}
