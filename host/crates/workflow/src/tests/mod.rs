//! What definitions are taken, refused, checked and evaluated to.

mod catalogue;
mod credentials;
mod format;
mod guide;
mod integrations;
mod judging;
mod properties;
mod references;
mod schedules;
mod schema;
mod secrets;
mod soundness;
mod suggestions;
mod warnings;
mod yaml;

use std::collections::BTreeMap;

use serde_json::Value;
use workway_model::Timestamp;

use super::{DefinitionError, Scope, WorkflowDefinition};

/// One of everything.
pub(super) const EXAMPLE: &str = include_str!("example.yaml");

/// What expressions see with this data.
pub(super) fn scope(data: &Value) -> Scope<'_> {
    Scope { data, layers: &[], now: Timestamp::UNIX_EPOCH, secrets: const { &BTreeMap::new() } }
}

/// A definition with these steps, in YAML.
pub(super) fn with_steps(steps: &str) -> Result<WorkflowDefinition, DefinitionError> {
    WorkflowDefinition::from_yaml(&format!("name: a\ntrigger: {{ manual: {{}} }}\nsteps: {steps}"))
}

/// The problems of a refusal, a line each.
pub(super) fn told(result: Result<WorkflowDefinition, DefinitionError>) -> String {
    match result {
        Ok(definition) => panic!("{} was taken", definition.to_value()),
        Err(error) => error.to_string(),
    }
}
