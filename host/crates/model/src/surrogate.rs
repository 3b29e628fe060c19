//! Finds texts in JSON that no program can hold as Unicode, without building a tree.

/// Returns whether a JSON text has an escape such as `\ud83d` that is half of a surrogate pair, without its other half. JSON
/// allows it (RFC 8259, section 8.2), I-JSON does not (RFC 7493, section 2.1), and most parsers refuse the whole text.
pub fn has_lone_surrogate(json: &str) -> bool {
    let mut rest = json.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get(at..).unwrap_or_default();
        let (surrogate, length) = match unit(escape) {
            None => (None, 2),
            Some(0xd800..=0xdbff) => {
                let is_pair = escape.get(6..).and_then(unit).is_some_and(|low| (0xdc00..=0xdfff).contains(&low));
                (Some(is_pair), 12)
            }
            Some(0xdc00..=0xdfff) => (Some(false), 6),
            Some(_) => (None, 6),
        };
        if surrogate == Some(false) {
            return true;
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    false
}

/// The UTF-16 code unit of the escape at the beginning of a text, if there is one.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(br"\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, value::RawValue};

    use super::*;

    #[test]
    fn half_a_pair_is_found_wherever_it_stands() {
        for (json, is_lone) in [
            (r#""\ud83d""#, true),
            (r#""\uD83D""#, true),
            (r#""\ude00""#, true),
            (r#""\ude00\ud83d""#, true),
            (r#""\ud83d\ud83d\ude00""#, true),
            (r#""\ud83dx\ude00""#, true),
            (r#""\ud83d\n""#, true),
            (r#""\ud83d\u0041""#, true),
            (r#""\\\ud83d""#, true),
            (r#"{"\ud83d":1}"#, true),
            (r#"[[{"a":["\u0041\udfff"]}]]"#, true),
            (r#""\ud83d\ude00""#, false),
            (r#""\ud83d\ude00\uD83D\uDE00""#, false),
            (r#""\\ud83d""#, false),
            (r#""\\\\ud83d \" \u00e9 \ue000 \ud7ff""#, false),
            ("\"😀\"", false),
            ("[1,null]", false),
        ] {
            RawValue::from_string(json.to_owned()).expect("is JSON");
            assert_eq!(has_lone_surrogate(json), is_lone, "{json}");
            assert_eq!(serde_json::from_str::<Value>(json).is_err(), is_lone, "{json}");
        }
        for broken in ["\\", "\\u", "\\ud83", "\\ud83d\\", "\\u+123", "\\ué9"] {
            has_lone_surrogate(broken);
        }
    }
}
