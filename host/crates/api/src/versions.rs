//! Versions of a workflow, and the installations that run them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use utoipa::ToSchema;

use crate::{listings::WorkflowSource, page::Page, time::Timestamp};

/// Versions of a workflow, newest first.
pub type VersionPage = Page<Version>;

/// A version of a workflow. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The version's number, from 1 up.
    pub number: u32,
    /// SHA-256 of the definition's text, in hexadecimal.
    pub content_hash: String,
    /// What is new.
    pub changelog: String,
    /// When the version was created.
    pub created_at: Timestamp,
}

/// Adds a version to a workflow. Send exactly one of `workflowDefinition` and `workflowYaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewVersion {
    /// The workflow as JSON, at most 256 KiB, the text of which is stored as you send it, as `/schemas/workflow-1.json` describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub workflow_definition: Option<Box<RawValue>>,
    /// The workflow as YAML, at most 256 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_yaml: Option<String>,
    /// What is new, at most 4,000 characters without NUL.
    #[serde(default)]
    #[schema(max_length = 4000, pattern = "^[^\\u0000]*$")]
    pub changelog: String,
}

/// What a user fills in when installing a workflow. Never printed: it may hold secrets.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInstallation {
    /// Values for the workflow's `inputs`, at most 64 KiB of JSON. They must match its schema. Secret inputs, which the schema marks
    /// `format: secret`, have at most 8 KiB each. Without this field, a new installation gets no inputs, and those of an existing
    /// one stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub inputs: Option<Map<String, Value>>,
}

impl fmt::Debug for NewInstallation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NewInstallation([redacted])")
    }
}

/// A user's installation of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    /// The installation's id.
    pub id: String,
    /// The workflow's id.
    pub workflow_id: String,
    /// The version that it runs. Later versions do not change it.
    pub workflow_version: u32,
    /// Whether it is still installed.
    pub active: bool,
    /// When it was installed.
    pub installed_at: Timestamp,
}

/// An installation with the definition that it runs, and its inputs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallationDetail {
    /// The installation.
    #[serde(flatten)]
    pub installation: Installation,
    /// The definition that it runs.
    #[schema(value_type = Object)]
    pub workflow_definition: Box<RawValue>,
    /// The text of the definition, as its developer sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<WorkflowSource>,
    /// The inputs that are not secret.
    #[schema(value_type = Object)]
    pub inputs: Box<RawValue>,
    /// The names of the secret inputs that have a value. No answer contains the value.
    pub secret_inputs: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::NewInstallation;

    #[test]
    fn inputs_are_not_printed() {
        let body: NewInstallation = serde_json::from_str(r#"{"inputs":{"token":"hunter2"}}"#).unwrap();
        assert!(body.inputs.as_ref().is_some_and(|inputs| inputs["token"] == "hunter2"));
        assert_eq!(format!("{body:?}"), "NewInstallation([redacted])");
    }
}
