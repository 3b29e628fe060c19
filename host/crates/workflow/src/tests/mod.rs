//! What definitions are taken, refused, checked and evaluated to. It runs no workflow.

mod catalogue;
mod credentials;
mod evaluation;
mod expressions;
mod filters;
mod format;
mod guide;
mod integrations;
mod judging;
mod properties;
mod references;
mod schema;
mod secrets;
mod soundness;
mod suggestions;
mod warnings;
mod yaml;

use std::{collections::BTreeMap, sync::LazyLock};

use secrecy::SecretString;
use serde_json::Value;
use workway_model::Timestamp;

use super::{DefinitionError, Scope, WorkflowDefinition};

/// One of everything.
pub(super) const EXAMPLE: &str = include_str!("example.yaml");

/// The secret inputs of every scope.
pub(super) static SECRETS: LazyLock<BTreeMap<String, SecretString>> = LazyLock::new(|| {
    BTreeMap::from([("signing_key".to_owned(), "Jefe".into()), ("token".to_owned(), "s3cr3t".into())])
});

/// What expressions see with this data, at 2026-11-29T08:30:00Z.
pub(super) fn scope(data: &Value) -> Scope<'_> {
    Scope { data, now: Timestamp::from_seconds(1_795_941_000), secrets: &SECRETS }
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
