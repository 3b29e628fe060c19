//! What expressions and templates give, and what they may not cost.

use serde_json::{Value, json};

use super::scope;
use crate::{EvaluateError, Expression, Layer, Scope, Template, bounds::*};

const FUEL: u64 = 10_000;

fn evaluate(source: &str, context: &Value) -> Result<Value, EvaluateError> {
    Expression::parse(source).unwrap_or_else(|error| panic!("{source}: {error}")).evaluate(&scope(context), FUEL)
}

#[test]
fn values_keep_their_json_types() {
    for value in [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(9_007_199_254_740_993_u64),
        json!(1.0),
        json!(0.1),
        json!(-1e300),
        json!(""),
        json!("7"),
        json!("<b>&\u{0}"),
        json!([]),
        json!([1, [null, "a"], {}]),
        json!({}),
        json!({"a b": {"c": [1.5]}, "": 1, "items": 2}),
    ] {
        let context = json!({"inputs": {"x": value}});
        for source in ["inputs.x", "inputs['x']", "inputs.x if true else 1", "[inputs.x][0]"] {
            let given = evaluate(source, &context).expect("has a value");
            assert_eq!(given, value, "{source}");
            assert_eq!(given.to_string(), value.to_string(), "{source}");
        }
        assert_eq!(evaluate("inputs", &context), Ok(context["inputs"].clone()));
    }
}

#[test]
fn expressions_compute() {
    let context = json!({"inputs": {"a": 7, "list": [3, 1, 2], "name": "Ada"}, "item": {"n": 1.5}, "steps": {"a-b": {"output": [1]}}});
    for (source, expected) in [
        ("inputs.a + 1", json!(8)),
        ("inputs.a / 2", json!(3.5)),
        ("inputs.a // 2", json!(3)),
        ("inputs.a > 3 and item.n < 2", json!(true)),
        ("inputs.list|sort", json!([1, 2, 3])),
        ("inputs.list|map('string')|join('-')", json!("3-1-2")),
        ("inputs.list[1:]", json!([1, 2])),
        ("inputs.list|length", json!(3)),
        ("range(3)", json!([0, 1, 2])),
        ("dict(a=1)", json!({"a": 1})),
        ("inputs.name|upper ~ '!'", json!("ADA!")),
        ("inputs.nope|default('x')", json!("x")),
        ("inputs.nope is defined", json!(false)),
        ("steps['a-b'].output[0]", json!(1)),
        ("{'n': inputs.a, 'l': inputs.list}", json!({"n": 7, "l": [3, 1, 2]})),
        ("18446744073709551615", json!(u64::MAX)),
        ("inputs|items|length", json!(3)),
        ("inputs|tojson|length > 3", json!(true)),
    ] {
        assert_eq!(evaluate(source, &context), Ok(expected), "{source}");
    }
}

#[test]
fn a_result_is_never_evaluated_again() {
    let context = json!({"inputs": {"x": "{{ 7*7 }}", "y": "{% include 'a' %}"}});
    assert_eq!(evaluate("inputs.x", &context), Ok(json!("{{ 7*7 }}")));
    for (text, expected) in [
        ("{{ inputs.x }}", "{{ 7*7 }}"),
        ("a {{ inputs.x }} {{ inputs.y }}", "a {{ 7*7 }} {% include 'a' %}"),
        ("{{ '{{' }} 1 }}", "{{ 1 }}"),
        ("{{ inputs.x ~ inputs.x }}", "{{ 7*7 }}{{ 7*7 }}"),
    ] {
        assert_eq!(
            Template::parse_text(text)
                .expect("is a template")
                .evaluate(&scope(&context), FUEL)
                .map(|given| given.value),
            Ok(json!(expected))
        );
    }
}

