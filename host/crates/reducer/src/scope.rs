//! What the expressions of a step see, borrowed from the state.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::Value;
use workway_expression::clipped;
use workway_workflow::{EvaluateError, Layer, Scope, Step, WorkflowDefinition};

use super::{
    EXPRESSION, Failure, RunError, RunState, StepPath,
    state::{List, Open, Phase, Work},
};

impl RunState {
    pub(super) fn scope<'a>(
        &'a self,
        layers: &'a [Layer<'a>],
        secrets: &'a BTreeMap<String, SecretString>,
    ) -> Scope<'a> {
        Scope { data: &self.data, layers, now: self.started_at, secrets }
    }
}

impl List {
    pub(super) fn layer<'a>(&'a self, item: Option<&'a Value>) -> Layer<'a> {
        Layer { item, steps: &self.outputs }
    }
}

/// The failure of a step whose `field` has no value, or one that it cannot use.
pub(super) fn failure(field: &str, error: &str) -> Failure {
    Failure::permanent(EXPRESSION, clipped(&format!("`{field}`: {error}")))
}

pub(super) fn evaluation_failure(field: &str, error: &EvaluateError) -> Failure {
    failure(field, &error.to_string())
}

/// A step whose turn it is.
pub(super) struct Place<'a> {
    pub(super) step: &'a Step,
    /// What is known of it, once it began.
    pub(super) open: Option<&'a Open>,
    pub(super) layers: Vec<Layer<'a>>,
}

/// Finds the step at a path.
///
/// # Errors
/// [`RunError::NotReached`] if it is not the turn of the step, whether it exists, has ended or never comes.
pub(super) fn find<'a>(
    definition: &'a WorkflowDefinition,
    state: &'a RunState,
    path: &StepPath,
) -> Result<Place<'a>, RunError> {
    place(definition, state, path).ok_or_else(|| RunError::NotReached(path.clone()))
}

fn place<'a>(definition: &'a WorkflowDefinition, state: &'a RunState, path: &StepPath) -> Option<Place<'a>> {
    let (mut steps, mut list, mut segments) = match (&state.phase, path.in_on_failure(definition)) {
        (Phase::Steps, false) => (definition.steps.as_slice(), &state.steps, path.segments()),
        (Phase::OnFailure(_), true) => (definition.on_failure.as_slice(), &state.on_failure, path.segments().get(1..)?),
        _ => return None,
    };
    let mut layers = Vec::new();
    if matches!(state.phase, Phase::OnFailure(_)) {
        layers.push(state.steps.layer(None));
    }
    layers.push(list.layer(None));
    loop {
        let (segment, below) = segments.split_first()?;
        let step = steps.get(list.next).filter(|step| step.id == segment.id)?;
        let open = list.open.as_ref();
        if below.is_empty() && segment.index.is_none() {
            return Some(Place { step, open, layers });
        }
        let Some(Open { work: Work::Container(container), .. }) = open else { return None };
        let index = container.list_index(segment.index)?;
        list = container.lists.get(&index)?;
        steps = container.steps(step, index)?;
        segments = below;
        layers.push(list.layer(container.item(index)));
    }
}
