//! What a run does next.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::Value;
use workway_model::Timestamp;
use workway_workflow::{
    Expression, Layer, Step, StepKind, Template, WaitFor, WorkflowDefinition,
    bounds::{MAX_FUEL, MAX_ITEMS, MAX_WAIT_CHARS},
    found,
};

use super::{
    Call, EndStatus, EventKind, Failure, OpenWait, Opening, PathSegment, Plan, Record, RunFailure, RunState, StepPath,
    TOO_MANY_ITEMS, Timer, TimerKind, Wait,
    scope::{evaluation_failure, failure},
    state::{Container, List, Open, Phase, Stage, Work},
};

/// What is to be done in a run. `now` is the time with which the records will be appended: it is not compared with anything. It takes time
/// in proportion to the steps that are open, however many have ended.
pub fn advance(
    definition: &WorkflowDefinition,
    state: &RunState,
    secrets: &BTreeMap<String, SecretString>,
    now: Timestamp,
) -> Plan {
    let mut planner = Planner { state, secrets, now, path: Vec::new(), layers: Vec::new(), plan: Plan::default() };
    match &state.phase {
        Phase::Created | Phase::Ended(_) => {}
        Phase::Steps if state.steps.is_done(&definition.steps) => planner.finish(definition.output.as_ref()),
        Phase::Steps => planner.list(&definition.steps, &state.steps, None),
        Phase::OnFailure(failure) if state.on_failure.is_done(&definition.on_failure) => {
            planner.end(EndStatus::Failed, Value::Null, Some(failure.clone()));
        }
        Phase::OnFailure(_) => {
            planner.layers.push(state.steps.layer(None));
            planner.path.push(PathSegment::on_failure());
            planner.list(&definition.on_failure, &state.on_failure, None);
        }
        Phase::Ending(status, failure) => planner.end(*status, Value::Null, failure.clone()),
    }
    let plan = planner.plan;
    // They may end what the rest of the plan is about.
    if plan.records.is_empty() { plan } else { Plan { records: plan.records, ..Plan::default() } }
}

