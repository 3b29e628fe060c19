//! A workflow's definition, version 1. It is made by reading a document whole, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use workway_document::Document;
use workway_model::{ActionId, IntegrationId, LocalId, Schema};

use super::{
    Template,
    concurrency::Concurrency,
    document::{self, SourceFormat},
    problem::Problem,
    read,
    schedule::Schedule,
    secret,
    step::{Step, StepKind},
    webhook::WebhookVerify,
    write,
};

/// A workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowDefinition {
    pub name: String,
    pub description: Option<String>,
    /// A JSON Schema, of an object, of what an installer fills in.
    pub inputs: Option<Schema>,
    pub trigger: Trigger,
    /// Runs of one installation at once.
    pub concurrency: Concurrency,
    /// At least one.
    pub steps: Vec<Step>,
    /// What is done when a step failed.
    pub on_failure: Vec<Step>,
    /// What a run gives; null where it is not given.
    pub output: Option<Template>,
}

/// What starts a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A trigger of an integration, set up with `config`, which may read `inputs`.
    Integration {
        integration: IntegrationId,
        trigger: LocalId,
        config: BTreeMap<String, Template>,
    },
    /// A request to an address of the installation's own.
    Webhook {
        /// A JSON Schema of what it takes.
        body: Option<Schema>,
        /// Who may send it; everybody who knows the address where this is none.
        verify: Option<WebhookVerify>,
        /// Whether the answer waits for the run's output.
        respond: bool,
    },
    Schedule(Schedule),
    /// A user starts each run.
    Manual,
}

/// Everything that is wrong with a text or a value that should be a definition. Whoever wrote it is to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct DefinitionError {
    /// At least one.
    pub problems: Vec<Problem>,
}

/// Reads a definition from JSON, and tells everything that is wrong with its form. Whether the actions exist and the
/// references hold is what [`check`](super::check) tells.
///
/// # Errors
/// All problems, at most [`MAX_PROBLEMS`](super::bounds::MAX_PROBLEMS).
pub fn parse(value: &Value) -> Result<WorkflowDefinition, Vec<Problem>> {
    document::check_bounds(value).map_err(|problem| vec![problem])?;
    read::definition(value)
}

impl WorkflowDefinition {
    /// Reads JSON text. A key that stands twice in an object is an error.
    ///
    /// # Errors
    /// See [`DefinitionError`].
    pub fn from_json(text: &str) -> Result<Self, DefinitionError> {
        Self::from_document(&SourceFormat::Json.read(text)?)
    }

    /// Reads YAML, strictly: one document, no key twice, no aliases, merges and tags, and no number that readers disagree
    /// about; `yes` and `no` are texts.
    ///
    /// # Errors
    /// See [`DefinitionError`].
    pub fn from_yaml(text: &str) -> Result<Self, DefinitionError> {
        Self::from_document(&SourceFormat::Yaml.read(text)?)
    }

    /// Reads what [`SourceFormat::read`] read. Each problem has the position of what its pointer names.
    ///
    /// # Errors
    /// See [`DefinitionError`].
    pub fn from_document(document: &Document) -> Result<Self, DefinitionError> {
        Self::from_value(&document.value).map_err(|error| DefinitionError {
            problems: error.problems.into_iter().map(|problem| problem.located(document)).collect(),
        })
    }

    /// Reads JSON. See [`parse`].
    ///
    /// # Errors
    /// See [`DefinitionError`].
    pub fn from_value(value: &Value) -> Result<Self, DefinitionError> {
        parse(value).map_err(|problems| DefinitionError { problems })
    }

    /// As canonical JSON: what is not said or says the default is left out, expressions have one blank within braces.
    pub fn to_value(&self) -> Value {
        write::definition(self)
    }

    /// The names of the inputs that are marked `format: secret`. Their values are sealed, and shown to nobody.
    pub fn secret_inputs(&self) -> BTreeSet<&str> {
        self.inputs.as_ref().map(|inputs| secret::secret_inputs(inputs.document())).unwrap_or_default()
    }

    /// Every action that is used, as often as it is, in the order of the steps; those of `on-failure` come last.
    pub fn uses(&self) -> impl Iterator<Item = &ActionId> {
        self.all_steps().into_iter().filter_map(|(_, step)| match &step.kind {
            StepKind::Action { uses, .. } => Some(uses),
            _ => None,
        })
    }

    /// Every step with its pointer, each before those that it holds; those of `on-failure` come last.
    pub fn all_steps(&self) -> Vec<(String, &Step)> {
        let mut found = Vec::new();
        collect(&self.steps, "/steps", &mut found);
        collect(&self.on_failure, "/on-failure", &mut found);
        found
    }
}

fn collect<'a>(steps: &'a [Step], pointer: &str, found: &mut Vec<(String, &'a Step)>) {
    for (place, step) in steps.iter().enumerate() {
        let pointer = format!("{pointer}/{place}");
        found.push((pointer.clone(), step));
        for (below, steps) in step.inner() {
            collect(steps, &format!("{pointer}{below}"), found);
        }
    }
}
