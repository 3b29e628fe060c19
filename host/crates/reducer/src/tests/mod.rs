//! Runs, by a driver in memory whose calls and clock the tests move. It checks at each event that the history can be stored and read, that
//! no attempt is asked for twice, and that a refused event changes nothing.

mod ending;
mod failing;
mod paths;
mod properties;
mod refusals;
mod retries;
mod steps;
mod waiting;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use secrecy::SecretString;
use serde_json::{Value, json};
use workway_model::Timestamp;
use workway_workflow::{Evaluated, WorkflowDefinition};

use crate::{
    Call, EndStatus, Event, EventKind, Failure, Plan, Prepared, RunError, RunFailure, RunState, StepPath, advance,
    apply, prepare, retry_delay,
};

struct Run {
    definition: WorkflowDefinition,
    secrets: BTreeMap<String, SecretString>,
    now: Timestamp,
    state: RunState,
    plan: Plan,
    history: Vec<Moment>,
    keys: BTreeSet<(StepPath, u32, &'static str)>,
    /// Of each attempt that was started.
    inputs: BTreeMap<(StepPath, u32), Value>,
}

/// An event, and what the run was then.
struct Moment {
    event: Event,
    state: RunState,
    plan: Plan,
}

impl Run {
    /// A run of a definition in YAML, without its name and trigger, up to where it needs something from outside.
    fn new(definition: &str) -> Self {
        Self::triggered(definition, json!({}))
    }

    fn triggered(definition: &str, trigger: Value) -> Self {
        let yaml = format!("name: a\ntrigger: {{ manual: {{}} }}\n{definition}");
        Self::of(WorkflowDefinition::from_yaml(&yaml).unwrap_or_else(|error| panic!("{yaml}\n{error}")), trigger)
    }

    fn of(definition: WorkflowDefinition, trigger: Value) -> Self {
        let mut run = Self {
            definition,
            secrets: BTreeMap::from([("key".to_owned(), "s3cr3t".into())]),
            now: Timestamp::from_seconds(1_795_941_000),
            state: RunState::new("run_1"),
            plan: Plan::default(),
            history: Vec::new(),
            keys: BTreeSet::new(),
            inputs: BTreeMap::new(),
        };
        assert_eq!(run.advanced(), Plan::default(), "nothing is done before the run has started");
        let started = EventKind::RunStarted { inputs: json!({ "who": "Ada" }), trigger };
        run.happen("", 0, started).expect("a run can start");
        run
    }

    fn advanced(&self) -> Plan {
        advance(&self.definition, &self.state, &self.secrets, self.now)
    }

    /// Something happens, and the run goes on as far as it can.
    fn happen(&mut self, path: &str, attempt: u32, kind: EventKind) -> Result<(), RunError> {
        self.append(Event { path: path.parse().expect("is a path"), attempt, at: self.now, kind })?;
        self.settle();
        Ok(())
    }

    fn append(&mut self, event: Event) -> Result<(), RunError> {
        let stored = serde_json::to_string(&event).expect("can be stored");
        let stored = serde_json::from_str(&stored).expect("can be read");
        assert_eq!(stored, event);
        let before = self.state.clone();
        if let Err(error) = apply(&self.definition, &mut self.state, stored) {
            assert_eq!(self.state, before, "{error}");
            return Err(error);
        }
        let key = (event.path.clone(), event.attempt, event.kind.name());
        assert!(self.keys.insert(key), "{event:?} happened before");
        let (state, plan) = (self.state.clone(), self.advanced());
        self.history.push(Moment { event, state, plan });
        Ok(())
    }

    fn settle(&mut self) {
        loop {
            let plan = self.advanced();
            if !plan.records.is_empty() {
                assert_eq!(plan, Plan { records: plan.records.clone(), ..Plan::default() });
                for record in plan.records {
                    self.append(record.at(self.now)).expect("a record can be applied");
                }
                continue;
            }
            let due = plan.calls.iter().find(|call| call.not_before.is_none_or(|time| time <= self.now)).cloned();
            self.plan = plan;
            match due {
                Some(call) => self.start(call),
                None => return,
            }
        }
    }

