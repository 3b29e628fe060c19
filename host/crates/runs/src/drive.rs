//! Drives one run under its lease: asks the reducer what to do, does it, and appends what happened. It keeps nothing that the
//! history does not say, so that another worker can go on at any moment.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::Notify,
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use workway_model::{Timestamp, UserId};
use workway_reducer::{
    self as reducer, Call, EventKind, Failure, Prepared, Record, RunFailure, RunState, StepPath, advance, apply,
    prepare, retry_delay,
};
use workway_workflow::{Evaluated, Retry, WorkflowDefinition};

use crate::{
    Append, AppendError, Becomes, Durability, EndStatus, InboxMessage, Lease, NewEvent, RunStoreError,
    attempt::Attempt,
    context::RunContext,
    engine::{DriveError, Engine, millis},
    inbox,
};

/// How often the inbox is read without being told: another process may have put a message into it.
const INBOX_LOOK: Duration = Duration::from_secs(1);
/// The pause after a store that failed.
const PAUSE: Duration = Duration::from_millis(200);
/// Events that are appended at once, or a few more. A run can have many without a call between them, and other runs have to get
/// their turn.
const EVENTS_AT_ONCE: usize = 256;

/// The codes of runs that went beyond a bound.
const TOO_MANY_STEPS: &str = "too-many-steps";
const TOO_LONG: &str = "too-long";
const HISTORY_TOO_LARGE: &str = "history-too-large";
/// The code of a run that cannot go on.
const CANNOT_GO_ON: &str = "cannot-go-on";

/// A run that is driven.
pub(crate) struct Drive {
    engine: Engine,
    lease: Lease,
    owner: UserId,
    definition: Arc<WorkflowDefinition>,
    context: Arc<RunContext>,
    state: RunState,
    /// What is to be appended next. The state has it already.
    events: Vec<NewEvent>,
    read: Vec<u64>,
    /// Steps that began since the last append, and what the run took of its bounds before.
    steps: u32,
    steps_before: u64,
    worked_before: Duration,
    bytes: u64,
    /// Until here its work is counted.
    counted: Instant,
    calls: JoinSet<Result<Value, Failure>>,
    in_flight: HashMap<(StepPath, u32), AbortHandle>,
    wake: Arc<Notify>,
    stop: CancellationToken,
}

/// An attempt that is called as soon as its beginning is on record.
struct Beginning {
    call: Call,
    input: Evaluated,
}

impl Drive {
    /// Loads a run and folds its history.
    pub(crate) async fn begin(
        engine: Engine,
        lease: Lease,
        wake: Arc<Notify>,
        stop: CancellationToken,
    ) -> Result<Self, DriveError> {
        let loaded = engine.store.load(&lease).await.map_err(given_up)?;
        let summary = loaded.summary;
        let split = RunContext::split(&engine.history, &lease.run, &loaded.events).await;
        let (draft, events) = split.map_err(RunStoreError::from)?;
        let context = RunContext::find(&*engine.installations, summary.installation.as_deref(), draft).await?;
        let is_uninstalled = context.is_none();
        let context = context.unwrap_or_default();
        let definition = engine.definition(&loaded.definition).map_err(|error| {
            DriveError::CannotGoOn(format!("the workflow breaks a rule that is newer than the run: {error}"))
        })?;
        let mut state = RunState::new(lease.run.as_str());
        for event in events {
            apply(&definition, &mut state, event)
                .map_err(|error| DriveError::CannotGoOn(format!("the history cannot be read again: {error}")))?;
        }
        let mut drive = Self {
            owner: summary.owner,
            definition,
            context: Arc::new(context),
            state,
            events: Vec::new(),
            read: Vec::new(),
            steps: 0,
            steps_before: summary.steps,
            worked_before: Duration::from_millis(summary.worked_millis),
            bytes: summary.bytes,
            counted: Instant::now(),
            calls: JoinSet::new(),
            in_flight: HashMap::new(),
            wake,
            stop,
            engine,
            lease,
        };
        for message in &loaded.inbox {
            drive.take(message).await?;
        }
        if is_uninstalled {
            let now = drive.engine.clock.now();
            drive.record(Record { path: StepPath::RUN, attempt: 0, kind: EventKind::CancelRequested }, now)?;
        }
        Ok(drive)
    }

    /// Drives the run until it ends, waits for a time or for somebody, or its worker stops.
    pub(crate) async fn run(mut self) -> Result<(), DriveError> {
        let mut beginning = HashMap::new();
        loop {
            let is_all = self.decide(&mut beginning)?;
            let is_at_rest = is_all && beginning.is_empty() && self.in_flight.is_empty();
            let becomes = is_at_rest.then(|| self.rest());
            let is_given_back = becomes.is_some();
            self.append(becomes, &beginning).await?;
            if is_given_back {
                return Ok(());
            }
            if is_all {
                for Beginning { call, input } in mem::take(&mut beginning).into_values() {
                    self.call(call, input);
                }
                self.wait().await?;
            }
        }
    }

