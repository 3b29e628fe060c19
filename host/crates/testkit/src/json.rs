//! Comparing JSON: whether it is the same, whether one is a part of the other, and where they differ. Texts about
//! differences are bounded, since what they quote is a guest's or an upstream's.

use serde_json::{Number, Value};

/// What stands where a recording left something secret out. In a request that is expected it stands for anything.
pub(super) const REDACTED: &str = "[redacted]";
/// Differences that are listed.
const MAX_DIFFERENCES: usize = 20;
/// What is quoted of one value, in characters.
const MAX_QUOTED_CHARS: usize = 300;

/// How what is expected is held against what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The same value. 1 and 1.0 are the same number.
    Exact,
    /// Members of objects that are not expected may be there. Lists have the same length.
    Subset,
    /// As a subset, and [`REDACTED`] stands for anything.
    Request,
}

/// Where `actual` is not what is expected, each with its JSON pointer (RFC 6901), at most [`MAX_DIFFERENCES`].
pub(super) fn differences(expected: &Value, actual: &Value, rule: Rule) -> Vec<String> {
    let mut found = Differences { rule, lines: Vec::new() };
    found.compare(&mut String::new(), expected, actual);
    found.lines
}

/// A value as short JSON text.
pub(super) fn quoted(value: &Value) -> String {
    clipped(&value.to_string())
}

/// The beginning of a text.
pub(super) fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{} … ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

struct Differences {
    rule: Rule,
    lines: Vec<String>,
}

impl Differences {
    fn compare(&mut self, pointer: &mut String, expected: &Value, actual: &Value) {
        match (expected, actual) {
            (Value::String(text), _) if self.rule == Rule::Request && text == REDACTED => {}
            (Value::Number(expected), Value::Number(actual)) if is_same_number(expected, actual) => {}
            (Value::Object(expected), Value::Object(actual)) => {
                for (name, value) in expected {
                    self.within(pointer, name, |found, pointer| match actual.get(name) {
                        Some(other) => found.compare(pointer, value, other),
                        None => found.note(pointer, &format!("expected {}, but it is missing", quoted(value))),
                    });
                }
                if self.rule == Rule::Exact {
                    for (name, value) in actual.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                        self.within(pointer, name, |found, pointer| {
                            found.note(pointer, &format!("expected nothing, got {}", quoted(value)));
                        });
                    }
                }
            }
            (Value::Array(expected), Value::Array(actual)) => {
                for (place, (value, other)) in expected.iter().zip(actual).enumerate() {
                    self.within(pointer, &place.to_string(), |found, pointer| found.compare(pointer, value, other));
                }
                if expected.len() != actual.len() {
                    self.note(pointer, &format!("expected {} items, got {}", expected.len(), actual.len()));
                }
            }
            (expected, actual) if expected == actual => {}
            (expected, actual) => {
                self.note(pointer, &format!("expected {}, got {}", quoted(expected), quoted(actual)));
            }
        }
    }

    fn within(&mut self, pointer: &mut String, name: &str, look: impl FnOnce(&mut Self, &mut String)) {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        look(self, pointer);
        pointer.truncate(length);
    }

    fn note(&mut self, pointer: &str, what: &str) {
        if self.lines.len() < MAX_DIFFERENCES {
            let place = if pointer.is_empty() { "(root)".to_owned() } else { clipped(pointer) };
            self.lines.push(format!("{place}: {what}"));
        }
    }
}

fn is_same_number(expected: &Number, actual: &Number) -> bool {
    expected == actual
        || ((expected.is_f64() || actual.is_f64())
            && expected.as_f64().is_some()
            && expected.as_f64() == actual.as_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn agrees(expected: &Value, actual: &Value, rule: Rule) -> bool {
        differences(expected, actual, rule).is_empty()
    }

    #[test]
    fn the_same_is_the_same_whatever_the_order_and_the_spelling_of_numbers() {
        assert!(agrees(&json!({"a": 1, "b": [1.0]}), &json!({"b": [1], "a": 1}), Rule::Exact));
        assert!(!agrees(&json!(1), &json!("1"), Rule::Exact));
        assert!(!agrees(&json!(u64::MAX), &json!(u64::MAX - 1), Rule::Exact), "large numbers are not rounded");
    }

    #[test]
    fn differences_are_named_by_pointer() {
        let lines = differences(
            &json!({"a/b": {"c~": 1}, "gone": true, "list": [1, 2]}),
            &json!({"a/b": {"c~": 2}, "more": null, "list": [1]}),
            Rule::Exact,
        );
        assert_eq!(
            lines,
            [
                "/a~1b/c~0: expected 1, got 2",
                "/gone: expected true, but it is missing",
                "/list: expected 2 items, got 1",
                "/more: expected nothing, got null",
            ]
        );
    }

    #[test]
    fn a_subset_may_lack_members_and_no_items() {
        let actual = json!({"a": {"b": 1, "c": 2}, "list": [{"x": 1, "y": 2}]});
        assert!(agrees(&json!({"a": {"b": 1}, "list": [{"x": 1}]}), &actual, Rule::Subset));
        assert!(!agrees(&json!({"list": []}), &actual, Rule::Subset));
        assert!(!agrees(&json!({"a": null}), &actual, Rule::Subset));
    }

    #[test]
    fn what_was_redacted_stands_for_anything_in_requests_alone() {
        let (expected, actual) = (json!({"token": REDACTED}), json!({"token": {"any": "thing"}}));
        assert!(agrees(&expected, &actual, Rule::Request));
        assert!(!agrees(&expected, &json!({}), Rule::Request), "it has to be there");
        assert!(!agrees(&expected, &actual, Rule::Subset));
    }

    #[test]
    fn what_is_quoted_is_bounded() {
        let long = json!(vec!["ä".repeat(10_000); 100]);
        let lines = differences(&json!(vec![0; 100]), &long, Rule::Exact);
        assert_eq!(lines.len(), MAX_DIFFERENCES);
        assert!(lines.iter().all(|line| line.chars().count() < 400), "{}", lines[0]);
    }
}