    fn start(&mut self, call: Call) {
        let event = match self.prepared(&call.path) {
            Prepared::Call(input) => {
                let before = self.inputs.insert((call.path.clone(), call.attempt), input.value.clone());
                assert_eq!(before, None, "{call:?} was asked for before");
                let kind = EventKind::Started { input: input.value };
                Event { path: call.path, attempt: call.attempt, at: self.now, kind }
            }
            Prepared::Instead(record) => record.at(self.now),
        };
        self.append(event).expect("a call can begin");
    }

    fn prepared(&self, path: &StepPath) -> Prepared {
        prepare(&self.definition, &self.state, path, &self.secrets).expect("it is the turn of the step")
    }

    /// The input of a call that is in flight, as after a crash.
    fn prepared_again(&self, path: &str) -> Evaluated {
        match self.prepared(&path.parse().expect("is a path")) {
            Prepared::Call(input) => input,
            Prepared::Instead(record) => panic!("{record:?}"),
        }
    }

    /// The attempt that is in flight.
    fn attempt(&self, path: &str) -> Call {
        let mut running = self.plan.running.iter();
        running.find(|call| call.path.to_string() == path).unwrap_or_else(|| panic!("{path} is not in flight")).clone()
    }

    /// A call ends.
    fn end(&mut self, path: &str, output: Value) {
        let attempt = self.attempt(path).attempt;
        self.happen(path, attempt, EventKind::Ended { output }).expect("a call can end");
    }

    /// A call fails for good.
    fn fail(&mut self, path: &str, code: &str) {
        self.fail_with(path, permanent(code));
    }

    fn fail_with(&mut self, path: &str, failure: Failure) {
        let call = self.attempt(path);
        let delay = retry_delay(call.retry, call.attempt, &failure, 1.0);
        let retry_at = delay.map(|delay| self.now + delay);
        self.happen(path, call.attempt, EventKind::Failed { failure, retry_at }).expect("a call can fail");
    }

    fn cancel(&mut self) -> Result<(), RunError> {
        self.happen("", 0, EventKind::CancelRequested)
    }

    /// Time passes, and what is due in it happens.
    fn pass(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.plan.due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            let timers = self.plan.timers.iter().filter(|timer| timer.at <= self.now);
            if let Some(timer) = timers.min_by_key(|timer| timer.at).cloned() {
                self.append(timer.record().at(self.now)).expect("a timer can be due");
            }
            self.settle();
        }
        self.now = until;
    }

    fn input(&self, path: &str) -> &Value {
        let path: StepPath = path.parse().expect("is a path");
        let attempts = self.inputs.range((path.clone(), 0)..=(path.clone(), u32::MAX));
        attempts.map(|(_, input)| input).next_back().unwrap_or_else(|| panic!("{path} was not called"))
    }

    fn running(&self) -> Vec<String> {
        self.plan.running.iter().map(|call| call.path.to_string()).collect()
    }

    /// Everything that happened, as `kind path`.
    fn told(&self) -> Vec<String> {
        let events = self.history.iter().map(|moment| &moment.event);
        events.map(|event| format!("{} {}", event.kind.name(), event.path).trim_end().to_owned()).collect()
    }

    /// How the run ended. Nothing is open then.
    fn result(&self) -> (EndStatus, &Value, Option<&RunFailure>) {
        assert_eq!(self.plan, Plan::default());
        match self.history.last().map(|moment| &moment.event.kind) {
            Some(EventKind::RunEnded { status, output, failure }) => {
                assert_eq!(self.state.ended(), Some(*status));
                (*status, output, failure.as_ref())
            }
            other => panic!("the run goes on after {other:?}"),
        }
    }

    /// The output of a run that succeeded.
    fn output(&self) -> &Value {
        match self.result() {
            (EndStatus::Succeeded, output, None) => output,
            other => panic!("{other:?}"),
        }
    }

    /// `code step` of what a run failed with.
    fn failure(&self) -> String {
        match self.result() {
            (EndStatus::Failed, Value::Null, Some(RunFailure { step, failure })) => format!("{} {step}", failure.code),
            other => panic!("{other:?}"),
        }
    }
}

fn permanent(code: &str) -> Failure {
    Failure::permanent(code, format!("{code} happened"))
}

fn transient() -> Failure {
    Failure { retryable: true, ..permanent("transient") }
}
