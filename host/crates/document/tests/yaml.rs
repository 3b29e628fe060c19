//! YAML: which texts arrive, as what, and what the others are told.

use serde_json::{Value, json};
use workway_document::{Document, DocumentError, Position};

const NESTING: usize = 8;

fn read(text: &str) -> Result<Value, DocumentError> {
    Document::from_yaml(text, NESTING).map(|document| document.value)
}

fn refused(text: &str) -> String {
    match read(text) {
        Ok(value) => panic!("{text:?} was read as {value}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn scalars_that_every_reader_understands_arrive() {
    for (text, value) in [
        ("0", json!(0)),
        ("-0", json!(0)),
        ("7", json!(7)),
        ("-7", json!(-7)),
        ("9223372036854775807", json!(i64::MAX)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("18446744073709551615", json!(u64::MAX)),
        ("2.5", json!(2.5)),
        ("9.90", json!(9.9)),
        ("-0.25", json!(-0.25)),
        ("1.5e+3", json!(1500.0)),
        ("1.5E-3", json!(0.0015)),
        ("0.30000000000000004", json!(0.30000000000000004)),
        ("0.10000000000000001", json!(0.1)),
        ("0.1000000000000000000000000", json!(0.1)),
        ("null", json!(null)),
        ("~", json!(null)),
        ("true", json!(true)),
        ("FALSE", json!(false)),
    ] {
        assert_eq!(read(text), Ok(value), "{text}");
    }
    assert_eq!(read("a:"), Ok(json!({"a": null})));
}

#[test]
fn texts_arrive_as_texts() {
    for text in [
        "yes",
        "no",
        "on",
        "Off",
        "y",
        "N",
        "nUll",
        "tRue",
        "None",
        "nan",
        "inf",
        "Infinity",
        "--",
        ".",
        "..",
        "-.",
        "+",
        "e3",
        "1.2.3",
        "v1.0",
        "10:60",
        "1:2x",
        "12:30 Uhr",
        "2026-11-29",
        "2026-11-29T08:30:00Z",
        "127.0.0.1",
        "127.0.0.1:8080",
        "0xZZ",
        "0b12",
        "0o8",
        "1_000 EUR",
        "_1",
        "1e",
        "1e+",
        "1-2",
        "1/2",
        "50%",
        "1,000",
        "3,50",
        "$5",
        "a b",
        "=",
        "-x",
        "+x",
        "12abc",
        "1E5G",
        "555-1234",
        "é",
    ] {
        assert_eq!(read(text), Ok(json!(text)), "{text}");
    }
    for text in ["'01234'", "\"01234\"", "|-\n  01234", ">-\n  01234"] {
        assert_eq!(read(text), Ok(json!("01234")), "{text}");
    }
    assert_eq!(read("a: one\n  two\n\n  three"), Ok(json!({"a": "one two\nthree"})));
    assert_eq!(read("a: |\r\n  one\r\n  two\r\n"), Ok(json!({"a": "one\ntwo\n"})));
    assert_eq!(read(r#""\u2028 \ud83d\ude00 \x41 \0""#), Ok(json!("\u{2028} 😀 A \0")));
}

#[test]
fn numbers_that_readers_disagree_about_are_refused() {
    for text in [
        "01234",
        "0755",
        "0899",
        "007",
        "-012",
        "00",
        "0123.5",
        "08e1",
        "1_000",
        "1_000.5",
        "1__0",
        "1_",
        "0_7",
        "0o7",
        "0o17",
        "0O7",
        "0b11",
        "0B11",
        "0x1F",
        "0XFF",
        "-0x1F",
        "0x_1",
        "+1",
        "+15551234567",
        "+1.5",
        ".5",
        "-.5",
        "5.",
        "5._",
        "1e3",
        "1E3",
        "1.5e3",
        "-1e-3",
        "12e5",
        "1e400",
        "1e+400",
        "12:30",
        "12:30:45",
        "1:2:3",
        "-1:30",
        "16:9",
        "08:30",
        "190:20:30.15",
        ".inf",
        "-.INF",
        "+.Inf",
        ".nan",
        ".NaN",
    ] {
        let found = refused(text);
        assert!(
            found.contains("in quotes") && found.starts_with(&format!("line 1, column 1: {text} is a number")),
            "{text}: {found}"
        );
        assert_eq!(read(&format!("'{text}'")), Ok(json!(text)));
        assert!(refused(&format!("{{ {text}: a }}")).contains("in quotes"), "{text}");
    }
}

#[test]
fn numbers_that_would_change_are_refused() {
    for (text, part) in [
        ("12345678901234567890123", "does not fit 64 bits"),
        ("18446744073709551616", "does not fit 64 bits"),
        ("-9223372036854775809", "does not fit 64 bits"),
        ("0.1234567890123456789012", "more digits than a number keeps"),
        ("3.14159265358979323846", "more digits than a number keeps"),
        ("9007199254740993.0", "more digits than a number keeps"),
        ("12345678901234567.89", "more digits than a number keeps"),
        ("1.0e+400", "too large"),
        ("1.0e-400", "more digits than a number keeps"),
    ] {
        let found = refused(text);
        assert!(found.contains(part) && found.contains("in quotes"), "{text}: {found}");
    }
}

#[test]
fn names_of_members_are_texts() {
    for (text, quoted) in [
        ("{ null: a }", "`null`"),
        ("{ ~: a }", "`~`"),
        ("{ true: a }", "`true`"),
        ("{ 1: a }", "`1`"),
        ("{ 2.5: a }", "`2.5`"),
        ("{ 01: a }", "`01`"),
        ("1_0: a", "`1_0`"),
    ] {
        let found = refused(text);
        assert!(found.contains(&format!("put {quoted} in quotes")), "{text}: {found}");
    }
    for text in [": a", "{ : a }", "?\n: a"] {
        assert!(refused(text).contains("has no name"), "{text}: {}", refused(text));
    }
    for text in ["? [a]\n: b", "{ [a]: b }", "{ {a: 1}: b }", "[a]: b"] {
        assert!(refused(text).contains("must be a text, not a list or an object"), "{text}: {}", refused(text));
    }
    let value = json!({"yes": 1, "on": 2, "null": 3, "1": 4, "2026-11-29": 5, "x": 6});
    assert_eq!(read("yes: 1\non: 2\n'null': 3\n\"1\": 4\n2026-11-29: 5\n? x\n: 6"), Ok(value));
}

#[test]
fn what_json_does_not_have_is_refused() {
    for (text, part) in [
        ("a: &x 1", "anchors"),
        ("a: &x [1]\nb: *x", "anchors"),
        ("&x a: 1", "anchors"),
        ("a: *x", "anchors"),
        ("*x : 1", "anchors"),
        ("a: !!str 1", "tags"),
        ("a: !!binary aGk=", "tags"),
        ("a: !custom {}", "tags"),
        ("a: !<tag:yaml.org,2002:str> 1", "tags"),
        ("a: ! 1", "tags"),
        ("!!map { a: 1 }", "tags"),
        ("a: !x!y 1", "tags"),
        ("<<: { a: 1 }", "merge keys"),
        ("{ <<: [{ a: 1 }] }", "merge keys"),
        ("%YAML 1.1\n---\na: 1", "directives"),
        ("%TAG ! tag:example.com,2000:\n---\na: 1", "directives"),
        ("a: 1\n---\nb: 2", "one document"),
        ("---\na: 1\n---\n", "one document"),
        ("a: 1\n...\n---\nb: 2", "one document"),
        ("a: 1\na: 2", "duplicate key \"a\""),
        ("{ a: 1, 'a': 2 }", "duplicate key \"a\""),
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("a: 1\u{feff}\n\u{feff}b: 2", "byte order mark"),
        ("\u{feff}\u{feff}a: 1", "byte order mark"),
        ("a: \"x\u{2028}y\"", "U+2028"),
        ("a: x\u{85}b: y", "U+0085"),
        ("a: x\0", "U+0000"),
        ("a: \u{7}", "U+0007"),
        ("a: \u{ffff}", "U+FFFF"),
        (r#"a: "\ud83d""#, "half of a surrogate pair"),
        (r#"a: "\ude00""#, "half of a surrogate pair"),
        (r#"a: "\ud83d\u0041""#, "half of a surrogate pair"),
    ] {
        let found = refused(text);
        assert!(found.contains(part), "{text:?}: {found}");
    }
    for text in ["\u{feff}a: 1", "---\na: 1\n...\n", "\u{feff}---\na: 1", "a: 1 # \u{1f600}"] {
        assert_eq!(read(text), Ok(json!({"a": 1})), "{text:?}");
    }
    assert_eq!(read("a: x\u{feff}y"), Ok(json!({"a": "x\u{feff}y"})));
    assert_eq!(read("<<"), Ok(json!("<<")), "only a name is a merge key");
}

#[test]
fn slips_are_told_with_what_to_write() {
    for (text, place, part) in [
        ("a: &x 1\nb: *x", "line 1, column 7", "begins with & or * in quotes"),
        ("steps:\n  - text: @here", "line 2, column 11", "a text must not begin with @: put it in quotes"),
        ("text: `x`", "line 1, column 7", "a text must not begin with `: put it in quotes"),
        ("text: %x", "line 1, column 7", "a text must not begin with %: put it in quotes"),
        ("with: { null: a }", "line 1, column 9", "put `null` in quotes"),
        ("text: *bold*", "line 1, column 7", "begins with & or * in quotes"),
        ("text: ** bold **", "line 1", "begins with & or * in quotes"),
        ("text: & more", "line 1", "begins with & or * in quotes"),
        ("text: !important", "line 1, column 7", "begins with ! in quotes"),
        ("text: {{ inputs.channel }}", "line 1", "must be in quotes"),
        ("text: {{ inputs.channel }} is here", "line 1", "must be in quotes"),
        ("text: [{{ a }}, {{ b }}]", "line 1", "must be in quotes"),
        ("- {{ a }}", "line 1", "must be in quotes"),
        ("{ text: ${{ a }} }", "line 1", "must be in quotes"),
        ("text: {{ a['b'] }}", "line 1", "must be in quotes"),
        ("text: {{ a|default('x') }}", "line 1", "must be in quotes"),
        ("text: Re: hello", "line 1", "a colon in quotes"),
        ("text: 'it's'", "line 1", "after its closing quote"),
        ("text: \"a\" b", "line 1", "after its closing quote"),
        ("text: \"C:\\dir\"", "line 1", "write \\\\ for a backslash"),
        ("text: 'open", "line 1", "not closed"),
        ("text: - a", "line 1", "begins with - in quotes"),
        ("text: | a", "line 1", "in quotes"),
        ("text: > a", "line 1", "in quotes"),
        ("a:\n\t- b", "line 2", "use spaces"),
        ("a: [1, 2", "line 1", "close"),
        ("a: {b: 1]", "line 1", "closed by ]"),
        ("a: b\n c: d", "line 2", "indentation"),
        ("a:\n  b: 1\n c: 2", "line 3", "indentation"),
        ("a: 1\nb", "line 2", "`name: value` is expected"),
        ("a: \"x\n---\ny\"", "line 1", "the document ends"),
    ] {
        let found = refused(text);
        assert!(found.starts_with(place) && found.contains(part), "{text:?}: {found}");
    }
}

#[test]
fn no_message_speaks_of_the_parser() {
    let words = [
        "scalar",
        "Option",
        "budget",
        "Anchors {",
        "deserialize",
        "token",
        "EOF",
        "expected <",
        "simple key",
        "flow mapping",
    ];
    for text in [
        "a: *x",
        "a: &x 1",
        "a: {",
        "a: [",
        "a: ]",
        "a: }",
        "a: ,",
        "? a\nb",
        "- a\nb",
        "a: b: c",
        "\"",
        "'",
        "a: \"\\q\"",
        "a: |x",
        "a: |0\n",
        "!",
        "!<",
        "a: !<x",
        "a: !%zz x",
        "%",
        "@",
        "`",
        "a:\n- b\n c",
        "{a b: c",
        "[a b: c, d",
        "{{",
        "}}",
        "--- a: b",
        "a: #",
        "a:#\n:",
        "a: - b",
        "-\n-a: [",
        "a: 'x' y",
        "\t",
        "a:\tb\n\tc: d",
        "? ? ?",
        "key: [a]]",
        "a: >9x",
        "-- -",
        "a: \"\\u12\"",
        "a: \"\\x1\"",
        "a: \"\\ud800x\"",
        "...\n...\na",
        "a\nb:",
        "[\n---\n]",
        "{a: b}c: d",
    ] {
        if let Err(error) = read(text) {
            let found = error.to_string();
            assert!(words.iter().all(|word| !found.contains(word)), "{text:?}: {found}");
            assert!(found.starts_with("line "), "{text:?}: {found}");
        }
    }
}

#[test]
fn nesting_is_bounded_in_every_style() {
    let flow = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let block = |depth: usize| format!("{}1", "- ".repeat(depth));
    let members = |depth: usize| (0..depth).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
    let mixed = |depth: usize| format!("{}{}", "- ".repeat(depth / 2), flow(depth - depth / 2));
    for (name, make) in
        [("flow", &flow as &dyn Fn(usize) -> String), ("block", &block), ("members", &members), ("mixed", &mixed)]
    {
        read(&make(NESTING)).unwrap_or_else(|error| panic!("{name}: {error}"));
        for depth in [NESTING + 1, 2 * NESTING, 1_000] {
            assert!(
                refused(&make(depth)).contains("at most 8 levels deep"),
                "{name}, {depth}: {}",
                refused(&make(depth))
            );
        }
    }
}

#[test]
fn every_value_has_a_position() {
    let text = "# first\na: 1\nb:\n  - x\n  - { c: y, 'd/e~': [z] }\né: \"ü\" # last\n";
    let document = Document::from_yaml(text, NESTING).expect("is YAML");
    for (pointer, line, column) in [
        ("", 2, 1),
        ("/a", 2, 1),
        ("/b", 3, 1),
        ("/b/0", 4, 5),
        ("/b/1", 5, 5),
        ("/b/1/c", 5, 7),
        ("/b/1/d~1e~0", 5, 13),
        ("/b/1/d~1e~0/0", 5, 22),
        ("/é", 6, 1),
        ("/b/1/missing/deeper", 5, 5),
        ("/b/7", 3, 1),
        ("/a/b", 2, 1),
        ("/nothing", 2, 1),
    ] {
        assert_eq!(document.position(pointer), Position { line, column }, "{pointer}");
    }
}
