//! The format as a JSON Schema, for editors and for whoever publishes. It is compiled once; what it says in other words
//! than the reader is only used where the reader had nothing to say.

use std::sync::LazyLock;

use serde_json::Value;

use super::problem::{Problem, Problems};

/// The JSON Schema (draft 2020-12) of version 1 of the format, as JSON text. Its `$id` is `/schemas/workflow-1.json`.
pub const SCHEMA: &str = include_str!("workflow-1.schema.json");

static VALIDATOR: LazyLock<Result<jsonschema::Validator, String>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
    jsonschema::validator_for(&document).map_err(|error| error.to_string())
});

/// What the schema has against a document. Values are not quoted.
pub(super) fn problems(value: &Value) -> Vec<Problem> {
    let mut problems = Problems::default();
    match VALIDATOR.as_ref() {
        Ok(validator) => {
            for error in validator.iter_errors(value) {
                problems.add(&error.instance_path().to_string(), error.masked_with("the value"));
            }
        }
        Err(error) => problems.add("", format_args!("the host's schema of workflows cannot be used: {error}")),
    }
    problems.into_list()
}
