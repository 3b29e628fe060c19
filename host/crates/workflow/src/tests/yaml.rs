//! What YAML can do that JSON cannot: none of it is taken. How texts are read in detail is tested where they are read.

use serde_json::json;

use super::*;
use crate::{Position, StepKind, bounds::MAX_BYTES};

const SOUND: &str = "name: a\ntrigger: { manual: {} }\nsteps: [{ id: a, sleep: 1s }]\n";

#[test]
fn words_that_look_like_booleans_are_texts() {
    let definition = WorkflowDefinition::from_yaml(&format!("{SOUND}output: {{ a: no, on: [yes, off, y, true] }}"));
    let written = definition.expect("is a definition").to_value();
    assert_eq!(written["output"], json!({"a": "no", "on": ["yes", "off", "y", true]}));
}

#[test]
fn what_two_readers_could_understand_differently_is_refused() {
    for (text, part) in [
        (format!("{SOUND}name: b"), "duplicate key"),
        (format!("{SOUND}output: {{ a: 1, a: 2 }}"), "duplicate key"),
        (format!("{SOUND}output: {{ a: &x [1], b: *x }}"), "anchors"),
        (format!("{SOUND}output: {{ <<: {{ b: 1 }} }}"), "merge keys"),
        (format!("{SOUND}---\n{SOUND}"), "one document"),
        (format!("{SOUND}output: .nan"), "in quotes"),
        (format!("{SOUND}output: {{ zip: 01234 }}"), "01234 is a number for some readers"),
        (format!("{SOUND}output: {{ id: 12345678901234567890123 }}"), "does not fit 64 bits"),
        (format!("{SOUND}output: {{ low: -9223372036854775809 }}"), "does not fit 64 bits"),
        (format!("{SOUND}output: !custom 1"), "tags"),
        (format!("{SOUND}output: {}1{}", "[".repeat(200), "]".repeat(200)), "at most 64 levels"),
        (format!("{SOUND}output: {}", "[".repeat(100_000)), "at most 64 levels"),
        (String::new(), "empty"),
        ("name: [".to_owned(), "is not closed"),
    ] {
        let found = told(WorkflowDefinition::from_yaml(&text));
        assert!(found.contains(part) && found.starts_with("line "), "{text:.200}: {found}");
    }
}

#[test]
fn a_number_beyond_64_bits_is_refused_in_json_too() {
    let text = r#"{"name":"a","trigger":{"manual":{}},"steps":[{"id":"a","uses":"a.b","with":{"id":12345678901234567890123}}]}"#;
    let error = WorkflowDefinition::from_json(text).expect_err("is refused");
    assert_eq!(error.problems[0].position, Some(Position { line: 1, column: 82 }), "{error}");
}

#[test]
fn a_bomb_of_aliases_costs_nothing() {
    let mut bomb = format!("{SOUND}output:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let list = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("  a{level}: &a{level} [{list}]\n"));
    }
    assert_eq!(WorkflowDefinition::from_yaml(&bomb).expect_err("is refused").problems.len(), 1);
}

#[test]
fn a_byte_order_mark_counts_towards_the_length_and_nothing_else() {
    let text = format!("\u{feff}{SOUND}");
    assert_eq!(WorkflowDefinition::from_yaml(&text), WorkflowDefinition::from_yaml(SOUND));
    let padded = format!("{text}{}", " ".repeat(MAX_BYTES + 1 - text.len()));
    assert!(told(WorkflowDefinition::from_yaml(&padded)).contains("at most 262144 bytes (got 262145)"));
}

#[test]
fn texts_over_several_lines_keep_their_expressions() {
    let text = "name: a\ntrigger: { manual: {} }\nsteps:\n  - id: a\n    uses: a.b\n    with:\n      text: |-\n        one\n        {{ run.id }}\n";
    let definition = WorkflowDefinition::from_yaml(text).expect("is a definition");
    let StepKind::Action { with, .. } = &definition.steps[0].kind else { panic!("{definition:?}") };
    assert_eq!(
        with["text"].evaluate(&scope(&json!({"run": {"id": 7}})), 1_000).map(|given| given.value),
        Ok(json!("one\n7"))
    );
}
