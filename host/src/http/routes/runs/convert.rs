//! Runs as the wire has them.

use serde_json::{Value, value::to_raw_value};
use url::form_urlencoded::Serializer;
use workway_api::runs::{
    BodyPart, Run, RunDetail, RunEvent, RunEventKind, RunFailure, RunOrigin, RunStatus, StepAttempt, StepBody,
    StepKind, StepNode, StepStatus,
};
use workway_reducer::{EndStatus, Event, EventKind, Failure, Resolution, StepPath};
use workway_runs as runs;
use workway_runs::{AttemptView, Origin, RunHistory, RunId, RunSummary, StepView};
use workway_workflow as workflow;

use crate::http::error::ApiError;

/// The longest JSON text of a value within a larger answer, in bytes. A longer one is cut, and has a path of its own.
const MAX_VALUE_BYTES: usize = 64 << 10;

pub(super) fn run(summary: &RunSummary) -> Run {
    Run {
        id: summary.id.to_string(),
        installation_id: summary.installation.clone(),
        workflow_id: summary.workflow.clone(),
        version: summary.version,
        origin: origin(summary.origin),
        status: run_status(summary.status),
        created_at: summary.created_at,
        started_at: summary.started_at,
        ended_at: summary.ended_at,
        step_count: summary.steps,
        retry_of: summary.retry_of.as_ref().map(ToString::to_string),
        failure: None,
    }
}

pub(super) fn run_detail(history: &RunHistory) -> Result<RunDetail, ApiError> {
    let id = &history.summary.id;
    let value = |part, wire| {
        let found = history.body(&StepPath::RUN, part, None).filter(|value| !value.is_null());
        found.map(|value| body(value, &Place { run: id, path: &StepPath::RUN, attempt: None, part: wire })).transpose()
    };
    let failure = history.failure().map(|found| RunFailure {
        step: (!found.step.is_run()).then(|| found.step.to_string()),
        ..failure(&found.failure)
    });
    let steps = history.steps();
    Ok(RunDetail {
        run: Run { failure, ..run(&history.summary) },
        inputs: value(runs::BodyPart::Input, BodyPart::Input)?,
        trigger: value(runs::BodyPart::Trigger, BodyPart::Trigger)?,
        output: value(runs::BodyPart::Output, BodyPart::Output)?,
        steps: steps.iter().map(|step| node(id, step)).collect::<Result<_, _>>()?,
    })
}

/// An event of the history, with its number.
pub(super) fn run_event(id: &RunId, number: u64, event: &Event) -> Result<RunEvent, ApiError> {
    let Event { path, attempt, at, kind } = event;
    let attempt = Some(*attempt).filter(|attempt| *attempt > 0);
    let value = |value: &Value, part| body(value, &Place { run: id, path, attempt, part }).map(Some);
    let mut told = RunEvent {
        number,
        path: path.to_string(),
        attempt,
        at: *at,
        kind: RunEventKind::RunStarted,
        input: None,
        output: None,
        failure: None,
        until: None,
        status: None,
    };
    told.kind = match kind {
        EventKind::RunStarted { inputs, .. } => {
            told.input = value(inputs, BodyPart::Input)?;
            RunEventKind::RunStarted
        }
        EventKind::Skipped => RunEventKind::Skipped,
        EventKind::Opened(_) => RunEventKind::Opened,
        EventKind::Started { input } => {
            told.input = value(input, BodyPart::Input)?;
            RunEventKind::Started
        }
        EventKind::Ended { output } => {
            told.output = value(output, BodyPart::Output)?;
            RunEventKind::Ended
        }
        EventKind::Failed { failure: found, retry_at } => {
            (told.failure, told.until) = (Some(failure(found)), *retry_at);
            RunEventKind::Failed
        }
        EventKind::Waiting { until, .. } => {
            told.until = *until;
            RunEventKind::Waiting
        }
        EventKind::TimedOut => RunEventKind::TimedOut,
        EventKind::OutcomeUnknown => RunEventKind::OutcomeUnknown,
        EventKind::Resolved(resolution) => {
            if let Resolution::Happened { output } = resolution {
                told.output = value(output, BodyPart::Output)?;
            }
            RunEventKind::Resolved
        }
        EventKind::CancelRequested => RunEventKind::CancelRequested,
        EventKind::RunEnded { status, output, failure: found } => {
            told.status = Some(match status {
                EndStatus::Succeeded => RunStatus::Succeeded,
                EndStatus::Failed => RunStatus::Failed,
                EndStatus::Cancelled => RunStatus::Cancelled,
            });
            told.failure = found.as_ref().map(|found| RunFailure {
                step: (!found.step.is_run()).then(|| found.step.to_string()),
                ..failure(&found.failure)
            });
            told.output = value(output, BodyPart::Output)?;
            RunEventKind::RunEnded
        }
    };
    Ok(told)
}