    /// Records what follows from the state and from the time, until nothing more does. What is left are the calls that begin.
    /// Returns false if there is more to decide after what is on record was appended.
    fn decide(&mut self, beginning: &mut HashMap<(StepPath, u32), Beginning>) -> Result<bool, DriveError> {
        loop {
            if self.events.len() >= EVENTS_AT_ONCE {
                return Ok(false);
            }
            self.check_bounds()?;
            let before = (self.events.len(), beginning.len());
            let now = self.engine.clock.now();
            let plan = advance(&self.definition, &self.state, &self.context.secrets, now);
            let due = plan.timers.iter().filter(|timer| timer.at <= now).map(|timer| timer.clone().record());
            let records: Vec<Record> = plan.records.into_iter().chain(due).collect();
            if !records.is_empty() {
                for record in records {
                    self.record(record, now)?;
                }
                self.check_progress(before, beginning)?;
                continue;
            }
            let is_due = |call: &Call| call.not_before.is_none_or(|time| time <= now);
            let begins = plan.calls.into_iter().filter(|call| is_due(call)).map(|call| (call, true));
            let is_known = |call: &Call| {
                let key = key(call);
                self.in_flight.contains_key(&key) || beginning.contains_key(&key)
            };
            // They were in flight when the last worker of the run died.
            let interrupted: Vec<Call> = plan.running.iter().filter(|call| !is_known(call)).cloned().collect();
            let calls: Vec<(Call, bool)> = begins.chain(interrupted.into_iter().map(|call| (call, false))).collect();
            if calls.is_empty() || self.stop.is_cancelled() {
                let running: HashSet<_> = plan.running.iter().map(key).collect();
                self.in_flight.retain(|key, handle| {
                    running.contains(key) || {
                        handle.abort();
                        false
                    }
                });
                beginning.retain(|key, _| running.contains(key));
                return Ok(true);
            }
            for (call, is_new) in calls {
                if is_new && self.has_all_steps() {
                    self.fail_for_steps()?;
                    break;
                }
                if let Some(input) = self.prepare(&call, is_new, now)? {
                    beginning.insert(key(&call), Beginning { call, input });
                }
            }
            self.check_progress(before, beginning)?;
        }
    }

    /// What goes round without an event would go round for ever.
    fn check_progress(
        &self,
        before: (usize, usize),
        beginning: &HashMap<(StepPath, u32), Beginning>,
    ) -> Result<(), DriveError> {
        if before == (self.events.len(), beginning.len()) {
            return Err(DriveError::CannotGoOn("nothing follows from its history".to_owned()));
        }
        Ok(())
    }

    /// The input of an attempt that is to be called now, or none if something else is on record instead.
    fn prepare(&mut self, call: &Call, is_new: bool, now: Timestamp) -> Result<Option<Evaluated>, DriveError> {
        let Call { path, attempt, .. } = call;
        let record = |kind| Record { path: path.clone(), attempt: *attempt, kind };
        if !is_new && self.is_risky(call) {
            self.record(record(EventKind::OutcomeUnknown), now)?;
            return Ok(None);
        }
        match prepare(&self.definition, &self.state, path, &self.context.secrets) {
            Ok(Prepared::Call(input)) => {
                if is_new {
                    self.record(record(EventKind::Started { input: input.value.clone() }), now)?;
                    self.steps += 1;
                }
                Ok(Some(input))
            }
            Ok(Prepared::Instead(record)) => self.record(record, now).map(|()| None),
            // What was recorded before in this round has dropped it.
            Err(_) => Ok(None),
        }
    }

    /// Applies an event and keeps it to be appended. One that comes too late is forgotten.
    fn record(&mut self, record: Record, at: Timestamp) -> Result<(), DriveError> {
        let event = record.at(at);
        let sealed = self.engine.history.seal(&self.lease.run, &event).map_err(RunStoreError::from)?;
        match apply(&self.definition, &mut self.state, event) {
            Ok(()) => {
                self.bytes += sealed.body.len() as u64;
                self.events.push(sealed);
                Ok(())
            }
            Err(error) if error.is_late() => Ok(()),
            Err(error) => Err(RunStoreError::Damaged(error.to_string()).into()),
        }
    }

