//! What holds for any definition and any text: reading what was written is the identity, and nothing panics.

use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value, json};

use super::scope;
use super::{schema::VALIDATOR, *};
use crate::{Expression, OnLimit, Template, bounds::*, check, credential_problems, problem::child};

/// Any JSON, with texts that look like expressions among others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z ~/]{0,6}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        Just("{{ inputs.a }}".to_owned()),
        Just("a {{ steps.s0.output.x + 1 }} {{ '}}' }}".to_owned()),
        Just("{{ trigger['x y']|default(none) }}".to_owned()),
        "[a-z]{1,5}".prop_map(|name| format!("{{{{ inputs.{name} ~ run.id }}}}")),
        Just("yes".to_owned()),
        Just("1e3".to_owned()),
        Just(" lead\n  and # trail: ".to_owned()),
    ]
}

/// A step; ids are given afterwards.
fn any_step() -> impl Strategy<Value = Value> {
    let duration =
        || (1..400_u32, prop::sample::select(vec!["s", "m", "h"])).prop_map(|(n, unit)| format!("{n}{unit}"));
    let leaf = prop_oneof![
        duration().prop_map(|time| json!({"sleep": time})),
        any::<bool>()
            .prop_map(|event| json!({"wait-for": {if event { "event" } else { "approval" }: "x {{ run.id }}"}})),
        (prop::collection::btree_map("[a-z]{1,5}", any_json(), 0..3), 1..20_u32, duration()).prop_map(
            |(with, attempts, time)| {
                let with: Map<String, Value> = with.into_iter().collect();
                json!({"uses": "a.b-c", "with": with, "retry": {"attempts": attempts, "backoff": time}, "timeout": time,
                       "continue-on-error": attempts % 2 == 0, "if": "{{ inputs.a }}"})
            }
        ),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let steps = || prop::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            (steps(), 1..50_u32)
                .prop_map(|(steps, most)| json!({"for-each": "trigger.x", "concurrency": most, "steps": steps})),
            (steps(), steps())
                .prop_map(|(one, other)| json!({"switch": [{"if": "true", "steps": one}], "default": other})),
            (steps(), steps()).prop_map(|(one, other)| json!({"parallel": [{"steps": one}, {"steps": other}]})),
        ]
    })
}

fn number(value: &mut Value, count: &mut usize) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| number(item, count)),
        Value::Object(members) => {
            for name in ["steps", "switch", "default", "parallel"] {
                members.get_mut(name).into_iter().for_each(|inner| number(inner, count));
            }
            let is_step = ["sleep", "wait-for", "uses", "for-each", "switch", "parallel"];
            if is_step.iter().any(|kind| members.contains_key(*kind)) {
                members.insert("id".into(), format!("s{count}").into());
                *count += 1;
            }
        }
        _ => {}
    }
}

fn any_definition() -> impl Strategy<Value = Value> {
    let trigger = prop::sample::select(vec![
        json!({"manual": {}}),
        json!({"webhook": {"body": {"type": "object"}}}),
        json!({"webhook": {"verify": {"scheme": "github", "secret": "key"}, "respond": true}}),
        json!({"webhook": {"verify": {"scheme": "hmac", "secret": "key", "header": "X-Signature", "algorithm": "sha512",
                                      "encoding": "base64", "prefix": "v1 "}}}),
        json!({"schedule": {"cron": "*/5 9-17 * * 1-5", "timezone": "America/New_York"}}),
        json!({"schedule": {"cron": "0 9 * * *", "timezone": "UTC", "misfire": "skip"}}),
        json!({"integration": "a", "trigger": "b", "config": {"c": ["{{ inputs.d }}"]}}),
    ]);
    let concurrency = (1..=MAX_CONCURRENT_RUNS, prop::sample::select(OnLimit::ALL.to_vec()));
    (any_text(), trigger, concurrency, prop::collection::vec(any_step(), 1..4), any_json()).prop_map(
        |(name, trigger, (limit, on_limit), mut steps, output)| {
            let mut count = 0;
            steps.iter_mut().for_each(|step| number(step, &mut count));
            json!({"name": format!("a{name}"), "trigger": trigger, "steps": steps, "output": output,
               "concurrency": {"limit": limit, "on-limit": on_limit.as_str()},
               "inputs": {"type": "object", "required": ["key"],
                          "properties": {"a": {"default": 1}, "key": {"type": "string", "format": "secret"}}}})
        },
    )
}

