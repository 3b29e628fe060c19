//! JSON: which texts arrive, as what, and what the others are told.

use proptest::prelude::*;
use serde_json::{Value, json};
use workway_document::{Document, DocumentError, Position, decode};

const NESTING: usize = 8;

fn read(text: &str) -> Result<Value, DocumentError> {
    Document::from_json(text, NESTING).map(|document| document.value)
}

fn refused(text: &str) -> String {
    match read(text) {
        Ok(value) => panic!("{text:?} was read as {value}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn values_arrive() {
    for (text, value) in [
        (" [ ] ", json!([])),
        ("{}", json!({})),
        ("\u{feff}{\"a\": 1}", json!({"a": 1})),
        ("\r\n\t[1, -2, 18446744073709551615, 2.50, 1e3, 1E-2, -0]", json!([1, -2, u64::MAX, 2.5, 1000.0, 0.01, 0])),
        (r#"["\u00e9\ud83d\ude00\/\n", "\u0000", true, false, null]"#, json!(["é😀/\n", "\0", true, false, null])),
        (r#"{"": {"\u0061": [{}]}}"#, json!({"": {"a": [{}]}})),
    ] {
        assert_eq!(read(text), Ok(value), "{text}");
    }
}

#[test]
fn what_would_change_or_is_no_json_is_refused() {
    for (text, place, part) in [
        ("", "line 1, column 1", "empty"),
        (" \n", "line 1, column 1", "empty"),
        ("{\n  \"a\": 12345678901234567890123\n}", "line 2, column 8", "does not fit 64 bits"),
        ("[-9223372036854775809]", "line 1, column 2", "does not fit 64 bits"),
        ("[1, 1e400]", "line 1, column 5", "too large"),
        ("[1e-400]", "line 1, column 2", "more digits"),
        ("[0.1234567890123456789012]", "line 1, column 2", "more digits"),
        ("{\"a\": 1,\n \"\\u0061\": 2}", "line 2, column 2", "duplicate key \"a\""),
        ("{\"é\": [{\"a\": 1, \"a\": 2}]}", "line 1, column 17", "duplicate key \"a\""),
        (r#"["é", "\ud83d"]"#, "line 1, column 7", "half of a surrogate pair"),
        (r#"["\ude00"]"#, "line 1, column 2", "half of a surrogate pair"),
        (r#"["\ud83d\u0041"]"#, "line 1, column 2", "half of a surrogate pair"),
        (r#"{"\ud83d": 1}"#, "line 1, column 2", "half of a surrogate pair"),
        ("[01]", "line 1, column 3", "invalid number"),
        ("[1.]", "line 1, column 4", "invalid number"),
        ("[.5]", "line 1, column 2", "expected value"),
        ("[+1]", "line 1, column 2", "expected value"),
        ("[NaN]", "line 1, column 2", "expected value"),
        ("[nul]", "line 1", "expected true, false or null"),
        ("{'a': 1}", "line 1, column 2", "key must be a string"),
        ("{a: 1}", "line 1, column 2", "key must be a string"),
        ("[1,]", "line 1, column 4", "invalid JSON"),
        ("[1] 2", "line 1, column 5", "trailing characters"),
        ("{} // x", "line 1, column 4", "trailing characters"),
        ("[\"a\tb\"]", "line 1", "control character"),
        ("{\"é\" 1}", "line 1, column 6", "expected `:`"),
        ("[", "line 1", "the text ends too early"),
        ("{\"a\":", "line 1", "the text ends too early"),
        ("\u{feff}\u{feff}{}", "line 1, column 1", "expected value"),
    ] {
        let found = refused(text);
        assert!(found.starts_with(place) && found.contains(part), "{text:?}: {found}");
    }
}

#[test]
fn nesting_is_bounded() {
    let lists = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    for make in [&lists as &dyn Fn(usize) -> String, &objects] {
        read(&make(NESTING)).expect("as deep as may be");
        for depth in [NESTING + 1, 100, 100_000] {
            assert!(refused(&make(depth)).contains("at most 8 levels deep"));
        }
    }
}

#[test]
fn every_value_has_a_position() {
    let text = "\u{feff}{\n \"é\": [1, {\"b\": \"ü\", \"c/d\": 2}],\r\n\t\"e\": null }";
    let document = Document::from_json(text, NESTING).expect("is JSON");
    for (pointer, line, column) in [
        ("", 1, 1),
        ("/é", 2, 2),
        ("/é/0", 2, 8),
        ("/é/1", 2, 11),
        ("/é/1/b", 2, 12),
        ("/é/1/c~1d", 2, 22),
        ("/e", 3, 2),
        ("/é/1/x", 2, 11),
    ] {
        assert_eq!(document.position(pointer), Position { line, column }, "{pointer}");
    }
}

#[test]
fn only_utf_8_is_decoded() {
    assert_eq!(decode("é".into()), Ok("é".to_owned()));
    for (bytes, place, part) in [
        (vec![0xff, 0xfe, b'a', 0], "line 1, column 1", "UTF-16"),
        (vec![0xfe, 0xff, 0, b'a'], "line 1, column 1", "UTF-16"),
        (b"a: 1\nb: \xe9".to_vec(), "line 2, column 4", "not in UTF-8"),
    ] {
        let found = decode(bytes).expect_err("is refused").to_string();
        assert!(found.starts_with(place) && found.contains(part), "{found}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn pointers(value: &Value, pointer: String, found: &mut Vec<String>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| pointers(item, format!("{pointer}/{place}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| pointers(member, format!("{pointer}/{}", escaped(name)), found));
        }
        _ => {}
    }
    found.push(pointer);
}

proptest! {
    #[test]
    fn any_json_arrives_unchanged_and_every_part_has_a_place_of_its_own(value in any_json(), is_pretty in any::<bool>()) {
        let text = if is_pretty { format!("{value:#}") } else { value.to_string() };
        let document = Document::from_json(&text, NESTING).expect("is JSON");
        prop_assert_eq!(&document.value, &value);
        let mut all = Vec::new();
        pointers(&value, String::new(), &mut all);
        let mut places: Vec<_> = all.iter().map(|pointer| document.position(pointer)).collect();
        places.sort();
        places.dedup();
        prop_assert_eq!(places.len(), all.len());
    }

    #[test]
    fn what_is_taken_is_what_serde_takes(text in "[\\[\\]{}:,\"\\\\/0-9.eE+u ntrflasx\n-]{0,24}") {
        let known = serde_json::from_str::<Value>(&text).ok();
        match read(&text) {
            // Numbers compare by value: -0 is 0.
            Ok(value) => prop_assert_eq!(Some(value.to_string().replace("-0.0", "0")), known.map(|known| known.to_string().replace("-0.0", "0"))),
            Err(error) => prop_assert!(
                known.is_none() || ["64 bits", "digits", "duplicate", "levels"].iter().any(|part| error.message.contains(part)),
                "{}: {}", text, error
            ),
        }
    }
}
