//! Validating a workflow's definition without storing it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A definition to validate. Send exactly one of `workflowDefinition` and `workflowYaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewValidation {
    /// The workflow as JSON, at most 256 KiB, as `/schemas/workflow-1.json` describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub workflow_definition: Option<Box<RawValue>>,
    /// The workflow as YAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_yaml: Option<String>,
}

/// What validating a definition found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validation {
    /// Whether the definition can be published: no problem is an error.
    pub valid: bool,
    /// Every problem, errors first.
    pub problems: Vec<DefinitionProblem>,
    /// Providers at which a user needs an account; empty if the definition is not valid.
    pub required_oauth_providers: Vec<String>,
}

/// A problem of a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionProblem {
    /// Where the problem is: a JSON pointer (RFC 6901) into the definition.
    #[schema(example = "/steps/0/with/channel")]
    pub pointer: String,
    /// What the problem is.
    pub message: String,
    /// Whether it keeps the workflow from being published.
    pub severity: Severity,
    /// The line of the text that it is about, from 1 up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The character in the line, from 1 up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The workflow cannot be published.
    Error,
    /// It is allowed, but was probably not meant.
    Warning,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{DefinitionProblem, NewValidation, Severity, Validation};

    #[test]
    fn a_validation_is_read_as_it_is_written() {
        let validation = Validation {
            valid: true,
            problems: vec![DefinitionProblem {
                pointer: "/output".to_owned(),
                message: "is odd".to_owned(),
                severity: Severity::Warning,
                line: Some(3),
                column: Some(9),
            }],
            required_oauth_providers: vec!["slack".to_owned()],
        };
        let written = serde_json::to_value(&validation).unwrap();
        assert_eq!(
            written,
            json!({
                "valid": true,
                "problems": [{ "pointer": "/output", "message": "is odd", "severity": "warning", "line": 3, "column": 9 }],
                "requiredOauthProviders": ["slack"],
            })
        );
        assert_eq!(serde_json::from_value::<Validation>(written).unwrap(), validation);
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(serde_json::from_value::<NewValidation>(json!({ "workflowYAML": "" })).is_err());
    }
}
