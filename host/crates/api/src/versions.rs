//! Versions of a workflow.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{page::Page, time::Timestamp};

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
