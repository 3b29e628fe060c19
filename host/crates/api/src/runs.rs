//! Runs of workflows: starting them, their history, and what can be done with them. No answer contains a secret input.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use utoipa::{IntoParams, ToSchema};

use crate::time::Timestamp;

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The run's id. Ids sort by the time at which runs were created.
    #[schema(example = "run_01939b1e6f5c7d0e8a9b0c1d2e3f4a5b")]
    pub id: String,
    /// The installation's id; absent for a run of a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation_id: Option<String>,
    /// The workflow's id.
    pub workflow_id: String,
    /// The workflow's version; absent for a run of a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// What started the run.
    pub origin: RunOrigin,
    /// What the run is doing.
    pub status: RunStatus,
    /// When the run was created.
    pub created_at: Timestamp,
    /// When its first step began; absent if none has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended; absent if it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Number of steps that were executed, every attempt counted.
    pub step_count: u64,
    /// The run that this one repeats from one of its steps on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<String>,
    /// Why the run failed. Lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
}

/// What started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunOrigin {
    /// A request to the webhook's address.
    Webhook,
    /// The schedule.
    Schedule,
    /// Its owner.
    Manual,
    /// The developer of a draft, without an installation.
    Draft,
    /// A retry of another run.
    Retry,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// It has not begun, or waits for its turn.
    Queued,
    /// It executes steps.
    Running,
    /// It sleeps, or waits for an event or for the next attempt of a step.
    Waiting,
    /// The host stopped during a step that must not be repeated. Say what came of it.
    OutcomeUnknown,
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// Why a run or a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunFailure {
    /// The path of the step that failed; absent for a failure of a step itself, and if it was none of the steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "each[3]/note")]
    pub step: Option<String>,
    /// What went wrong, for programs.
    #[schema(example = "rate-limited")]
    pub code: String,
    /// What went wrong, for people.
    pub message: String,
}

/// A part of the calling user's runs, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunPage {
    /// The runs, at most `limit`.
    pub runs: Vec<Run>,
    /// Send it as `cursor` to get the next part; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Chooses a part of the calling user's runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunQuery {
    /// Only runs of the installation with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    pub installation: Option<String>,
    /// Only runs of the workflow with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    pub workflow: Option<String>,
    /// Only runs with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub status: Option<RunStatus>,
    /// Only runs that this started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub origin: Option<RunOrigin>,
    /// Only runs that were created at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<Timestamp>,
    /// Only runs that were created before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_before: Option<Timestamp>,
    /// `nextCursor` of the part before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    pub cursor: Option<String>,
    /// Number of runs to return.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<usize>,
}

/// A run with its steps.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunDetail {
    /// What lists show.
    #[serde(flatten)]
    pub run: Run,
    /// The inputs of the run. Secret ones are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<StepBody>,
    /// What the trigger gave, which expressions read as `trigger`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<StepBody>,
    /// The output of the run; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<StepBody>,
    /// The steps that have begun or were skipped, in the order of the definition; those of `on-failure` come last.
    pub steps: Vec<StepNode>,
}

/// A step of a run. A container has the steps in it as children.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepNode {
    /// Where the step is in the run. `[3]` is the item with index 3 of a for-each, or the branch with that index of a parallel.
    #[schema(example = "each[3]/note")]
    pub path: String,
    /// The step's id in the definition.
    #[schema(example = "note")]
    pub id: String,
    /// The step's name; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kind of step it is.
    pub kind: StepKind,
    /// The action that it calls: `<integration>.<action>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "slack.post-message")]
    pub uses: Option<String>,
    /// What the step is doing.
    pub status: StepStatus,
    /// The attempts of an action, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<StepAttempt>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended; absent if it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When a sleep ends, a wait times out, or the next attempt begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What the action got in the last attempt, with `null` for secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<StepBody>,
    /// What the step gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<StepBody>,
    /// Why the step failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
    /// The steps in a container: by item or branch, and then in the order of the definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub children: Vec<StepNode>,
}

