//! A JSON Schema of an action or trigger, compiled once.
//!
//! Never resolves a reference that leaves the document: a `$ref` to a remote address would be a way round the sandbox.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::{CostError, schema_cost};

/// The longest schema, in bytes of JSON text.
const MAX_BYTES: usize = 256 * 1024;
/// The most problems that one answer lists.
const MAX_PROBLEMS: usize = 20;
/// The longest pointer or message of a problem, in characters: both may hold names of the input.
const MAX_PROBLEM_TEXT: usize = 500;
/// What one compiled regular expression may take, in bytes.
const MAX_PATTERN_BYTES: usize = 256 << 10;

/// A JSON Schema (draft 2020-12 unless its `$schema` says otherwise) with its compiled validator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schema(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    document: Value,
    /// Made with the schema, or, for one that is known to be sound, when the first value comes.
    validator: OnceLock<Result<jsonschema::Validator, String>>,
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

    fn validator(&self) -> Result<&jsonschema::Validator, String> {
        let made = self.0.validator.get_or_init(|| {
            jsonschema::options()
                .with_pattern_options(jsonschema::PatternOptions::regex().size_limit(MAX_PATTERN_BYTES))
                // To the standard a `format` is a remark; who writes `"format": "email"` expects it to be looked at.
                .should_validate_formats(true)
                .build(&self.0.document)
                .map_err(|error| error.to_string())
        });
        made.as_ref().map_err(Clone::clone)
    }

    pub fn document(&self) -> &Value {
        &self.0.document
    }

    /// Everything that is wrong with `value`, at most `MAX_PROBLEMS` entries. Values are not quoted: an input may
    /// hold what a log must not.
    pub fn validate(&self, value: &Value) -> Result<(), Vec<InputProblem>> {
        let problem = |message: String| vec![InputProblem { pointer: String::new(), message }];
        let validator = self.validator().map_err(|error| problem(format!("the schema cannot be used: {error}")))?;
        if validator.is_valid(value) {
            return Ok(());
        }
        let problems = validator.iter_errors(value).take(MAX_PROBLEMS).map(|error| InputProblem {
            pointer: clipped(&error.instance_path().to_string()),
            message: clipped(&error.masked_with("the value").to_string()),
        });
        Err(problems.collect())
    }
}

fn clipped(text: &str) -> String {
    text.chars().take(MAX_PROBLEM_TEXT).collect()
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
    fn patterns_take_linear_time() {
        let schema = Schema::parse(r#"{"pattern":"^(a+)+$"}"#).unwrap();
        assert!(schema.validate(&json!(format!("{}!", "a".repeat(10_000)))).is_err());
    }
}