fn node(run: &RunId, step: &StepView<'_>) -> Result<StepNode, ApiError> {
    let path = step.path;
    let value = |value: Option<&Value>, part| {
        value.map(|value| body(value, &Place { run, path, attempt: None, part })).transpose()
    };
    let (kind, uses) = match &step.step.kind {
        workflow::StepKind::Action { uses, .. } => (StepKind::Action, Some(uses.to_string())),
        workflow::StepKind::ForEach { .. } => (StepKind::ForEach, None),
        workflow::StepKind::Switch { .. } => (StepKind::Switch, None),
        workflow::StepKind::Parallel(_) => (StepKind::Parallel, None),
        workflow::StepKind::Sleep(_) => (StepKind::Sleep, None),
        workflow::StepKind::WaitFor(_) => (StepKind::WaitFor, None),
    };
    Ok(StepNode {
        path: path.to_string(),
        id: step.step.id.to_string(),
        name: step.step.name.clone(),
        kind,
        uses,
        status: step_status(step.status),
        attempts: step.attempts.iter().map(attempt).collect(),
        started_at: step.started_at,
        ended_at: step.ended_at,
        until: step.until,
        input: value(step.input, BodyPart::Input)?,
        output: value(step.output, BodyPart::Output)?,
        failure: step.failure.map(failure),
        children: step.children.iter().map(|child| node(run, child)).collect::<Result<_, _>>()?,
    })
}

fn attempt(attempt: &AttemptView<'_>) -> StepAttempt {
    StepAttempt {
        number: attempt.number,
        started_at: attempt.started_at,
        ended_at: attempt.ended_at,
        failure: attempt.failure.map(failure),
    }
}

fn failure(failure: &Failure) -> RunFailure {
    RunFailure { step: None, code: failure.code.clone(), message: failure.message.clone() }
}

/// Where a value is found whole.
struct Place<'a> {
    run: &'a RunId,
    path: &'a StepPath,
    attempt: Option<u32>,
    part: BodyPart,
}

fn body(value: &Value, place: &Place<'_>) -> Result<StepBody, ApiError> {
    let text = to_raw_value(value).map_err(ApiError::internal)?;
    let bytes = text.get().len();
    let size = u64::try_from(bytes).unwrap_or(u64::MAX);
    if bytes <= MAX_VALUE_BYTES {
        return Ok(StepBody { value: Some(text), beginning: None, bytes: size, url: None });
    }
    let beginning = text.get()[..text.get().floor_char_boundary(MAX_VALUE_BYTES)].to_owned();
    Ok(StepBody { value: None, beginning: Some(beginning), bytes: size, url: Some(place.url()) })
}

impl Place<'_> {
    fn url(&self) -> String {
        let mut query = Serializer::new(String::new());
        if !self.path.is_run() {
            query.append_pair("path", &self.path.to_string());
        }
        if let Some(attempt) = self.attempt {
            query.append_pair("attempt", &attempt.to_string());
        }
        let part = match self.part {
            BodyPart::Input => "input",
            BodyPart::Trigger => "trigger",
            BodyPart::Output => "output",
        };
        query.append_pair("part", part);
        format!("/runs/{}/body?{}", self.run, query.finish())
    }
}

