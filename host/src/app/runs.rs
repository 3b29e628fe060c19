//! What runs need from the rest of the host: actions from the registry, and installations from the marketplace. And what operators
//! see of them.

use std::fmt::Write;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, value::RawValue};
use workway_marketplace::{InstallationState, RunnableInstallation, WorkflowRegistry};
use workway_model::{ActionId, FailureKind, InputProblem, Timestamp};
use workway_reducer::Failure;
use workway_registry::{ActionRegistry, ExecuteError, Execution};
use workway_resources::{OutOfMemory, Share};
use workway_runs::{ActionCall, Actions, CallError, Installation, Installations, RunCounts, RunStatus, RunStoreError};
use workway_sandbox::{self as sandbox, Limit};

/// The code of an action that no integration offers.
const UNKNOWN_ACTION: &str = "unknown-action";
const PENDING_APPROVAL: &str = "pending-approval";
const INVALID_INPUT: &str = "invalid-input";
const INPUT_TOO_LARGE: &str = "input-too-large";
const INTEGRATION_CRASHED: &str = "integration-crashed";
const INTEGRATION_OUTPUT: &str = "integration-output";
/// The code of a call that this host failed.
const INTERNAL: &str = "internal";
/// Problems of an input that a failure repeats.
const REPEATED_PROBLEMS: usize = 10;

/// Calls actions of the registry.
pub(super) struct RunActions {
    pub(super) registry: ActionRegistry,
    /// The part of the host's memory that calls of runs take.
    pub(super) share: Share,
}

#[async_trait]
impl Actions for RunActions {
    fn is_idempotent(&self, action: &ActionId) -> bool {
        let active = self.registry.lookup(action);
        let found = active.as_ref().and_then(|active| active.definition.action(&action.action));
        found.is_some_and(|action| action.idempotent)
    }

    async fn call(&self, call: ActionCall<'_>) -> Result<Value, CallError> {
        let input = raw(&call.input).map_err(|error| CallError::Failed(internal(call.action, &error)))?;
        let step_id = call.path.to_string();
        let execution = Execution {
            user: call.owner,
            input: &input,
            share: &self.share,
            run_id: call.run.as_str(),
            step_id: Some(&step_id),
            attempt: call.attempt,
            idempotency_key: Some(call.idempotency_key),
            connections: call.connections.clone(),
        };
        let output = self.registry.execute(call.action, execution).await;
        let output = output.map_err(|error| failed(call.action, error))?;
        serde_json::from_str(output.get()).map_err(|error| {
            // A `RawValue` is JSON: only its depth or its numbers can be too much.
            let message = format!("the output cannot be read: {error}");
            CallError::Failed(Failure::permanent(INTEGRATION_OUTPUT, message))
        })
    }
}

fn raw(input: &SecretString) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(input.expose_secret().to_owned())
}

/// Why a call of a run gave no output. Limits are of this one call: the next attempt may stay within them.
fn failed(action: &ActionId, error: ExecuteError) -> CallError {
    let message = error.to_string();
    CallError::Failed(match error {
        ExecuteError::Busy { .. } | ExecuteError::OutOfMemory(OutOfMemory::Busy) => return CallError::Busy,
        // It never fits, so it is not tried again.
        ExecuteError::OutOfMemory(OutOfMemory::TooLarge { .. }) | ExecuteError::InputTooLarge(_) => {
            Failure::permanent(INPUT_TOO_LARGE, message)
        }
        ExecuteError::UnknownAction(_) | ExecuteError::UnknownTrigger(_) => Failure::permanent(UNKNOWN_ACTION, message),
        ExecuteError::PendingApproval(_) => Failure::permanent(PENDING_APPROVAL, message),
        ExecuteError::InvalidInput(problems) => Failure::permanent(INVALID_INPUT, listed(&message, &problems)),
        ExecuteError::Cancelled(error) => internal(action, &error),
        ExecuteError::Call(error) => return of_call(action, error),
    })
}

fn of_call(action: &ActionId, error: sandbox::CallError) -> CallError {
    let message = error.to_string();
    CallError::Failed(match error {
        sandbox::CallError::Failed(failure) => {
            let retry_after = failure.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
            Failure {
                code: failure.kind.as_str().to_owned(),
                message: failure.message,
                retryable: matches!(failure.kind, FailureKind::RateLimited | FailureKind::Transient),
                retry_after_millis: retry_after,
            }
        }
        sandbox::CallError::Limit(limit) => {
            Failure { retryable: true, ..Failure::permanent(limit_code(limit), message) }
        }
        sandbox::CallError::Trapped(_) => Failure::permanent(INTEGRATION_CRASHED, message),
        sandbox::CallError::BadOutput(_) | sandbox::CallError::NotOffered(_) => {
            Failure::permanent(INTEGRATION_OUTPUT, message)
        }
        sandbox::CallError::Busy | sandbox::CallError::NoMemory => return CallError::Busy,
        sandbox::CallError::Host(error) => internal(action, &format!("{error:#}")),
    })
}

/// The codes that callers of single actions get, too.
fn limit_code(limit: Limit) -> &'static str {
    match limit {
        Limit::Cpu => "limit-cpu",
        Limit::Wall => "limit-wall",
        Limit::Memory => "limit-memory",
        Limit::Stack => "limit-stack",
        Limit::Transfer => "limit-body",
    }
}

fn listed(message: &str, problems: &[InputProblem]) -> String {
    let shown = problems.iter().take(REPEATED_PROBLEMS);
    let shown: Vec<String> = shown.map(|problem| format!("{}: {}", problem.pointer, problem.message)).collect();
    format!("{message}: {}", shown.join("; "))
}

