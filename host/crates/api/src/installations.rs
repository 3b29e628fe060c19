//! Installations: workflows that a user has, each with its version, inputs and connections. No answer contains a secret input.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::ProblemDetail,
    listings::{Pricing, WorkflowSource},
    secret::Secret,
    time::Timestamp,
};

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
    /// Which account to use: the id of one of your connections, by the provider's id. For a provider that is not there, it is your
    /// default connection. Without this field, the connections of an existing installation stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({ "slack": "01939b1e-6f5c-7d0e-8a9b-0c1d2e3f4a5b" }))]
    pub connections: Option<BTreeMap<String, String>>,
}

impl fmt::Debug for NewInstallation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NewInstallation([redacted])")
    }
}

/// Changes an installation. Absent fields keep their value. Never printed: it may hold secrets.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstallationChange {
    /// Replaces all inputs, except that a secret input that is left out keeps its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub inputs: Option<Map<String, Value>>,
    /// Replaces all connections: the id of one of your connections, by the provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<BTreeMap<String, String>>,
}

impl fmt::Debug for InstallationChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InstallationChange([redacted])")
    }
}

/// Upgrades an installation to the workflow's newest version. Never printed: it may hold secrets.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstallationUpgrade {
    /// The version that you saw in the preview. If another one is the newest by now, nothing is upgraded.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::fields::optional_whole")]
    #[schema(minimum = 1)]
    pub version: Option<u32>,
    /// Replaces all inputs, except that a secret input that is left out keeps its value. Without this field, the present inputs
    /// are carried over. In both cases they must match the new version's schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub inputs: Option<Map<String, Value>>,
    /// Replaces all connections. Without this field, those of providers that the new version uses stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<BTreeMap<String, String>>,
}

impl fmt::Debug for InstallationUpgrade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InstallationUpgrade([redacted])")
    }
}

/// A user's installation of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    /// The installation's id.
    #[schema(example = "ins_01939b1e6f5c7d0e8a9b0c1d2e3f4a5b")]
    pub id: String,
    /// The workflow's id.
    pub workflow_id: String,
    /// The workflow's name.
    pub workflow_name: String,
    /// The version that it runs. Later versions do not change it.
    pub workflow_version: u32,
    /// The workflow's newest version; absent if the workflow is not listed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_version: Option<u32>,
    /// Whether it is still installed, paused or not.
    pub active: bool,
    /// When it was paused; absent if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Timestamp>,
    /// The connections that were chosen: the connection's id by the provider's id. Other providers use the default connection.
    pub connections: BTreeMap<String, String>,
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
    /// The secret part of the webhook's address: whoever knows it can start a run. Absent if the workflow has no webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]+$")]
    pub webhook_token: Option<Secret>,
}

/// A part of a user's installations, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallationPage {
    /// The installations, at most `limit`.
    pub installations: Vec<Installation>,
    /// Send it as `cursor` to get the next part; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Chooses a part of a user's installations.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InstallationQuery {
    /// Only installations of the workflow with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64)]
    pub workflow: Option<String>,
    /// Only installations in this state. Without it, all that are installed, paused or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub state: Option<InstallationState>,
    /// `nextCursor` of the part before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 64, pattern = "^ins_")]
    pub cursor: Option<String>,
    /// Number of installations to return.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<usize>,
}

/// Whether an installation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InstallationState {
    /// It is installed and not paused.
    Active,
    /// It is paused.
    Paused,
    /// It is uninstalled.
    Uninstalled,
}

/// What an upgrade to the workflow's newest version would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpgradePreview {
    /// The version that the installation runs.
    pub from: u32,
    /// The newest version. Equal to `from` if there is none to upgrade to.
    pub to: u32,
    /// Providers at which you need an account only with the newest version.
    pub providers_added: Vec<String>,
    /// Providers at which you need no account any more.
    pub providers_removed: Vec<String>,
    /// Scopes that only the newest version needs, by provider. An account that was connected without them must be connected again.
    pub scopes_added: BTreeMap<String, Vec<String>>,
    /// Scopes that it needs no more, by provider.
    pub scopes_removed: BTreeMap<String, Vec<String>>,
    /// Inputs that differ, by name.
    pub inputs: Vec<InputDifference>,
    /// Whether something else starts runs, or at other times.
    pub trigger_changed: bool,
    /// What an installation of the newest version costs. An upgrade to a version that is not free is refused: this host takes no
    /// payments yet.
    pub pricing: Pricing,
    /// What keeps the present inputs from fitting the newest version. Send inputs with the upgrade that fit.
    pub problems: Vec<ProblemDetail>,
}

/// An input that differs between two versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InputDifference {
    /// The input's name.
    pub name: String,
    /// How it differs.
    pub change: InputChange,
    /// Whether it is a secret input.
    pub secret: bool,
    /// Whether the newest version requires it.
    pub required: bool,
    /// Whether the newest version requires it, and the installed one does not.
    pub newly_required: bool,
    /// Its schema in the newest version; absent if that has no such input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// How an input differs between two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputChange {
    /// Only the newest version has it.
    Added,
    /// Only the installed version has it.
    Removed,
    /// Its schema differs, or whether it is required or secret.
    Changed,
}

#[cfg(test)]
mod tests {
    use super::{InstallationChange, InstallationUpgrade, NewInstallation};

    #[test]
    fn inputs_are_not_printed() {
        let text = r#"{"inputs":{"token":"hunter2"}}"#;
        let body: NewInstallation = serde_json::from_str(text).unwrap();
        assert!(body.inputs.as_ref().is_some_and(|inputs| inputs["token"] == "hunter2"));
        assert_eq!(format!("{body:?}"), "NewInstallation([redacted])");
        let change: InstallationChange = serde_json::from_str(text).unwrap();
        let upgrade: InstallationUpgrade = serde_json::from_str(text).unwrap();
        assert!(!format!("{change:?} {upgrade:?}").contains("hunter2"));
    }
}
