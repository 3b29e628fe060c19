//! Evaluates the input of an action, when an attempt begins or is called again after a crash: then, and not in the plan, because inputs
//! can be large and a call may have to wait for its turn.

use std::collections::BTreeMap;

use secrecy::SecretString;
use workway_workflow::{StepKind, Template, WorkflowDefinition, bounds::MAX_FUEL};

use super::{
    EventKind, Failure, Prepared, Record, RunError, RunState, StepPath,
    scope::{evaluation_failure, find},
    state::{Stage, Work},
};

/// Evaluates the `if` and the input of an action in [`Plan::calls`](super::Plan::calls), or its input again if it is in
/// [`Plan::running`](super::Plan::running). A step sees the same at each attempt.
///
/// # Errors
/// [`RunError::NotReached`] for a path that is in neither list.
pub fn prepare(
    definition: &WorkflowDefinition,
    state: &RunState,
    path: &StepPath,
    secrets: &BTreeMap<String, SecretString>,
) -> Result<Prepared, RunError> {
    let place = find(definition, state, path)?;
    let attempt = match place.open.map(|open| &open.work) {
        None => None,
        Some(Work::Action { attempt, stage: Stage::Running | Stage::Delayed(_) }) => Some(*attempt),
        Some(_) => return Err(RunError::NotReached(path.clone())),
    };
    let StepKind::Action { with, .. } = &place.step.kind else { return Err(RunError::NotReached(path.clone())) };
    let instead = |attempt, kind| Ok(Prepared::Instead(Record { path: path.clone(), attempt, kind }));
    let failed = |failure: Failure| instead(attempt.unwrap_or(1), EventKind::Failed { failure, retry_at: None });
    let scope = state.scope(&place.layers, secrets);
    if let (None, Some(condition)) = (attempt, &place.step.condition) {
        match condition.holds(&scope, MAX_FUEL) {
            Ok(true) => {}
            Ok(false) => return instead(0, EventKind::Skipped),
            Err(error) => return failed(evaluation_failure("if", &error)),
        }
    }
    match Template::evaluate_members(with, &scope, MAX_FUEL) {
        Ok(input) => Ok(Prepared::Call(input)),
        Err(error) => failed(evaluation_failure("with", &error)),
    }
}
