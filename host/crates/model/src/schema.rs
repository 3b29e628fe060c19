//! A JSON Schema of an action or trigger, compiled once.
//!
//! Never resolves a reference that leaves the document: a `$ref` to a remote address would be a way round the sandbox.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, NaiveTime};
use serde_json::Value;

use super::{
    CostError, schema_cost,
    schema_meter::{self, Meter, Metered, MeteredJson, Weight},
};

/// The longest schema, in bytes of JSON text.
const MAX_BYTES: usize = 256 * 1024;
/// The most problems that one answer lists.
const MAX_PROBLEMS: usize = 20;
/// The longest pointer or message of a problem, in characters: both may hold names of the input.
const MAX_PROBLEM_TEXT: usize = 500;
/// What one compiled regular expression may take, in bytes.
const MAX_PATTERN_BYTES: usize = 256 << 10;
/// How often a pattern with look-around may try another way through a text. Others take linear time and have no such bound.
const MAX_BACKTRACKS: usize = 1_000;
/// What reading 64 bytes of a text costs, in steps, where a pattern may go back so often.
const BACKTRACKING_WEIGHT: u64 = 100;
/// The most steps of any check, in looks at a part of the value. The time ends most checks before.
const MAX_STEPS: u64 = 20_000_000;
/// The most steps of saying what is wrong.
const TELLING_STEPS: u64 = 4_000_000;
/// The most steps of a check on an async thread. A longer one would delay other requests.
const QUICK_STEPS: u64 = 20_000;
/// States of an automaton, and texts that a pattern lists, that take as long as one step.
const STATES_PER_STEP: u64 = 32;
const ALTERNATIVES_PER_STEP: u64 = 32;
/// Subschemas that take as long as one step, if they are evaluated without a look at the value.
const SUBSCHEMAS_PER_STEP: u64 = 64;

/// A JSON Schema (draft 2020-12 unless its `$schema` says otherwise) with its compiled validator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schema(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    document: Value,
    /// Made with the schema, or, for one that is known to be sound, when the first value comes.
    validator: OnceLock<Result<Validator, String>>,
}

#[derive(Debug)]
struct Validator {
    inner: jsonschema::Validator<MeteredJson>,
    weight: Weight,
}

/// Why a text is not a usable schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("a schema must have at most {MAX_BYTES} bytes (got {0})")]
    TooLarge(usize),
    #[error("checking values against this schema could take too long: {0}")]
    TooCostly(#[from] CostError),
    #[error("invalid JSON: {0}")]
    NotJson(String),
    #[error("invalid JSON Schema: {0}")]
    NotASchema(String),
}

/// One reason why a value does not fit a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputProblem {
    /// JSON pointer (RFC 6901) of the offending value; empty for the whole.
    pub pointer: String,
    pub message: String,
}