/// A change to some place of a document.
#[derive(Clone, Debug)]
enum Change {
    Replace(Value),
    /// Removes a member or an item.
    Remove(Index),
    /// Adds a member of this name, or an item.
    Add(&'static str, Value),
}

/// Values at the edges of what fields take, among any others.
fn any_edge() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        " ",
        "\u{feff}",
        "\u{a0}",
        "a",
        "A",
        "a.b",
        "a.b.c",
        "0s",
        "007s",
        "367d",
        "UTC",
        "{{ inputs.a }}",
        "hmac",
        "github",
        "once",
        "queue",
        "base64",
        "sha1",
        " a",
        "a ",
        "a\n",
        "é",
    ];
    prop_oneof![
        prop::sample::select(texts.to_vec()).prop_map(Value::from),
        prop::sample::select(vec![
            json!(0),
            json!(1),
            json!(20),
            json!(21),
            json!(50),
            json!(51),
            json!(1000),
            json!(1001),
            json!(-1),
            json!(1.0)
        ]),
        prop::sample::select(vec![json!(null), json!(true), json!([]), json!({}), json!({"type": "object"})]),
        (MAX_ID_CHARS - 1..MAX_ID_CHARS + 2).prop_map(|length| Value::from("a".repeat(length))),
        (MAX_HEADER_NAME_CHARS - 1..MAX_HEADER_NAME_CHARS + 2).prop_map(|length| Value::from("a".repeat(length))),
        (MAX_EXPRESSION_CHARS - 1..MAX_EXPRESSION_CHARS + 2).prop_map(|length| format!(
            "{{{{ '{}' }}}}",
            "a".repeat(length - 8)
        )
        .into()),
        Just(json!("0\u{a0}9 * * *")),
        any_json(),
    ]
}

fn any_change() -> impl Strategy<Value = Change> {
    let names = [
        "name",
        "description",
        "inputs",
        "trigger",
        "steps",
        "on-failure",
        "output",
        "type",
        "properties",
        "manual",
        "webhook",
        "body",
        "verify",
        "scheme",
        "secret",
        "header",
        "algorithm",
        "encoding",
        "prefix",
        "respond",
        "schedule",
        "cron",
        "timezone",
        "misfire",
        "limit",
        "on-limit",
        "integration",
        "config",
        "id",
        "if",
        "timeout",
        "continue-on-error",
        "uses",
        "with",
        "retry",
        "attempts",
        "backoff",
        "for-each",
        "concurrency",
        "switch",
        "default",
        "parallel",
        "sleep",
        "wait-for",
        "event",
        "approval",
        "other",
    ];
    prop_oneof![
        any_edge().prop_map(Change::Replace),
        any::<Index>().prop_map(Change::Remove),
        (prop::sample::select(names.to_vec()), any_edge()).prop_map(|(name, value)| Change::Add(name, value)),
    ]
}

fn pointers(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| pointers(item, child(&pointer, place), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| pointers(member, child(&pointer, name), found));
        }
        _ => {}
    }
    found.push(pointer);
}