#[test]
fn templates_are_evaluated_in_lists_and_objects() {
    let with = json!({
        "a": [1, "{{ inputs.n }}", { "b": "n is {{ inputs.n }}{{ inputs.none }}, {{ inputs.list }}, {{ inputs.yes }}" }], "c": null
    });
    let template = Template::read(&with, "", &mut |at, problem| panic!("{at}: {problem}"));
    let context = json!({"inputs": {"n": 7, "none": null, "list": [1, "a"], "yes": true}});
    let expected = json!({"a": [1, 7, {"b": r#"n is 7, [1,"a"], true"#}], "c": null});
    assert_eq!(template.evaluate(&scope(&context), FUEL).map(|given| given.value), Ok(expected));
    let absent = template.evaluate(&scope(&json!({"inputs": {"n": 7}})), FUEL);
    assert_eq!(absent, Err(EvaluateError::Undefined("`inputs.none`".into())));
}

#[test]
fn what_is_not_there_is_named() {
    let context = json!({"inputs": {"a": {"b": null}, "list": [1]}});
    for (source, name) in [
        ("item", "item"),
        ("trigger.x.y", "trigger"),
        ("inputs.nope", "inputs.nope"),
        ("inputs.a.c", "inputs.a.c"),
        ("inputs.a.c.d", "inputs.a.c"),
        ("inputs.a.c + 1", "inputs.a.c"),
        ("inputs.list[1]", "inputs.list[1]"),
        ("inputs.a.b.c", "inputs.a.b.c"),
        ("inputs.nope|upper", "inputs.nope"),
        ("[inputs.nope]", "inputs.nope"),
    ] {
        assert_eq!(evaluate(source, &context), Err(EvaluateError::Undefined(format!("`{name}`"))), "{source}");
    }
    assert_eq!(evaluate("inputs.a.b.c|default(1)", &context), Ok(json!(1)), "null has no members, and a default helps");
}

#[test]
fn fuel_ends_what_takes_long_or_makes_much() {
    let context = json!({"inputs": {"s": "a".repeat(1_000), "list": vec![0; 1_000]}});
    for source in [
        "inputs.list|map('string')|join(inputs.s)|replace('a', inputs.s)",
        "range(99999)|list",
        "range(99999)|map('string')|join(inputs.s)",
        "inputs.s|replace('a', inputs.s)|replace('a', inputs.s)",
        "inputs.list|map('default', 1)|list|tojson|replace('0', inputs.s)",
        "'%99999999s'|format('x')",
        "'a\nb'|indent(99999999)",
        "range(99999)|sum",
    ] {
        let Ok(expression) = Expression::parse(source) else { panic!("{source}") };
        let error = expression.evaluate(&scope(&context), FUEL).expect_err(source);
        assert!(
            matches!(error, EvaluateError::OutOfFuel | EvaluateError::TooLarge | EvaluateError::Failed(_)),
            "{source}: {error}"
        );
    }
    let small = Expression::parse("1 + 1").expect("is an expression");
    assert_eq!(small.evaluate(&scope(&json!({})), 1), Err(EvaluateError::OutOfFuel));
    assert_eq!(small.evaluate(&scope(&json!({})), u64::MAX), Ok(json!(2)), "no more than MAX_FUEL, whatever is said");
    let huge = Expression::parse("range(99999)|join('x' ~ inputs)").expect("is an expression");
    let context = json!({"inputs": "a".repeat(10_000)});
    assert_eq!(huge.evaluate(&scope(&context), u64::MAX), Err(EvaluateError::OutOfFuel));
}

#[test]
fn nothing_is_large_without_being_paid_for() {
    let context = json!({"inputs": {"list": vec![0; 1_000], "n": 3}});
    for source in [
        "[1] * 10**7",
        "10**7 * [1]",
        "inputs.list * inputs.n == inputs.list * inputs.n",
        "(inputs.list) * 2",
        "(inputs.list|list) * 2",
        "(1, 2) * 2",
        "'x' * 3",
        "inputs.n * 2 * [1]",
        "inputs.n ** 2 * [1]",
        "-[1] * 2",
        "[[1][0:1] * 2]",
    ] {
        let error = evaluate(source, &context).expect_err(source);
        assert!(matches!(error, EvaluateError::Failed(_)), "{source}: {error}");
    }
    for source in [
        "inputs.list|batch(999999, inputs.list)",
        "inputs.list|slice(2000, inputs.list)",
        "inputs.list|map('default', inputs.list, true)",
        "inputs.list|map(attribute='x', default=inputs.list)",
    ] {
        assert_eq!(evaluate(source, &context), Err(EvaluateError::OutOfFuel), "{source}");
    }
    for (source, expected) in [
        ("inputs.n * 2", json!(6)),
        ("2 * inputs.n * 2.5", json!(15.0)),
        ("-inputs.n * -2 + 1", json!(7)),
        ("inputs.n ** 2 * 2", json!(18)),
        ("(inputs.n + 1) * (inputs.list|length)", json!(4_000)),
        ("18446744073709551615 * 1", json!(u64::MAX)),
        ("1 if inputs.n * 2 == 6 else 0", json!(1)),
    ] {
        assert_eq!(evaluate(source, &context), Ok(expected), "{source}");
    }
    // Filters run over lists pay for each item, and what they share is as large as the context at most.
    assert_eq!(evaluate("2 in inputs.list", &context), Ok(json!(false)));
}

#[test]
fn small_values_that_hold_large_ones_many_times_are_bounded() {
    let context = json!({"inputs": {"s": "a".repeat(MAX_RESULT_BYTES / 8), "list": vec![json!([1, 2, 3]); 1_000]}});
    let eight = "[inputs.s, inputs.s, inputs.s, inputs.s, inputs.s, inputs.s, inputs.s]";
    let expression = Expression::parse(eight).expect("is an expression");
    expression.evaluate(&scope(&context), MAX_FUEL).expect("as much as may be");
    let many = format!("[{}]", ["inputs.list"; 100].join(", "));
    for source in [
        many.as_str(),
        "inputs.s ~ inputs.s ~ inputs.s ~ inputs.s ~ inputs.s ~ inputs.s ~ inputs.s ~ inputs.s ~ inputs.s",
    ] {
        let expression = Expression::parse(source).expect("is an expression");
        let refused = expression.evaluate(&scope(&context), MAX_FUEL);
        assert!(
            matches!(refused, Err(EvaluateError::TooLarge | EvaluateError::OutOfFuel)),
            "{source:.50}: {refused:?}"
        );
    }
    let text = "{{ inputs.s }}".repeat(9);
    let template = Template::parse_text(&text).expect("is a template");
    assert_eq!(template.evaluate(&scope(&context), MAX_FUEL), Err(EvaluateError::TooLarge));
    let list = Template::List(vec![Template::parse_text("{{ inputs.s }}").expect("is a template"); 9]);
    assert_eq!(list.evaluate(&scope(&context), MAX_FUEL), Err(EvaluateError::TooLarge), "all expressions together");
}

#[test]
fn what_json_does_not_have_is_an_error() {
    for (source, part) in
        [("2 ** 100", "more than 64 bits"), ("1e308 * 10", "infinite"), ("{1: 2}", "a key that is not a string")]
    {
        let error = evaluate(source, &json!({})).expect_err(source).to_string();
        assert!(error.contains(part), "{source}: {error}");
    }
    let failed = evaluate("1 / 0", &json!({})).expect_err("fails");
    assert!(matches!(failed, EvaluateError::Failed(_)), "{failed}");
    let failed =
        evaluate("inputs.a + 1", &json!({"inputs": {"a": "x".repeat(10_000)}})).expect_err("fails").to_string();
    assert!(failed.len() < 2 * MAX_PROBLEM_CHARS, "{failed}");
}

#[test]
fn layers_are_seen_beside_the_data() {
    let data = json!({"inputs": {"a": 1}, "steps": {"hidden": {"output": 0}}});
    let outer = json!({"find": {"output": {"n": [1, 2]}}});
    let inner = json!({"note": {"output": null}});
    let item = json!("x");
    let layers = [
        Layer { item: Some(&item), steps: outer.as_object().expect("has members") },
        Layer { item: None, steps: inner.as_object().expect("has members") },
    ];
    let scope = Scope { layers: &layers, ..scope(&data) };
    for (source, expected) in [
        ("inputs.a", json!(1)),
        ("item", json!("x")),
        ("steps.find.output.n[1]", json!(2)),
        ("steps['no' ~ 'te'].output", json!(null)),
        ("steps.hidden|default('none')", json!("none")),
        ("steps.nope.output|default('none')", json!("none")),
        ("steps|items|map(attribute=0)|list", json!(["find", "note"])),
    ] {
        let expression = Expression::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(expression.evaluate(&scope, FUEL), Ok(expected), "{source}");
    }
    let missing = Expression::parse("steps.nope.output").expect("is an expression");
    assert_eq!(missing.evaluate(&scope, FUEL), Err(EvaluateError::Undefined("`steps.nope`".into())));
    let members =
        Template::read(&json!({"n": "{{ steps.find.output.n }}"}), "", &mut |at, problem| panic!("{at}: {problem}"));
    let Template::Object(members) = members else { panic!("{members:?}") };
    let evaluated = Template::evaluate_members(&members, &scope, FUEL).map(|evaluated| evaluated.value);
    assert_eq!(evaluated, Ok(json!({"n": [1, 2]})));
}

#[test]
fn a_condition_holds_if_its_value_counts_as_true() {
    let context = json!({"inputs": {"large": "a".repeat(MAX_RESULT_BYTES + 1), "list": [], "zero": 0.0}});
    for (source, expected) in
        [("inputs.large", true), ("inputs.list", false), ("inputs.zero", false), ("none", false), ("'a'", true)]
    {
        let expression = Expression::parse(source).expect(source);
        assert_eq!(expression.holds(&scope(&context), FUEL), Ok(expected), "{source}");
    }
    let missing = Expression::parse("inputs.nope").expect("is an expression");
    assert_eq!(missing.holds(&scope(&context), FUEL), Err(EvaluateError::Undefined("`inputs.nope`".into())));
}
