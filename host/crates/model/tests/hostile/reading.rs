//! Keywords that read texts: patterns, formats, contents.

use serde_json::{Value, json};

use super::{Hostile, filled, text};

pub const ALL: &[Hostile] = &[
    Hostile { name: "pattern-nested-repetition", make: nested_repetition },
    Hostile { name: "pattern-counted-repetition", make: counted_repetition },
    Hostile { name: "pattern-with-states", make: with_states },
    Hostile { name: "pattern-with-many-states", make: with_many_states },
    Hostile { name: "pattern-of-a-thousand-classes", make: thousand_classes },
    Hostile { name: "pattern-word-boundaries", make: word_boundaries },
    Hostile { name: "pattern-unicode-classes", make: unicode_classes },
    Hostile { name: "pattern-lookahead", make: lookahead },
    Hostile { name: "pattern-lookahead-at-every-place", make: lookahead_at_every_place },
    Hostile { name: "pattern-lookbehind", make: lookbehind },
    Hostile { name: "pattern-backreference", make: backreference },
    Hostile { name: "pattern-empty-repetition", make: empty_repetition },
    Hostile { name: "patterns-on-one-text", make: many_patterns },
    Hostile { name: "patterns-with-states-on-many-texts", make: states_on_many_texts },
    Hostile { name: "patterns-literal-alternatives", make: alternatives },
    Hostile { name: "formats-on-one-text", make: formats },
    Hostile { name: "format-uri-many-times", make: format_uri },
    Hostile { name: "format-email-many-times", make: format_email },
    Hostile { name: "format-regex-with-groups", make: format_regex },
    Hostile { name: "format-regex-nested", make: format_regex_nested },
    Hostile { name: "format-of-every-item", make: format_of_every_item },
    Hostile { name: "content-json", make: content_json },
    Hostile { name: "content-base64", make: content_base64 },
];

/// A text without `end`, and one that ends with it.
fn runs(part: &str, end: &str) -> Vec<Value> {
    let long = text(part);
    let short: String = part.repeat(3_000 / part.len());
    vec![json!(format!("{}{end}", &long[..long.len() - end.len() * part.len()])), json!(format!("{short}{end}"))]
}

fn nested_repetition() -> (Value, Vec<Value>) {
    (json!({ "pattern": "^(?:(?:a+)+|(?:a|aa)+)+$" }), runs("a", "!"))
}

fn counted_repetition() -> (Value, Vec<Value>) {
    let pattern = "(?:[a-z]{1,150}-){1,4}x";
    (json!({ "pattern": pattern }), runs("abcdefghijklmnopqrstuvwxyz", "!"))
}

fn with_states() -> (Value, Vec<Value>) {
    (json!({ "pattern": "[ab]*a[ab]{60}c" }), runs("abaababb", "!"))
}

/// More than any automaton keeps: a set of states for each of the last 1,500 letters.
fn with_many_states() -> (Value, Vec<Value>) {
    let values = [3_900, 3_000, 100_000].map(|length| json!("abaababb".repeat(length / 8)));
    (
        json!({ "items": { "pattern": "[ab]*a[ab]{1500}c" } }),
        vec![json!([values[0]]), json!(vec![&values[1]; 1_000]), json!([values[2]])],
    )
}

fn thousand_classes() -> (Value, Vec<Value>) {
    let pattern = format!("^(?:{})*$", "[a-c]?[b-d]?".repeat(500));
    (
        json!({ "items": { "pattern": pattern } }),
        vec![json!(["abcd".repeat(1_400)]), json!(vec!["abcd".repeat(50); 10_000])],
    )
}

fn word_boundaries() -> (Value, Vec<Value>) {
    (json!({ "pattern": r"(?:\b\w+\b\W+){20}\bx\b" }), runs("ä b ", "!"))
}

fn unicode_classes() -> (Value, Vec<Value>) {
    (json!({ "pattern": r"^(?:\p{L}{1,3}\p{N}?){1,5}\p{Sc}" }), runs("äβ字1", "!"))
}

fn lookahead() -> (Value, Vec<Value>) {
    (json!({ "pattern": "^(?=(a+)+$)(?!(?:a|aa)+b)(?:a|aa)+$" }), runs("a", "!"))
}

fn lookahead_at_every_place() -> (Value, Vec<Value>) {
    (json!({ "pattern": "(?:a(?!.*b))*c(?=.*d)" }), runs("a", "!"))
}

