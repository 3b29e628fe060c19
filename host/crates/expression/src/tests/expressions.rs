//! Which texts are expressions and templates, and what they are found to read.

use serde_json::json;

use super::scope;
use crate::{Expression, Template, bounds::*};

fn reads(source: &str) -> Vec<String> {
    let expression = Expression::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    expression.reads().iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_is_read_is_found() {
    for (source, expected) in [
        ("inputs.channel", vec!["inputs.channel"]),
        ("steps['post-message'].output.items[0].name", vec!["steps['post-message'].output.items[0].name"]),
        ("steps.a.output[inputs.key].rest", vec!["steps.a.output", "inputs.key"]),
        ("trigger.a ~ item.b if run.id is defined else inputs.c", vec!["trigger.a", "item.b", "run.id", "inputs.c"]),
        ("inputs.x|default(trigger.y)|upper", vec!["inputs.x", "trigger.y"]),
        ("{'inputs': trigger.a, \"b\": [item]}", vec!["trigger.a", "item"]),
        ("inputs.list[1:trigger.n]", vec!["inputs.list", "trigger.n"]),
        ("inputs.a is not none and not inputs.b", vec!["inputs.a", "inputs.b"]),
        ("inputs.rows|map(attribute='trigger')|list", vec!["inputs.rows"]),
        ("(inputs.a).trigger", vec!["inputs.a.trigger"]),
        ("'trigger.a'", vec![]),
        ("range(3)|list", vec![]),
        ("inputs.a-inputs.b", vec!["inputs.a", "inputs.b"]),
        ("inputs.inputs.trigger", vec!["inputs.inputs.trigger"]),
        ("inputs.a is eq trigger.b", vec!["inputs.a", "trigger.b"]),
    ] {
        assert_eq!(reads(source), expected, "{source}");
    }
}

/// Reading them makes and compares nothing: the compiler works out what is constant, without fuel and without bounds.
#[test]
fn what_would_cost_to_work_out_is_not_worked_out_by_reading_it() {
    let list = "([0] * 99999999)";
    for source in [
        format!("{list} == {list}"),
        vec![list; 40].join(" + "),
        format!("1 in {list}"),
        format!("[{list}, {list}] < [{list}]"),
        "'x' * 9999999999".to_owned(),
    ] {
        let expression = Expression::parse(&source).expect("is an expression");
        assert!(expression.evaluate(&scope(&json!({})), MAX_FUEL).is_err(), "{source}");
    }
}

#[test]
fn a_lone_reference_and_a_lone_literal_are_known_as_such() {
    let parsed = |source: &str| Expression::parse(source).expect("is an expression");
    for source in ["inputs", "inputs.a", "steps['a-b'].output[0]"] {
        assert!(parsed(source).as_reference().is_some(), "{source}");
    }
    for source in ["inputs.a + 1", "inputs.a|upper", "inputs.a == inputs.b", "[inputs]", "inputs[item]", "not inputs.a"]
    {
        assert!(parsed(source).as_reference().is_none(), "{source}");
    }
    for (source, value) in [("'a'", json!("a")), ("7", json!(7)), ("true", json!(true)), ("none", json!(null))] {
        assert_eq!(parsed(source).as_literal(), Some(&value));
    }
    assert_eq!(parsed("7 + 1").as_literal(), None);
}

#[test]
fn what_is_no_expression_is_refused_with_a_reason() {
    for (source, part) in [
        ("", "not be empty"),
        ("  ", "not be empty"),
        ("a +", "invalid expression"),
        ("inputs.", "invalid expression"),
        ("inputs inputs", "invalid expression"),
        ("inputs }}{{ inputs", "invalid expression"),
        ("secret", "unknown name `secret`"),
        ("trigger.body.a == null", "write none"),
        ("trigger.headers.x-github-event", "write headers['x-github-event']"),
        ("inputs.a.b-c-d-e.f", "write a['b-c-d-e']"),
        ("self", "unknown name `self`"),
        ("loop.index", "unknown name `loop`"),
        ("nope[1:2]", "unknown name `nope`"),
        ("debug()", "unknown function `debug`"),
        ("namespace()", "unknown function `namespace`"),
        ("super()", "unknown function `super`"),
        ("caller()", "unknown function `caller`"),
        ("inputs.a()", "`a` cannot be called"),
        ("[1].append(2)", "`append` cannot be called"),
        ("inputs|nope", "unknown filter `nope`"),
        ("inputs|map('x')|nope(1)", "unknown filter `x`"),
        ("inputs|chain([1])|zip(2)", "unknown filter `chain`"),
        ("inputs is nope", "unknown test `nope`"),
        ("inputs is not nope", "unknown test `nope`"),
        ("steps.post-message.output", "write steps['post-message']"),
        ("steps.a.output.first-name", "write output['first-name']"),
    ] {
        let error = Expression::parse(source).expect_err(source).to_string();
        assert!(error.contains(part), "{source}: {error}");
    }
}

#[test]
fn expressions_that_would_overflow_a_stack_are_refused() {
    let refused = |source: String| {
        let error = Expression::parse(&source).expect_err("is refused").to_string();
        assert!(error.contains("split it up"), "{source:.50}: {error}");
    };
    for bracket in ["(", "[", "{1:", "-(", "not (", "inputs["] {
        refused(bracket.repeat(MAX_EXPRESSION_NESTING + 1));
    }
    for repeated in ["-", "not ", "1+", "1 if 1 else ", "1**", "inputs|", "a."] {
        let most = MAX_EXPRESSION_CHARS / repeated.len();
        if most > MAX_EXPRESSION_TOKENS {
            refused(repeated.repeat(most));
        }
    }
    refused("x".repeat(MAX_EXPRESSION_CHARS + 1));
    refused("-".repeat(MAX_EXPRESSION_TOKENS + 1));
    for repeated in ["-", "not ", "1 + ", "1 ~ ", "inputs.a if true else "] {
        refused(format!("{}1", repeated.repeat(MAX_EXPRESSION_DEPTH)));
    }
    refused(format!("1{}", "|abs".repeat(MAX_EXPRESSION_DEPTH)));
    // As much as may be, on the small stack of a test's thread.
    for (repeated, tokens) in
        [("-", 1), ("not ", 1), ("1+", 2), ("1 if 1 else ", 4), ("1**", 2), ("1 and ", 2), ("1<", 2)]
    {
        let source = format!("{}1", repeated.repeat((MAX_EXPRESSION_TOKENS - 1) / tokens));
        let source: String =
            source.chars().rev().take(MAX_EXPRESSION_CHARS).collect::<String>().chars().rev().collect();
        if let Ok(expression) = Expression::parse(&source) {
            let _ = expression.evaluate(&scope(&json!({})), MAX_FUEL);
        }
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("{'a':", "}")] {
        let source = format!("{}1{}", open.repeat(MAX_EXPRESSION_NESTING), close.repeat(MAX_EXPRESSION_NESTING));
        let value = Expression::parse(&source).expect("is an expression").evaluate(&scope(&json!({})), 10_000);
        value.expect("has a value");
    }
}

#[test]
fn templates_have_expressions_and_nothing_else() {
    assert_eq!(Template::parse_text("{ a } % # }}"), Ok(Template::Literal(json!("{ a } % # }}"))));
    assert!(matches!(Template::parse_text("{{ inputs.a }}"), Ok(Template::Exact(_))));
    assert!(matches!(Template::parse_text("{{inputs.a}}"), Ok(Template::Exact(_))));
    assert!(matches!(Template::parse_text("{{ {'a': {'b': 1}} }}"), Ok(Template::Exact(_))), "braces within");
    assert!(matches!(Template::parse_text("{{ '}}' ~ \"{{\" }}"), Ok(Template::Exact(_))), "braces within texts");
    assert!(matches!(Template::parse_text(" {{ inputs.a }}"), Ok(Template::Text(pieces)) if pieces.len() == 2));
    assert!(
        matches!(Template::parse_text("{{ inputs.a }}{{ inputs.b }}"), Ok(Template::Text(pieces)) if pieces.len() == 2)
    );
    for (text, part) in [
        ("{% if inputs.a %}x{% endif %}", "`{%` is not supported"),
        ("{{ inputs.a }}{% include '/etc/passwd' %}", "`{%` is not supported"),
        ("{# secret #}", "`{#` is not supported"),
        ("{{ inputs.a", "is never closed"),
        ("{{ 'a }}", "unexpected end of string"),
        ("{{- inputs.a -}}", "`{{-` is not supported"),
        ("{{ inputs.a -}}", "invalid expression"),
        ("{{ }}", "not be empty"),
        ("{{}}", "not be empty"),
        ("{{ {% x %} }}", "invalid expression"),
    ] {
        let error = Template::parse_text(text).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}
