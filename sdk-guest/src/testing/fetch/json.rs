//! Whether one JSON value is a part of another, and where it is not. Compares and changes nothing.

use serde_json::Value;

/// How much of a value a difference shows, in characters.
const MAX_SHOWN: usize = 200;

/// Where `actual` lacks what `expected` has, a line each with the JSON pointer (RFC 6901). An object
/// may have more members than expected; an array has the same number of elements.
pub(super) fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(expected, actual, &mut String::new(), &mut found);
    found
}

fn compare(expected: &Value, actual: &Value, pointer: &mut String, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, value) in expected {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                within(pointer, &escaped, |pointer| match actual.get(name) {
                    Some(actual) => compare(value, actual, pointer, found),
                    None => found.push(format!("json {pointer}: is not there, expected {}", shown(value))),
                });
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                within(pointer, &index.to_string(), |pointer| compare(expected, actual, pointer, found));
            }
        }
        (Value::Number(one), Value::Number(another)) if one.as_f64() == another.as_f64() => {}
        _ if expected == actual => {}
        _ => {
            let place = if pointer.is_empty() { "json" } else { "json " };
            found.push(format!("{place}{pointer}: is {}, expected {}", shown(actual), shown(expected)));
        }
    }
}

fn within(pointer: &mut String, step: &str, look: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(step);
    look(pointer);
    pointer.truncate(length);
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::differences;

    #[test]
    fn a_part_of_an_object_is_enough() {
        let actual = json!({ "a": { "b": 1, "c": [1, { "d": true, "e": null }] }, "f": "g" });
        for part in [json!({}), json!({ "f": "g" }), json!({ "a": { "b": 1.0, "c": [1, { "d": true }] } })] {
            assert_eq!(differences(&part, &actual), Vec::<String>::new());
        }
    }

    #[test]
    fn each_difference_has_its_place() {
        let actual = json!({ "a": { "b/c": 1 }, "d": [1, 2] });
        let expected = json!({ "a": { "b/c": 2, "x": 3 }, "d": [1], "e": null });
        let found = differences(&expected, &actual);
        let lines = [
            "json /a/b~1c: is 1, expected 2",
            "json /a/x: is not there, expected 3",
            "json /d: is [1,2], expected [1]",
            "json /e: is not there, expected null",
        ];
        assert_eq!(found, lines);
        assert_eq!(differences(&json!(1), &json!("1")), ["json: is \"1\", expected 1"]);
    }
}
