//! What YAML can do that JSON cannot: none of it is taken.

use serde_json::json;

use super::*;
use crate::StepKind;

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
        (format!("{SOUND}name: b"), "duplicate"),
        (format!("{SOUND}output: {{ a: 1, a: 2 }}"), "duplicate"),
        (format!("{SOUND}output: {{ a: &x [1], b: *x }}"), "budget"),
        (format!("{SOUND}output: {{ a: &x 1 }}"), "budget"),
        (format!("{SOUND}output: {{ <<: {{ b: 1 }} }}"), "merge key"),
        (format!("{SOUND}---\n{SOUND}"), "document"),
        (format!("{SOUND}output: .nan"), "non-finite"),
        (format!("{SOUND}output: [-.inf]"), "non-finite"),
        (format!("{SOUND}output: {}1{}", "[".repeat(200), "]".repeat(200)), ""),
        (format!("{SOUND}output: {}", "[".repeat(100_000)), ""),
        (String::new(), ""),
        ("name: [".to_owned(), "invalid YAML"),
    ] {
        let found = told(WorkflowDefinition::from_yaml(&text));
        assert!(found.to_lowercase().contains(&part.to_lowercase()), "{text:.200}: {found}");
    }
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
fn texts_over_several_lines_keep_their_expressions() {
    let text = "name: a\ntrigger: { manual: {} }\nsteps:\n  - id: a\n    uses: a.b\n    with:\n      text: |-\n        one\n        {{ run.id }}\n";
    let definition = WorkflowDefinition::from_yaml(text).expect("is a definition");
    let StepKind::Action { with, .. } = &definition.steps[0].kind else { panic!("{definition:?}") };
    assert_eq!(
        with["text"].evaluate(&scope(&json!({"run": {"id": 7}})), 1_000).map(|given| given.value),
        Ok(json!("one\n7"))
    );
}