impl Schema {
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let schema = Self::known(text)?;
        schema_cost::check(schema.document())?;
        schema.validator().map_err(SchemaError::NotASchema)?;
        Ok(schema)
    }

    /// A text that [`Schema::parse`] has taken before. Compiling it waits until somebody has a value to check.
    pub(super) fn known(text: &str) -> Result<Self, SchemaError> {
        if text.len() > MAX_BYTES {
            return Err(SchemaError::TooLarge(text.len()));
        }
        let document: Value = serde_json::from_str(text).map_err(|error| SchemaError::NotJson(error.to_string()))?;
        Ok(Self(Arc::new(Compiled { document, validator: OnceLock::new() })))
    }

    /// A text that describes an answer. No value is checked against it, so any text is taken: one that is no JSON or too long
    /// describes nothing.
    pub(super) fn description(text: &str) -> Self {
        Self::known(text).unwrap_or_else(|_| {
            let document = Value::Object(serde_json::Map::new());
            Self(Arc::new(Compiled { document, validator: OnceLock::new() }))
        })
    }

    fn validator(&self) -> Result<&Validator, String> {
        let made = self.0.validator.get_or_init(|| {
            let patterns =
                jsonschema::PatternOptions::fancy_regex().size_limit(MAX_PATTERN_BYTES).backtrack_limit(MAX_BACKTRACKS);
            let cost = schema_cost::check(&self.0.document).map_err(|error| error.to_string())?;
            let searched =
                1 + cost.patterns + cost.alternatives / ALTERNATIVES_PER_STEP + cost.states / STATES_PER_STEP;
            let weight = Weight {
                part: 1 + cost.subschemas / SUBSCHEMAS_PER_STEP,
                text: if cost.backtracking == 0 { searched } else { searched + BACKTRACKING_WEIGHT },
                // Each way through a text may read the rest of it.
                states: 1 + if cost.backtracking == 0 {
                    cost.states
                } else {
                    cost.states.max(u64::try_from(MAX_BACKTRACKS).unwrap_or(u64::MAX))
                },
            };
            let inner = jsonschema::options_for::<MeteredJson>()
                .with_pattern_options(patterns)
                // To the standard a `format` is a remark; who writes `"format": "email"` expects it to be looked at.
                .should_validate_formats(true)
                .with_format("time", is_time)
                .build(&self.0.document)
                .map_err(|error| error.to_string())?;
            Ok(Validator { inner, weight })
        });
        made.as_ref().map_err(Clone::clone)
    }

    pub fn document(&self) -> &Value {
        &self.0.document
    }

    /// Everything that is wrong with `value`, at most `MAX_PROBLEMS` entries. Values are not quoted: an input may
    /// hold what a log must not.
    ///
    /// The number of steps and the time are bounded for every schema and value.
    pub fn validate(&self, value: &Value) -> Result<(), Vec<InputProblem>> {
        self.validate_within(&mut MAX_STEPS.clone(), value).unwrap_or_else(|| {
            Err(whole(format!(
                "checking this value against the schema takes more than {MAX_STEPS} steps or {} ms: send a smaller one, or ask the \
                 integration's developer for a simpler schema",
                schema_meter::MAX_TIME.as_millis()
            )))
        })
    }

    /// As [`Schema::validate`], within `QUICK_STEPS`. `None` if that is too few.
    pub fn validate_quickly(&self, value: &Value) -> Option<Result<(), Vec<InputProblem>>> {
        self.validate_within(&mut QUICK_STEPS.clone(), value)
    }

    /// As [`Schema::validate`], for one of many checks that share `steps`: it takes those that it needs. `None` if they are too
    /// few, and none are left then.
    pub fn validate_within(&self, steps: &mut u64, value: &Value) -> Option<Result<(), Vec<InputProblem>>> {
        let Validator { inner, weight } = match self.validator() {
            Ok(validator) => validator,
            Err(error) => return Some(Err(whole(format!("the schema cannot be used: {error}")))),
        };
        let meter = Meter::start(*steps, *weight);
        *steps = 0;
        if meter.run(|| inner.is_valid(Metered(value))).ok()? {
            *steps = meter.left();
            return Some(Ok(()));
        }
        let mut problems = Vec::new();
        // What was found before it took too long is told.
        meter.leave(TELLING_STEPS);
        let collected = meter.run(|| {
            for error in inner.iter_errors(Metered(value)).take(MAX_PROBLEMS) {
                let path = error.instance_path().to_string();
                schema_meter::charge_text(&path);
                problems
                    .push(InputProblem { pointer: clipped(&path), message: clipped(&error.masked_with("the value")) });
            }
        });
        *steps = collected.map_or(0, |()| meter.left());
        if problems.is_empty() {
            // It took too long to say, or the meter ended the collecting inside an `anyOf`.
            problems = whole("the value does not fit the schema".to_owned());
        }
        Some(Err(problems))
    }
}

/// A `time` with an offset (RFC 3339), or without one: pydantic and zod write this format for local times, too.
fn is_time(text: &str) -> bool {
    let is_local = NaiveTime::parse_from_str(text, "%H:%M:%S%.f").is_ok();
    is_local || DateTime::parse_from_rfc3339(&format!("1970-01-01T{text}")).is_ok()
}

/// The one problem with a value as a whole.
fn whole(message: String) -> Vec<InputProblem> {
    vec![InputProblem { pointer: String::new(), message }]
}

