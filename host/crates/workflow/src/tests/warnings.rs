//! What is allowed, but was probably not meant.

use serde_json::{Value, json};

use super::*;
use crate::{CheckReport, bounds::MAX_PROBLEMS, check};

fn checked(value: &Value) -> CheckReport {
    check(&WorkflowDefinition::from_value(value).unwrap_or_else(|error| panic!("{error}")), &catalogue::Registry)
}

#[test]
fn the_dollar_of_another_product_is_warned_of() {
    for (text, is_warned) in [
        ("${{ inputs.a }}", true),
        ("costs ${{ inputs.a }} a month", true),
        ("{{ inputs.a }}${{ inputs.a }}", true),
        ("${ {{ inputs.a }}", false),
        ("$ {{ inputs.a }}", false),
        ("{{ inputs.a }}$", false),
        ("{{ '$' ~ inputs.a }}", false),
        ("$", false),
    ] {
        let report = checked(&json!({
            "name": "a",
            "inputs": {"type": "object", "properties": {"a": {"type": "string"}}},
            "trigger": {"integration": "github", "trigger": "new-issue", "config": {"owner": text.replace("run", "inputs")}},
            "steps": [{"id": "a", "uses": "slack.post-message", "with": {"channel": "a", "text": text}},
                      {"id": "b", "wait-for": {"event": text}}],
            "output": [{"a": text}],
        }));
        assert_eq!(report.errors, [], "{text}");
        let pointers: Vec<&str> = report.warnings.iter().map(|warning| warning.pointer.as_str()).collect();
        let expected = ["/trigger/config/owner", "/steps/0/with/text", "/steps/1/wait-for/event", "/output/0/a"];
        assert_eq!(pointers, if is_warned { &expected[..] } else { &[] }, "{text}");
        assert!(report.warnings.iter().all(|warning| warning.message.contains("${{")), "{report:?}");
    }
}

#[test]
fn the_list_of_warnings_is_bounded() {
    let many = vec!["${{ run.id }}"; MAX_PROBLEMS + 1];
    let report = checked(
        &json!({"name": "a", "trigger": {"manual": {}}, "steps": [{"id": "a", "sleep": "1s"}], "output": many}),
    );
    assert_eq!((report.errors.len(), report.warnings.len()), (0, MAX_PROBLEMS));
}