/// A failure of this host, which only its log explains.
fn internal(action: &ActionId, error: &dyn std::fmt::Display) -> Failure {
    tracing::error!(%action, "a call of a run failed: {error}");
    Failure::permanent(INTERNAL, "this host failed: its log says more".to_owned())
}

/// Finds installations in the marketplace.
pub(super) struct RunInstallations(pub(super) WorkflowRegistry);

#[async_trait]
impl Installations for RunInstallations {
    async fn find(&self, id: &str) -> Result<Option<Installation>, RunStoreError> {
        let found = self.0.runnable_installation(id).await.map_err(unavailable)?;
        Ok(found.map(installation))
    }

    async fn revisions(&self, after: &str, most: u32) -> Result<Vec<(String, u64)>, RunStoreError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        self.0.installations_after(after, most).await.map_err(unavailable)
    }
}

fn installation(found: RunnableInstallation) -> Installation {
    // Their form was checked when they were stored.
    let parsed = found.connections.into_iter().filter_map(|(provider, id)| Some((provider.parse().ok()?, id)));
    Installation {
        id: found.id,
        owner: found.owner,
        workflow: found.listing,
        version: found.number,
        definition: found.definition,
        inputs: found.inputs,
        secrets: found.secrets,
        connections: parsed.collect(),
        is_paused: found.state == InstallationState::Paused,
        is_uninstalled: found.state == InstallationState::Uninstalled,
        revision: found.revision,
        webhook_token: found.webhook,
    }
}

/// What operators see of runs, in the Prometheus text format.
pub(super) fn metrics(counts: &RunCounts, now: Timestamp) -> String {
    let of_status = |status: RunStatus| {
        let counted = counts.by_status.iter().filter(|(counted, _)| *counted == status);
        counted.map(|(_, runs)| runs).sum::<u64>()
    };
    let mut text = String::from("# TYPE workway_runs gauge\n");
    for status in RunStatus::ALL {
        let _ = writeln!(text, "workway_runs{{status=\"{}\"}} {}", status.as_str(), of_status(status));
    }
    let late = counts.oldest_due.map_or(0.0, |due| now.saturating_since(due).as_secs_f64());
    for (name, value) in [
        ("workway_run_queue_depth", of_status(RunStatus::Queued).to_string()),
        ("workway_run_oldest_due_seconds", late.to_string()),
        ("workway_run_expired_leases", counts.expired_leases.to_string()),
        ("workway_schedules_without_next", counts.schedules_without_next.to_string()),
    ] {
        let _ = write!(text, "\n# TYPE {name} gauge\n{name} {value}\n");
    }
    text
}

fn unavailable(error: impl std::fmt::Display) -> RunStoreError {
    RunStoreError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failure(error: ExecuteError) -> Option<Failure> {
        let action = "hello.echo".parse().unwrap();
        match failed(&action, error) {
            CallError::Failed(failure) => Some(failure),
            CallError::Busy => None,
        }
    }

    #[test]
    fn only_what_may_go_away_is_tried_again() {
        let reported = |kind| ExecuteError::Call(sandbox::CallError::Failed(workway_model::Failure::new(kind, "no")));
        for (error, code, retryable) in [
            (reported(FailureKind::RateLimited), "rate-limited", true),
            (reported(FailureKind::Transient), "transient", true),
            (reported(FailureKind::Permanent), "permanent", false),
            (reported(FailureKind::Halt), "halt", false),
            (ExecuteError::Call(sandbox::CallError::Limit(Limit::Cpu)), "limit-cpu", true),
            (ExecuteError::Call(sandbox::CallError::Limit(Limit::Transfer)), "limit-body", true),
            (ExecuteError::UnknownAction("a.b".parse().unwrap()), "unknown-action", false),
            (ExecuteError::InputTooLarge(1), "input-too-large", false),
            (OutOfMemory::TooLarge { needed: 2, limit: 1 }.into(), "input-too-large", false),
        ] {
            let failure = failure(error).unwrap();
            assert_eq!((failure.code.as_str(), failure.retryable), (code, retryable));
        }
    }

    #[test]
    fn a_call_without_a_place_waits() {
        for error in [ExecuteError::Busy { of_host: true }, OutOfMemory::Busy.into()] {
            assert_eq!(failure(error), None);
        }
        assert_eq!(failure(ExecuteError::from(sandbox::CallError::NoMemory)), None);
    }

    #[test]
    fn every_status_is_counted_even_without_a_run() {
        let oldest_due = Some(Timestamp::from_millis(1_000));
        let counts = RunCounts { by_status: vec![(RunStatus::Queued, 3)], oldest_due, ..RunCounts::default() };
        let text = metrics(&counts, Timestamp::from_millis(3_500));
        for line in [
            "workway_runs{status=\"queued\"} 3",
            "workway_runs{status=\"outcome-unknown\"} 0",
            "workway_run_queue_depth 3",
            "workway_run_oldest_due_seconds 2.5",
            "workway_run_expired_leases 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn an_upstream_says_how_long_to_wait() {
        let mut limited = workway_model::Failure::new(FailureKind::RateLimited, "slow down");
        limited.retry_after = Some(Duration::from_millis(1_500));
        let failure = failure(ExecuteError::Call(sandbox::CallError::Failed(limited))).unwrap();
        assert_eq!(failure.retry_after_millis, Some(1_500));
    }

    #[test]
    fn an_input_that_does_not_fit_says_where() {
        let problem = InputProblem { pointer: "/message".to_owned(), message: "is missing".to_owned() };
        let failure = failure(ExecuteError::InvalidInput(vec![problem])).unwrap();
        assert_eq!(failure.message, "the input does not match the schema: /message: is missing");
    }
}