/// The beginning of a text. No more of it is made.
fn clipped(text: &dyn fmt::Display) -> String {
    struct Beginning {
        text: String,
        left: usize,
    }

    impl fmt::Write for Beginning {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            let taken: String = part.chars().take(self.left).collect();
            self.left -= taken.chars().count();
            self.text += &taken;
            if self.left == 0 { Err(fmt::Error) } else { Ok(()) }
        }
    }

    let mut beginning = Beginning { text: String::new(), left: MAX_PROBLEM_TEXT };
    // It ends with an error where the text is longer.
    let _ = fmt::write(&mut beginning, format_args!("{text}"));
    beginning.text
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.document() == other.document()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MAX_BYTES, MAX_PROBLEMS, Schema, SchemaError};

    #[test]
    fn problems_are_named_by_pointer_and_never_quote_the_value() {
        let schema = Schema::parse(
            r#"{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"integer"}}}},"required":["c"]}"#,
        )
        .unwrap();
        let problems = schema.validate(&json!({"a": {"b": "hunter2"}})).unwrap_err();
        let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert!(pointers.contains(&"/a/b") && pointers.contains(&""), "{problems:?}");
        assert!(problems.iter().all(|problem| !problem.message.contains("hunter2")), "{problems:?}");
        assert_eq!(schema.validate(&json!({"a": {"b": 1}, "c": null})), Ok(()));
    }

    #[test]
    fn a_reference_never_leaves_the_document() {
        for address in ["https://example.com/schema.json", "file:///etc/passwd"] {
            let text = json!({"$ref": address}).to_string();
            assert!(matches!(Schema::parse(&text), Err(SchemaError::TooCostly(_))), "{address} was resolved");
        }
    }

    #[test]
    fn bounds_hold() {
        let large = format!("{{\"title\":\"{}\"}}", "x".repeat(MAX_BYTES));
        assert!(matches!(Schema::parse(&large), Err(SchemaError::TooLarge(_))));
        let schema = Schema::parse(r#"{"items":{"type":"integer"}}"#).unwrap();
        let many = json!(vec!["x"; 10 * MAX_PROBLEMS]);
        assert_eq!(schema.validate(&many).unwrap_err().len(), MAX_PROBLEMS);
    }

    #[test]
    fn formats_are_looked_at() {
        let schema = Schema::parse(r#"{"format":"email"}"#).unwrap();
        assert!(schema.validate(&json!("nobody")).is_err());
        assert!(schema.validate(&json!("somebody@example.com")).is_ok());
    }

    #[test]
    fn a_pattern_that_explodes_is_refused() {
        assert!(matches!(Schema::parse(r#"{"pattern":"\\pL{60}\\pL{60}"}"#), Err(SchemaError::NotASchema(_))));
        assert!(Schema::parse(r#"{"pattern":"^[A-Za-z0-9_.-]+$"}"#).is_ok());
        assert!(Schema::parse(r#"{"pattern":"^\\p{L}+$"}"#).is_ok());
    }

    #[test]
    fn patterns_may_look_ahead() {
        // What zod 4 writes for an e-mail address.
        let pattern = r"^(?!\.)(?!.*\.\.)[A-Za-z0-9_'+.-]*[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$";
        let schema = Schema::parse(&json!({ "format": "email", "pattern": pattern }).to_string()).unwrap();
        assert_eq!(schema.validate(&json!("somebody@example.com")), Ok(()));
        assert!(schema.validate(&json!("some..body@example.com")).is_err());
        let exploding = Schema::parse(r#"{"pattern":"^(?=(a+)+$)(a|aa)+$"}"#).unwrap();
        assert!(exploding.validate(&json!(format!("{}!", "a".repeat(1_000)))).is_err());
    }

    #[test]
    fn references_are_percent_encoded() {
        let schema = Schema::parse(
            r##"{"properties":{"user":{"$ref":"#/definitions/Partial%3CUser%3E"}},
                "definitions":{"Partial<User>":{"type":"object"}}}"##,
        )
        .unwrap();
        assert_eq!(schema.validate(&json!({"user": {}})), Ok(()));
        assert!(schema.validate(&json!({"user": 1})).is_err());
    }

    #[test]
    fn a_check_that_never_ends_is_ended() {
        let unevaluated = (0..40).fold(
            json!({"type": "object"}),
            |inner, _| json!({ "anyOf": [inner, { "properties": { "b": true } }], "unevaluatedProperties": false }),
        );
        // Texts would be found by their hash.
        let objects: Vec<_> = (0..2_000).map(|number| json!({ "a": number })).collect();
        for (schema, value) in [
            (unevaluated, json!({"a": 1})),
            (json!({ "items": { "enum": objects } }), json!(vec![objects.last(); 20_000])),
        ] {
            let problems = Schema::parse(&schema.to_string()).unwrap().validate(&value).unwrap_err();
            assert!(problems[0].message.contains("steps"), "{problems:?}");
        }
    }

    #[test]
    fn any_text_describes_an_answer() {
        for text in ["{", "", &"x".repeat(MAX_BYTES + 1)] {
            assert_eq!(Schema::description(text).document(), &json!({}));
        }
        assert_eq!(Schema::description(r##"{"$ref":"#"}"##).document(), &json!({"$ref": "#"}));
    }

    #[test]
    fn patterns_take_linear_time() {
        let schema = Schema::parse(r#"{"pattern":"^(a+)+$"}"#).unwrap();
        assert!(schema.validate(&json!(format!("{}!", "a".repeat(10_000)))).is_err());
    }
}