pub(super) fn part(part: BodyPart) -> runs::BodyPart {
    match part {
        BodyPart::Input => runs::BodyPart::Input,
        BodyPart::Trigger => runs::BodyPart::Trigger,
        BodyPart::Output => runs::BodyPart::Output,
    }
}

fn origin(origin: Origin) -> RunOrigin {
    match origin {
        Origin::Webhook => RunOrigin::Webhook,
        Origin::Schedule => RunOrigin::Schedule,
        Origin::Manual => RunOrigin::Manual,
        Origin::Draft => RunOrigin::Draft,
        Origin::Retry => RunOrigin::Retry,
    }
}

/// What a filter of the API asks for.
pub(super) fn asked_origin(origin: RunOrigin) -> Origin {
    match origin {
        RunOrigin::Webhook => Origin::Webhook,
        RunOrigin::Schedule => Origin::Schedule,
        RunOrigin::Manual => Origin::Manual,
        RunOrigin::Draft => Origin::Draft,
        RunOrigin::Retry => Origin::Retry,
    }
}

fn run_status(status: runs::RunStatus) -> RunStatus {
    match status {
        runs::RunStatus::Queued => RunStatus::Queued,
        runs::RunStatus::Running => RunStatus::Running,
        runs::RunStatus::Waiting => RunStatus::Waiting,
        runs::RunStatus::OutcomeUnknown => RunStatus::OutcomeUnknown,
        runs::RunStatus::Succeeded => RunStatus::Succeeded,
        runs::RunStatus::Failed => RunStatus::Failed,
        runs::RunStatus::Cancelled => RunStatus::Cancelled,
    }
}

/// What a filter of the API asks for.
pub(super) fn asked_status(status: RunStatus) -> runs::RunStatus {
    match status {
        RunStatus::Queued => runs::RunStatus::Queued,
        RunStatus::Running => runs::RunStatus::Running,
        RunStatus::Waiting => runs::RunStatus::Waiting,
        RunStatus::OutcomeUnknown => runs::RunStatus::OutcomeUnknown,
        RunStatus::Succeeded => runs::RunStatus::Succeeded,
        RunStatus::Failed => runs::RunStatus::Failed,
        RunStatus::Cancelled => runs::RunStatus::Cancelled,
    }
}

fn step_status(status: runs::StepStatus) -> StepStatus {
    match status {
        runs::StepStatus::Skipped => StepStatus::Skipped,
        runs::StepStatus::Running => StepStatus::Running,
        runs::StepStatus::Waiting => StepStatus::Waiting,
        runs::StepStatus::OutcomeUnknown => StepStatus::OutcomeUnknown,
        runs::StepStatus::Succeeded => StepStatus::Succeeded,
        runs::StepStatus::Halted => StepStatus::Halted,
        runs::StepStatus::Failed => StepStatus::Failed,
        runs::StepStatus::TimedOut => StepStatus::TimedOut,
        runs::StepStatus::Cancelled => StepStatus::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &Value) -> StepBody {
        let path = "each[3]/note".parse().unwrap();
        let place = Place { run: &RunId::from_text("run_1"), path: &path, attempt: Some(2), part: BodyPart::Input };
        body(value, &place).unwrap()
    }

    #[test]
    fn a_value_is_whole_up_to_the_bound() {
        let fits = Value::String("x".repeat(MAX_VALUE_BYTES - 2));
        let whole = shown(&fits);
        assert_eq!(whole.bytes, 64 << 10);
        assert!(whole.value.is_some() && whole.beginning.is_none() && whole.url.is_none());
    }

    #[test]
    fn a_longer_value_is_cut_at_a_character_and_linked() {
        let long = Value::String("é".repeat(MAX_VALUE_BYTES / 2));
        let cut = shown(&long);
        assert!(cut.value.is_none());
        assert_eq!(cut.beginning.unwrap().len(), MAX_VALUE_BYTES - 1);
        assert_eq!(cut.bytes, (64 << 10) + 2);
        assert_eq!(cut.url.as_deref(), Some("/runs/run_1/body?path=each%5B3%5D%2Fnote&attempt=2&part=input"));
    }
}