fn apply(document: &mut Value, at: Index, change: Change) {
    let mut places = Vec::new();
    pointers(document, String::new(), &mut places);
    let target = document.pointer_mut(&places[at.index(places.len())]).expect("is a place of the document");
    match (change, target) {
        (Change::Replace(value), target) => *target = value,
        (Change::Remove(which), Value::Object(members)) if !members.is_empty() => {
            let name = members.keys().nth(which.index(members.len())).expect("is a member").clone();
            members.remove(&name);
        }
        (Change::Remove(which), Value::Array(items)) if !items.is_empty() => {
            items.remove(which.index(items.len()));
        }
        (Change::Add(name, value), Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        (Change::Add(_, value), Value::Array(items)) => items.push(value),
        (Change::Remove(_) | Change::Add(..), _) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_reader_refuses_whatever_the_schema_refuses(
        document in any_definition(),
        changes in prop::collection::vec((any::<Index>(), any_change()), 1..4),
    ) {
        let mut document = document;
        for (at, change) in changes {
            apply(&mut document, at, change);
        }
        match WorkflowDefinition::from_value(&document) {
            Ok(_) => {
                let refusals: Vec<_> = VALIDATOR.iter_errors(&document).map(|error| error.to_string()).collect();
                prop_assert!(refusals.is_empty(), "{}: {:?}", document, refusals);
            }
            Err(error) => {
                prop_assert!(!error.problems.is_empty());
                for problem in &error.problems {
                    prop_assert!(document.pointer(&problem.pointer).is_some(), "{}: {}", document, problem);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_taken_is_the_same_after_it_was_written(value in any_definition()) {
        if let Ok(definition) = WorkflowDefinition::from_value(&value) {
            let written = definition.to_value();
            prop_assert_eq!(WorkflowDefinition::from_value(&written), Ok(definition.clone()));
            prop_assert_eq!(definition.to_value(), written.clone());
            prop_assert!(VALIDATOR.is_valid(&value) && VALIDATOR.is_valid(&written));
            check(&definition, &catalogue::Registry);
            let yaml = serde_saphyr::to_string(&value).expect("is YAML");
            prop_assert_eq!(WorkflowDefinition::from_yaml(&yaml), Ok(definition.clone()), "{}", yaml);
            prop_assert_eq!(WorkflowDefinition::from_json(&value.to_string()), Ok(definition));
        }
    }

    #[test]
    fn definitions_are_mostly_taken(value in any_definition()) {
        if let Err(error) = WorkflowDefinition::from_value(&value) {
            prop_assert!(error.to_string().contains('{') || error.to_string().contains("must be a string"), "{}: {}", value, error);
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,200}", cut in 0..EXAMPLE.len(), put in "[\\[\\]{}:, a-z&*%#'\"|\n]{0,8}") {
        let changed = format!("{}{put}{}", &EXAMPLE[..cut], &EXAMPLE[cut..]);
        for text in [&text, &changed] {
            let _ = WorkflowDefinition::from_json(text);
            if let Ok(definition) = WorkflowDefinition::from_yaml(text) {
                prop_assert_eq!(WorkflowDefinition::from_value(&definition.to_value()), Ok(definition));
            }
        }
    }

    #[test]
    fn no_json_makes_reading_panic(value in any_json(), pointer in 0..7_usize) {
        let _ = WorkflowDefinition::from_value(&value);
        let _ = credential_problems(&value);
        let mut changed = WorkflowDefinition::from_yaml(EXAMPLE).expect("is a definition").to_value();
        let place = ["name", "description", "inputs", "trigger", "steps", "on-failure", "output"][pointer];
        changed[place] = value;
        let _ = WorkflowDefinition::from_value(&changed);
    }

    #[test]
    fn no_expression_makes_parsing_or_evaluating_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "inputs", ".a", "[0]", "['b']", "steps", "item", "+", "-", "*", "**", "/", "//", "%", "~", "|", "upper", "length",
            "default(1)", "map('upper')", "list", "(", ")", "[", "]", "{", "}", ":", ",", "'x'", "1", "2.5", "not", "is",
            "defined", "in", "if", "else", "and", "==", "<", "range(3)", "none", "true", "10", "join", "sort", "tojson",
        ]), 0..14),
        odd in "\\PC{0,40}",
    ) {
        let context = json!({"inputs": {"a": [3, 1, "x"], "b": {"a": 1.5}}, "steps": {"a": {"output": null}}, "item": "é"});
        for source in [words.join(" "), words.concat(), odd.clone()] {
            if let Ok(expression) = Expression::parse(&source) {
                prop_assert_eq!(Expression::parse(expression.source()), Ok(expression.clone()));
                let _ = expression.evaluate(&scope(&context), 2_000);
            }
            for text in [source.clone(), format!("{{{{ {source} }}}}"), format!("a {{{{{source}}}}} b")] {
                if let Ok(template) = Template::parse_text(&text) {
                    let _ = template.evaluate(&scope(&context), 2_000);
                }
            }
        }
    }

    #[test]
    fn any_value_comes_through_an_expression_unchanged(value in any_json()) {
        let context = json!({"inputs": {"x": value}});
        let template = Template::parse_text("{{ inputs.x }}").expect("is a template");
        prop_assert_eq!(template.evaluate(&scope(&context), 10_000).map(|given| given.value), Ok(value));
    }
}