/// What kind of step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// It calls an action.
    Action,
    /// It repeats steps for each item.
    ForEach,
    /// It executes one of several cases.
    Switch,
    /// It executes branches at the same time.
    Parallel,
    /// It sleeps.
    Sleep,
    /// It waits for an event.
    WaitFor,
}

/// What a step is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// Its `if` was not true.
    Skipped,
    /// It is executed.
    Running,
    /// It sleeps, or waits for an event or for its next attempt.
    Waiting,
    /// The host stopped during the step, and it must not be repeated. Say what came of it.
    OutcomeUnknown,
    /// It succeeded.
    Succeeded,
    /// It reported that there is nothing to do, which ended the run.
    Halted,
    /// It failed.
    Failed,
    /// It reached its timeout.
    TimedOut,
    /// The run, or the step that holds this one, ended before it did.
    Cancelled,
}

/// An attempt of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepAttempt {
    /// From 1 up.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; absent if it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
}

/// A value in the history of a run: whole if it has at most 64 KiB of JSON, otherwise its beginning and where the rest is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepBody {
    /// The value; absent if it is too large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub value: Option<Box<RawValue>>,
    /// The beginning of its JSON text, if the value is too large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beginning: Option<String>,
    /// Bytes of its JSON text.
    pub bytes: u64,
    /// The path of the whole value on this host, if the value is too large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Chooses a value in the history of a run.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StepBodyQuery {
    /// The step's path. Without it, the value of the run itself.
    #[serde(default)]
    #[param(example = "each[3]/note", max_length = 2000)]
    pub path: String,
    /// The attempt whose input or output it is. By default the last one that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1)]
    pub attempt: Option<u32>,
    /// Which of the values.
    #[param(inline)]
    pub part: BodyPart,
}

/// A value of a step or a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BodyPart {
    /// The input of a step's attempt, or the inputs of the run.
    Input,
    /// What the trigger gave; only of the run.
    Trigger,
    /// The output.
    Output,
}

/// Something that happened in a run. Each has a number, which is also the id of its server-sent event.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunEvent {
    /// Grows with each event of the run; some numbers are left out.
    pub number: u64,
    /// The step's path; empty for the run itself.
    #[schema(example = "each[3]/note")]
    pub path: String,
    /// The attempt of an action; absent for what does not belong to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub attempt: Option<u32>,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: RunEventKind,
    /// The inputs of the run, or the input of an attempt with `null` for secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<StepBody>,
    /// What the run or the step gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<StepBody>,
    /// Why the run, the step or the attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
    /// When a sleep ends, a wait times out, or the next attempt begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How the run ended, with `run-ended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
}

/// What happened in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunEventKind {
    /// The run began.
    RunStarted,
    /// The step's `if` was not true.
    Skipped,
    /// A for-each, a switch or a parallel began.
    Opened,
    /// An attempt of an action began.
    Started,
    /// The step succeeded.
    Ended,
    /// An attempt failed; the step, too, without `until`.
    Failed,
    /// A sleep or a wait began.
    Waiting,
    /// The step reached its timeout.
    TimedOut,
    /// The host stopped during the step, and it must not be repeated.
    OutcomeUnknown,
    /// The owner said what came of the step. With an output it had its effect, without one it is executed once more.
    Resolved,
    /// The owner cancelled the run.
    CancelRequested,
    /// The run ended.
    RunEnded,
}

/// A run that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunStarted {
    /// The run's id. A request with a known `Idempotency-Key` gets the first one's.
    pub run_id: String,
}

/// Starts a run of an installation by hand. Never printed: a payload may hold secrets.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRequest {
    /// What expressions read as `trigger`, so that a workflow with a webhook can be tried. By default `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({ "body": { "action": "opened" }, "headers": {}, "query": {}, "method": "POST" }))]
    pub trigger: Option<Value>,
}