    /// What the run becomes when nothing is in flight.
    fn rest(&self) -> Becomes {
        if let Some(status) = self.state.ended() {
            return Becomes::Ended(match status {
                reducer::EndStatus::Succeeded => EndStatus::Succeeded,
                reducer::EndStatus::Failed => EndStatus::Failed,
                reducer::EndStatus::Cancelled => EndStatus::Cancelled,
            });
        }
        let now = self.engine.clock.now();
        let plan = advance(&self.definition, &self.state, &self.context.secrets, now);
        if !plan.running.is_empty() {
            // The worker stops before it has called them.
            return Becomes::Runnable;
        }
        match plan.due() {
            // Its time has come, but the worker stops.
            Some(due) if due <= now => Becomes::Runnable,
            None if !plan.unknown.is_empty() => Becomes::OutcomeUnknown,
            due => Becomes::Waiting { due },
        }
    }

    /// Ends the run if it went beyond a bound.
    fn check_bounds(&mut self) -> Result<(), DriveError> {
        if self.state.ended().is_some() {
            return Ok(());
        }
        let settings = &self.engine.settings;
        let (bytes, seconds) = (settings.history_bytes, settings.work_seconds);
        if self.bytes > bytes {
            let message = format!(
                "the history of the run has more than {bytes} bytes (runs.history_bytes): let steps return less"
            );
            return self.fail(HISTORY_TOO_LARGE, message);
        }
        if self.worked_before + self.counted.elapsed() > settings.work() {
            let message = format!("the run worked for more than {seconds} seconds (runs.work_seconds)");
            return self.fail(TOO_LONG, message);
        }
        Ok(())
    }

    fn has_all_steps(&self) -> bool {
        self.steps_before + u64::from(self.steps) >= u64::from(self.engine.settings.steps)
    }

    fn fail_for_steps(&mut self) -> Result<(), DriveError> {
        let steps = self.engine.settings.steps;
        let message = format!("the run must execute at most {steps} steps (runs.steps): use fewer items or attempts");
        self.fail(TOO_MANY_STEPS, message)
    }

    /// Whether nobody may repeat a call of which nobody knows what came of it.
    fn is_risky(&self, call: &Call) -> bool {
        self.context.mocks.is_none() && !self.engine.actions.is_idempotent(&call.uses)
    }

    fn fail(&mut self, code: &str, message: String) -> Result<(), DriveError> {
        let now = self.engine.clock.now();
        self.record(failed(code, message), now)
    }