struct Planner<'a> {
    state: &'a RunState,
    secrets: &'a BTreeMap<String, SecretString>,
    now: Timestamp,
    /// Of the step that the planner is at.
    path: Vec<PathSegment>,
    layers: Vec<Layer<'a>>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn list(&mut self, steps: &'a [Step], list: &'a List, item: Option<&'a Value>) {
        let Some(step) = steps.get(list.next) else { return };
        self.layers.push(list.layer(item));
        self.path.push(PathSegment { id: step.id.clone(), index: None });
        match &list.open {
            None => self.begin(step),
            Some(open) => self.proceed(step, open),
        }
        self.path.pop();
        self.layers.pop();
    }

    fn begin(&mut self, step: &'a Step) {
        if matches!(step.kind, StepKind::Action { .. }) {
            let call = self.call(step, 1, None);
            return self.plan.calls.extend(call);
        }
        let begun = match step.condition.as_ref().map(|condition| self.holds("if", condition)) {
            Some(Err(failure)) => Err(failure),
            Some(Ok(false)) => Ok(EventKind::Skipped),
            Some(Ok(true)) | None => self.beginning(step),
        };
        self.record(begun.unwrap_or_else(|failure| EventKind::Failed { failure, retry_at: None }));
    }

    /// The event with which a step begins.
    fn beginning(&self, step: &'a Step) -> Result<EventKind, Failure> {
        let (wait, until) = match &step.kind {
            StepKind::ForEach { items, .. } => {
                let items = self.items(items)?;
                return Ok(EventKind::Opened(Opening::ForEach { items }));
            }
            StepKind::Switch { cases, .. } => {
                for (place, case) in (0..).zip(cases) {
                    if self.holds(&format!("switch/{place}/if"), &case.condition)? {
                        return Ok(EventKind::Opened(Opening::Switch { case: Some(place) }));
                    }
                }
                return Ok(EventKind::Opened(Opening::Switch { case: None }));
            }
            // An action begins with its call.
            StepKind::Parallel(_) | StepKind::Action { .. } => return Ok(EventKind::Opened(Opening::Parallel)),
            StepKind::Sleep(duration) => (Wait::Sleep, Some(*duration)),
            StepKind::WaitFor(WaitFor::Event(name)) => {
                (Wait::Event { name: self.wait_text("event", name)? }, step.timeout)
            }
            StepKind::WaitFor(WaitFor::Approval(text)) => {
                (Wait::Approval { text: self.wait_text("approval", text)? }, step.timeout)
            }
        };
        Ok(EventKind::Waiting { wait, until: until.map(|duration| self.now + duration.into()) })
    }

    fn items(&self, expression: &Expression) -> Result<Vec<Value>, Failure> {
        let scope = self.state.scope(&self.layers, self.secrets);
        let value = expression.evaluate(&scope, MAX_FUEL).map_err(|error| evaluation_failure("for-each", &error))?;
        let items = match value {
            Value::Array(items) => items,
            other => {
                let message = format!("must be a list (got {}): check what the expression reads", found(&other));
                return Err(failure("for-each", &message));
            }
        };
        if items.len() > MAX_ITEMS {
            let message = format!(
                "a for-each must have at most {MAX_ITEMS} items (got {}): cut the list, for example with [:{MAX_ITEMS}]",
                items.len()
            );
            return Err(Failure::permanent(TOO_MANY_ITEMS, message));
        }
        Ok(items)
    }

    /// The name of an event, or the text of an approval.
    fn wait_text(&self, field: &str, template: &Template) -> Result<String, Failure> {
        let scope = self.state.scope(&self.layers, self.secrets);
        let value = template.evaluate(&scope, MAX_FUEL).map_err(|error| evaluation_failure(field, &error))?.value;
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            other => return Err(failure(field, &format!("must be a text (got {})", found(&other)))),
        };
        if text.trim().is_empty() || text.chars().count() > MAX_WAIT_CHARS {
            let rule = format!("must have 1 to {MAX_WAIT_CHARS} characters and must not be blank");
            return Err(failure(field, &format!("{rule} (got {} characters)", text.chars().count())));
        }
        Ok(text)
    }

    fn holds(&self, field: &str, condition: &Expression) -> Result<bool, Failure> {
        let scope = self.state.scope(&self.layers, self.secrets);
        condition.holds(&scope, MAX_FUEL).map_err(|error| evaluation_failure(field, &error))
    }

    fn proceed(&mut self, step: &'a Step, open: &'a Open) {
        match &open.work {
            Work::Action { attempt, stage } => {
                let (list, not_before) = match stage {
                    Stage::Delayed(until) => (&mut self.plan.calls, *until),
                    Stage::Running => (&mut self.plan.running, None),
                    Stage::OutcomeUnknown => (&mut self.plan.unknown, None),
                };
                list.extend(call(&self.path, step, *attempt, not_before));
                if *stage != Stage::OutcomeUnknown {
                    self.timeout(step, open);
                }
            }
            Work::Wait { wait: Wait::Sleep, until } => {
                let at = until.unwrap_or(open.since);
                self.timer(at, TimerKind::Sleep);
            }
            Work::Wait { wait, until } => {
                let (path, wait, until) = (self.path(), wait.clone(), *until);
                self.plan.waits.push(OpenWait { path, wait, until });
                if let Some(at) = until {
                    self.timer(at, TimerKind::Timeout);
                }
            }
            Work::Failing(failure) => {
                self.record(EventKind::Failed { failure: failure.failure.clone(), retry_at: None });
            }
            Work::Container(container) => match container.output() {
                Some(output) => self.record(EventKind::Ended { output }),
                None => {
                    self.timeout(step, open);
                    self.container(step, container);
                }
            },
        }
    }

    fn container(&mut self, step: &'a Step, container: &'a Container) {
        for index in &container.active {
            let (Some(list), Some(steps)) = (container.lists.get(index), container.steps(step, *index)) else {
                continue;
            };
            if let Some(segment) = self.path.last_mut() {
                segment.index = container.path_index(*index);
            }
            self.list(steps, list, container.item(*index));
        }
    }

    fn finish(&mut self, output: Option<&Template>) {
        let layers = [self.state.steps.layer(None)];
        let scope = self.state.scope(&layers, self.secrets);
        match output.map(|output| output.evaluate(&scope, MAX_FUEL)).transpose() {
            Ok(output) => {
                self.end(EndStatus::Succeeded, output.map(|output| output.value).unwrap_or_default(), None);
            }
            Err(error) => {
                let failure = RunFailure { step: StepPath::RUN, failure: evaluation_failure("output", &error) };
                self.end(EndStatus::Failed, Value::Null, Some(failure));
            }
        }
    }

    fn end(&mut self, status: EndStatus, output: Value, failure: Option<RunFailure>) {
        self.record(EventKind::RunEnded { status, output, failure });
    }

    fn record(&mut self, kind: EventKind) {
        let record = Record { path: self.path(), attempt: 0, kind };
        self.plan.records.push(record);
    }

    fn timeout(&mut self, step: &Step, open: &Open) {
        if let Some(timeout) = step.timeout {
            self.timer(open.since + timeout.into(), TimerKind::Timeout);
        }
    }

    fn timer(&mut self, at: Timestamp, kind: TimerKind) {
        let path = self.path();
        self.plan.timers.push(Timer { path, at, kind });
    }

    fn call(&self, step: &Step, attempt: u32, not_before: Option<Timestamp>) -> Option<Call> {
        call(&self.path, step, attempt, not_before)
    }

    fn path(&self) -> StepPath {
        StepPath::new(self.path.clone())
    }
}

/// None if the step is no action.
fn call(path: &[PathSegment], step: &Step, attempt: u32, not_before: Option<Timestamp>) -> Option<Call> {
    let StepKind::Action { uses, retry, .. } = &step.kind else { return None };
    Some(Call { path: StepPath::new(path.to_vec()), attempt, uses: uses.clone(), retry: *retry, not_before })
}