fn lookbehind() -> (Value, Vec<Value>) {
    (json!({ "pattern": "(?<=a.*)(?<!b)c" }), runs("a", "c!"))
}

fn backreference() -> (Value, Vec<Value>) {
    (json!({ "pattern": r"^(a*)(a*)(a*)\1\2\3b$" }), runs("a", "!"))
}

fn empty_repetition() -> (Value, Vec<Value>) {
    (json!({ "pattern": "(?:(?:(?:(?=)|a?){1,50}){1,50}){1,50}(?!a)b" }), runs("a", "!"))
}

fn many_patterns() -> (Value, Vec<Value>) {
    let patterns: Vec<Value> = (0..32).map(|number| json!({ "pattern": format!("^[a-z{number}]*$") })).collect();
    (json!({ "allOf": patterns }), vec![json!(text("a")), filled(&json!("abc"))])
}

fn states_on_many_texts() -> (Value, Vec<Value>) {
    let patterns: Vec<Value> =
        (0..16).map(|number| json!({ "pattern": format!("[ab]*a[ab]{{{}}}c", number + 20) })).collect();
    (json!({ "items": { "anyOf": patterns } }), vec![filled(&json!("abaabab".repeat(10))), filled(&json!("a"))])
}

fn alternatives() -> (Value, Vec<Value>) {
    let words: Vec<String> = (0..2_000).map(|number| format!("word{number}")).collect();
    (
        json!({ "items": { "pattern": format!("^({})$", words.join("|")) } }),
        vec![filled(&json!("word1999")), filled(&json!("x"))],
    )
}

fn formats() -> (Value, Vec<Value>) {
    let names = [
        "email",
        "uri",
        "uri-reference",
        "iri",
        "uri-template",
        "json-pointer",
        "regex",
        "date-time",
        "time",
        "duration",
        "hostname",
        "ipv6",
        "uuid",
    ];
    let formats: Vec<Value> =
        (0..900).map(|number| json!({ "anyOf": [{ "format": names[number % names.len()] }, true] })).collect();
    (json!({ "allOf": formats }), vec![json!(text("a")), json!(format!("P{}D", &text("1")[3..]))])
}

fn format_uri() -> (Value, Vec<Value>) {
    let uri = format!("https://example.com/{}", "%41a".repeat(2_000_000));
    (json!({ "allOf": vec![json!({ "format": "uri" }); 900] }), vec![json!(uri), json!("http://[::1]/".repeat(1_000))])
}

fn format_email() -> (Value, Vec<Value>) {
    let long = text("a.");
    let schema = json!({ "anyOf": vec![json!({ "format": "email" }); 900] });
    (
        schema,
        vec![
            json!(format!("{}@example.com", &long[..long.len() - 30])),
            json!(format!("a@{}", &long[..long.len() - 30])),
        ],
    )
}

fn format_regex() -> (Value, Vec<Value>) {
    let groups = |count: usize| (0..count).map(|number| format!("(?<a{number}>)")).collect::<String>();
    (json!({ "format": "regex" }), vec![json!(groups(600_000)), json!(groups(10_000)), json!(groups(1_000))])
}

fn format_regex_nested() -> (Value, Vec<Value>) {
    let nest = |depth| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
    (
        json!({ "items": { "anyOf": [{ "format": "regex", "minLength": 100_000_000 }, true] } }),
        vec![json!([nest(5_000_000)]), filled(&json!(nest(1_000)))],
    )
}

fn format_of_every_item() -> (Value, Vec<Value>) {
    let names = ["email", "uri", "date-time", "uuid", "ipv4", "ipv6", "hostname", "duration", "json-pointer"];
    let schema = json!({ "items": { "anyOf": names.map(|name| json!({ "format": name })) } });
    (schema, vec![filled(&json!("not any of these")), filled(&json!("")), filled(&json!("2026-11-29T08:30:00+01:0"))])
}

fn content_json() -> (Value, Vec<Value>) {
    let content = json!({ "contentMediaType": "application/json" });
    let schema = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "allOf": vec![content; 600] });
    (schema, vec![json!(format!("[{}1]", "1,".repeat(5_000_000))), json!("[".repeat(100))])
}

fn content_base64() -> (Value, Vec<Value>) {
    let content = json!({ "contentEncoding": "base64", "contentMediaType": "application/json" });
    let schema = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "anyOf": vec![content; 600] });
    (schema, vec![json!(text("QUFB")), json!(text("W1tb"))])
}
