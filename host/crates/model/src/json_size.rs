//! Estimates the memory of a JSON text as a tree, before the tree is built. Ten megabytes of `{"":0}` take one gigabyte.

/// An object takes at least one node of a B-tree: eleven keys and values.
const OBJECT_BYTES: u64 = 700;
/// The least capacity that an array reserves.
const ARRAY_BYTES: u64 = 160;
/// One more value: in an array, whose capacity doubles as it grows, or in an object, with its part of a node.
const ITEM_BYTES: u64 = 128;
/// A text, besides its characters.
const TEXT_BYTES: u64 = 32;

/// An upper bound of the bytes that `serde_json::Value` takes for a text. The text need not be valid JSON.
pub fn json_tree_bytes(text: &[u8]) -> u64 {
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    let (mut total, mut rest) = (ITEM_BYTES.saturating_add(length), text);
    while let [first, tail @ ..] = rest {
        rest = tail;
        let bytes = match first {
            b'{' => OBJECT_BYTES,
            b'[' => ARRAY_BYTES,
            b',' => ITEM_BYTES,
            b'"' => {
                rest = after_text(tail);
                TEXT_BYTES
            }
            _ => 0,
        };
        total = total.saturating_add(bytes);
    }
    total
}

/// What follows a text's closing quote.
fn after_text(mut text: &[u8]) -> &[u8] {
    loop {
        match text {
            [b'\\', _, rest @ ..] => text = rest,
            [b'"', rest @ ..] => return rest,
            [_, rest @ ..] => text = rest,
            [] => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_quotes_is_no_structure() {
        assert_eq!(json_tree_bytes(br#""{[,\"{[,""#), ITEM_BYTES + TEXT_BYTES + 10);
        assert_eq!(
            json_tree_bytes(br#"[{"a":"{"},1]"#),
            2 * ITEM_BYTES + ARRAY_BYTES + OBJECT_BYTES + 2 * TEXT_BYTES + 13
        );
        for broken in ["", "\"", "\"\\", "[[[", "}}"] {
            assert!(json_tree_bytes(broken.as_bytes()) >= ITEM_BYTES, "{broken}");
        }
    }
}