    /// Applies a message of the inbox. It is deleted with the next append.
    async fn take(&mut self, message: &InboxMessage) -> Result<(), DriveError> {
        let run = &self.lease.run;
        let record = match inbox::record(&self.engine.history, run, message).await.map_err(RunStoreError::from) {
            Ok(record) => record,
            Err(RunStoreError::Damaged(reason)) => {
                tracing::error!(%run, reason, "a message to a run cannot be read: it changes nothing");
                self.read.push(message.id);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let event = record.at(message.at);
        let sealed = self.engine.history.seal(run, &event).map_err(RunStoreError::from)?;
        match apply(&self.definition, &mut self.state, event) {
            Ok(()) => {
                self.bytes += sealed.body.len() as u64;
                self.events.push(sealed);
            }
            // A second request to cancel, or an answer that another one came before.
            Err(error) => tracing::debug!(run = %self.lease.run, %error, "a message changes nothing"),
        }
        self.read.push(message.id);
        Ok(())
    }

    /// Appends what is on record. Tries again as long as the store fails: what ended has ended.
    async fn append(
        &mut self,
        becomes: Option<Becomes>,
        beginning: &HashMap<(StepPath, u32), Beginning>,
    ) -> Result<(), DriveError> {
        if self.events.is_empty() && self.read.is_empty() && becomes.is_none() {
            return Ok(());
        }
        let is_risky = beginning.values().any(|one| self.is_risky(&one.call));
        let durability = if is_risky { Durability::Power } else { Durability::Process };
        let worked = self.counted.elapsed();
        self.counted = Instant::now();
        self.worked_before += worked;
        self.steps_before += u64::from(self.steps);
        let append = Append {
            events: mem::take(&mut self.events),
            read: mem::take(&mut self.read),
            becomes,
            durability,
            steps: mem::take(&mut self.steps),
            worked_millis: u64::try_from(millis(worked)).unwrap_or_default(),
        };
        loop {
            match self.engine.store.append(&self.lease, append.clone()).await {
                Ok(_) => {
                    self.engine.tell(&self.lease.run);
                    return Ok(());
                }
                Err(AppendError::Store(RunStoreError::Unavailable(reason))) => {
                    tracing::warn!(run = %self.lease.run, reason, "events cannot be stored: trying again");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(given_up(error)),
            }
        }
    }

    fn call(&mut self, call: Call, input: Evaluated) {
        let key = key(&call);
        let attempt = Attempt {
            engine: self.engine.clone(),
            owner: self.owner.clone(),
            run: self.lease.run.clone(),
            context: Arc::clone(&self.context),
            call,
        };
        let handle = self.calls.spawn(attempt.call(input));
        self.in_flight.insert(key, handle);
    }

    /// Waits until something happens: a call ends, a time comes, a message arrives, or the worker stops.
    async fn wait(&mut self) -> Result<(), DriveError> {
        let plan = advance(&self.definition, &self.state, &self.context.secrets, self.engine.clock.now());
        let (engine, stop) = (self.engine.clone(), self.stop.clone());
        let is_stopping = stop.is_cancelled();
        // A call whose turn comes while the worker stops is for the next worker.
        let due = if is_stopping { plan.timers.iter().map(|timer| timer.at).min() } else { plan.due() };
        tokio::select! {
            Some(called) = self.calls.join_next_with_id() => {
                self.called(called)?;
                while let Some(called) = self.calls.try_join_next_with_id() {
                    self.called(called)?;
                }
            }
            () = engine.sleep_until(due, INBOX_LOOK) => self.look().await,
            () = self.wake.notified() => self.look().await,
            () = stop.cancelled(), if !is_stopping => {}
        }
        Ok(())
    }

    /// Reads the inbox. What cannot be read is read at the next look: what is in flight does not depend on it.
    async fn look(&mut self) {
        if let Err(error) = self.take_new().await {
            tracing::warn!(run = %self.lease.run, %error, "the messages to a run cannot be read: trying again");
        }
    }

    async fn take_new(&mut self) -> Result<(), DriveError> {
        for message in self.engine.store.inbox(&self.lease.run).await? {
            if !self.read.contains(&message.id) {
                self.take(&message).await?;
            }
        }
        Ok(())
    }

    /// Records how a call ended.
    fn called(&mut self, ended: Result<(Id, Result<Value, Failure>), JoinError>) -> Result<(), DriveError> {
        let (id, result) = match ended {
            Ok(ended) => ended,
            Err(error) if error.is_cancelled() => return Ok(()),
            Err(error) => (error.id(), Err(Failure::permanent("internal", format!("this host failed: {error}")))),
        };
        let found = self.in_flight.iter().find(|(_, handle)| handle.id() == id).map(|(key, _)| key.clone());
        // It was aborted, and ended all the same.
        let Some((path, attempt)) = found else { return Ok(()) };
        self.in_flight.remove(&(path.clone(), attempt));
        let now = self.engine.clock.now();
        let kind = match result {
            Ok(output) => EventKind::Ended { output },
            Err(failure) => {
                let retry = self.retry_of(&path, attempt);
                let delay = retry_delay(retry, attempt, &failure, jitter());
                let retry_at = delay.map(|delay| now + delay);
                EventKind::Failed { failure, retry_at }
            }
        };
        self.record(Record { path, attempt, kind }, now)
    }

    fn retry_of(&self, path: &StepPath, attempt: u32) -> Option<Retry> {
        let plan = advance(&self.definition, &self.state, &self.context.secrets, self.engine.clock.now());
        plan.running.into_iter().find(|call| call.path == *path && call.attempt == attempt)?.retry
    }
}

/// Ends a run that cannot be driven at all.
pub(crate) async fn give_up(engine: &Engine, lease: &Lease, reason: String) -> Result<(), DriveError> {
    let event = failed(CANNOT_GO_ON, reason).at(engine.clock.now());
    let event = engine.history.seal(&lease.run, &event).map_err(RunStoreError::from)?;
    let ending = |events| Append {
        events,
        read: Vec::new(),
        becomes: Some(Becomes::Ended(EndStatus::Failed)),
        durability: Durability::Process,
        steps: 0,
        worked_millis: 0,
    };
    match engine.store.append(lease, ending(vec![event])).await {
        // A history that is damaged may have an end already.
        Err(AppendError::Store(RunStoreError::Damaged(_))) => engine.store.append(lease, ending(Vec::new())).await,
        appended => appended,
    }
    .map_err(given_up)?;
    engine.tell(&lease.run);
    Ok(())
}

/// The end of a run for a reason that is no step's.
fn failed(code: &str, message: String) -> Record {
    let failure = RunFailure { step: StepPath::RUN, failure: Failure::permanent(code, message) };
    let kind = EventKind::RunEnded { status: reducer::EndStatus::Failed, output: Value::Null, failure: Some(failure) };
    Record { path: StepPath::RUN, attempt: 0, kind }
}

fn key(call: &Call) -> (StepPath, u32) {
    (call.path.clone(), call.attempt)
}

fn given_up(error: AppendError) -> DriveError {
    match error {
        AppendError::Fenced => DriveError::Fenced,
        AppendError::Store(error) => DriveError::Store(error),
    }
}

/// From 0 to 1. The low bits of a new UUID are random.
fn jitter() -> f64 {
    let [.., a, b, c, d] = *uuid::Uuid::now_v7().as_bytes();
    f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX)
}