impl fmt::Debug for RunRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RunRequest([redacted])")
    }
}

/// Runs an own workflow once, without an installation. Never printed: it may hold secrets.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecuteDraft {
    /// Values for the workflow's `inputs`. They must match its schema.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub inputs: Map<String, Value>,
    /// What expressions read as `trigger`: the payload of a webhook, for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Value>,
    /// Outputs by the ids of steps. With this field no action is called: each has the output that is given here, and fails without
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub mocks: Option<Map<String, Value>>,
    /// Which account to use: the id of one of your connections, by the provider's id. For a provider that is not there, it is your
    /// default connection.
    #[serde(default)]
    pub connections: BTreeMap<String, String>,
}

impl fmt::Debug for ExecuteDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ExecuteDraft([redacted])")
    }
}

/// Repeats a run that has ended, from one of its steps on. The new run takes over what the steps before gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryRequest {
    /// The path of the step. By default the step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "each[3]/note", max_length = 2000)]
    pub from: Option<String>,
}

/// Says what came of a step whose outcome is unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResolveOutcome {
    /// The step's path.
    #[schema(example = "each[3]/note", max_length = 2000)]
    pub path: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The step's output, if it happened. By default `null`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub output: Value,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It had its effect: the run continues after the step.
    Happened,
    /// It had none: the step is executed once more.
    Repeat,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use utoipa::ToSchema;

    use super::{ExecuteDraft, Outcome, ResolveOutcome, RunDetail, RunRequest, StepBody, StepNode};

    #[test]
    fn inputs_are_not_printed() {
        let request: RunRequest = serde_json::from_str(r#"{"trigger":"hunter2"}"#).unwrap();
        let text = r#"{"inputs":{"token":"hunter2"}}"#;
        let draft: ExecuteDraft = serde_json::from_str(text).unwrap();
        assert_eq!(draft.inputs["token"], "hunter2");
        assert!(!format!("{request:?} {draft:?}").contains("hunter2"));
    }

    #[test]
    fn an_outcome_has_no_output_unless_it_is_given() {
        let repeat: ResolveOutcome = serde_json::from_value(json!({ "path": "pay", "outcome": "repeat" })).unwrap();
        assert_eq!((repeat.outcome, &repeat.output), (Outcome::Repeat, &json!(null)));
        assert_eq!(serde_json::to_value(&repeat).unwrap(), json!({ "path": "pay", "outcome": "repeat" }));
        assert!(serde_json::from_value::<ResolveOutcome>(json!({ "path": "pay", "outcome": "maybe" })).is_err());
    }

    #[test]
    fn the_schema_of_a_step_refers_to_itself() {
        let mut schemas = Vec::new();
        <RunDetail as ToSchema>::schemas(&mut schemas);
        let names: BTreeSet<_> = schemas.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains("StepNode") && names.contains("StepBody") && names.contains("Run"), "{names:?}");
        let step = serde_json::to_value(&schemas.iter().find(|(name, _)| name == "StepNode").unwrap().1).unwrap();
        assert_eq!(step["properties"]["children"]["items"]["$ref"], "#/components/schemas/StepNode");
    }

    #[test]
    fn a_step_holds_the_steps_in_it_and_values_as_they_were() {
        let text = r#"{"path":"each","id":"each","kind":"for-each","status":"succeeded","children":[{"path":"each[0]/note","id":"note","kind":"action","status":"failed","output":{"value":1.0,"bytes":3}}]}"#;
        let step: StepNode = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&step).unwrap(), text);
        let body =
            StepBody { value: None, beginning: Some("[1,".to_owned()), bytes: 70_000, url: Some("/x".to_owned()) };
        assert_eq!(serde_json::to_value(&body).unwrap(), json!({ "beginning": "[1,", "bytes": 70000, "url": "/x" }));
    }
}
