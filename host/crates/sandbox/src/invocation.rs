//! One call: a fresh store, an instance, one function, and everything dropped.

use std::time::Duration;

use serde_json::value::RawValue;
use wasmtime::{Store, UpdateDeadline, component::Instance};
use workway_capability::Capabilities;
use workway_model::{DefinitionDraft, LocalId, UserId, has_lone_surrogate};

use super::{
    LinkedComponent, Measured, Usage,
    engine::TICK,
    error::{CallError, Limit, Stage},
    state::{GuestState, MAX_RESOURCES},
};
use crate::{CallLimits, bindings::Context};

/// What one host call may carry beside a body: headers, names, list entries.
const TRANSFER_SLACK_BYTES: u64 = 1 << 20;
/// The longest output that is checked on the async thread of its call, in bytes: a longer one keeps others waiting.
const MAX_INLINE_OUTPUT: usize = 64 << 10;
/// The bounds of asking a component what it is. Nothing about it takes long: it reads no input and calls nobody.
pub const DESCRIBE_LIMITS: CallLimits =
    CallLimits { memory_bytes: 128 << 20, cpu_ms: 2_000, wall_ms: 5_000, body_bytes: 4 << 20, log_bytes: 16 << 10 };

/// One call, as the contract's `actions.context` has it.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The action or trigger.
    pub subject: &'a LocalId,
    /// JSON text that was checked against the schema of the subject's input or config.
    pub input: &'a str,
    pub user: &'a UserId,
    pub run_id: &'a str,
    pub step_id: Option<&'a str>,
    /// From 1.
    pub attempt: u32,
    pub idempotency_key: &'a str,
}

/// One value to choose from.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: Box<RawValue>,
    /// For people.
    pub label: String,
}

/// How many bytes a guest may still return in one answer.
pub(super) struct OutputBudget(u64);

impl OutputBudget {
    pub(super) fn new(limits: &CallLimits) -> Self {
        Self(limits.body_bytes)
    }

    pub(super) fn take(&mut self, bytes: usize) -> Result<(), CallError> {
        let left = u64::try_from(bytes).ok().and_then(|bytes| self.0.checked_sub(bytes));
        self.0 = left.ok_or(CallError::Limit(Limit::Transfer))?;
        Ok(())
    }

    /// A guest's own text, once it is known to be JSON that every client can read. All JSON of a guest comes through here.
    pub(super) fn json(&mut self, text: String) -> Result<Box<RawValue>, CallError> {
        self.take(text.len())?;
        let json = RawValue::from_string(text).map_err(|error| CallError::BadOutput(error.to_string()))?;
        if has_lone_surrogate(json.get()) {
            let problem = "a text has half of a surrogate pair, which is no character (RFC 7493, section 2.1)";
            return Err(CallError::BadOutput(problem.to_owned()));
        }
        Ok(json)
    }
}

impl Call<'_> {
    /// Input and context: the bindings take their texts as owned ones.
    pub(super) fn owned(&self) -> (String, Context) {
        let context = Context {
            user_id: self.user.as_str().to_owned(),
            run_id: self.run_id.to_owned(),
            step_id: self.step_id.map(ToOwned::to_owned),
            attempt: self.attempt,
            idempotency_key: self.idempotency_key.to_owned(),
        };
        (self.input.to_owned(), context)
    }
}

impl LinkedComponent {
    /// Calls an action. The output is the guest's own text, known to be JSON and otherwise untouched.
    pub async fn execute(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: Call<'_>,
    ) -> Measured<Box<RawValue>, CallError> {
        let (input, context) = call.owned();
        let share = capabilities.memory.share().clone();
        let Measured { result, usage } = self
            .run(limits, capabilities, async |store: &mut Store<GuestState>, instance: &Instance| {
                let guest = self.exports().load(&mut *store, instance)?;
                guest.workway_integration_actions().call_execute(store, call.subject.as_str(), &input, &context).await
            })
            .await;
        let checked = async {
            let output = result?.map_err(|failure| CallError::Failed(failure.into()))?;
            let mut budget = OutputBudget::new(limits);
            if output.len() <= MAX_INLINE_OUTPUT {
                return budget.json(output);
            }
            let checked = share.run_long(move || budget.json(output)).await;
            checked.map_err(|error| CallError::Host(wasmtime::Error::new(error)))?
        };
        Measured { result: checked.await, usage }
    }

    /// Asks for the values that a field of the subject may take, given what is filled in so far.
    pub async fn options(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: Call<'_>,
        field: &str,
    ) -> Measured<Vec<Choice>, CallError> {
        let (input, context) = call.owned();
        let choices = self
            .run(limits, capabilities, async |store: &mut Store<GuestState>, instance: &Instance| {
                let guest = self.exports().load(&mut *store, instance)?;
                guest
                    .workway_integration_actions()
                    .call_options(store, call.subject.as_str(), field, &input, &context)
                    .await
            })
            .await;
        choices.and_then(|choices| {
            let choices = choices?.map_err(|failure| CallError::Failed(failure.into()))?;
            let mut budget = OutputBudget::new(limits);
            let mut checked = Vec::with_capacity(choices.len());
            for choice in choices {
                budget.take(choice.label.len())?;
                checked.push(Choice { value: budget.json(choice.value)?, label: choice.label });
            }
            Ok(checked)
        })
    }

    /// Asks the component what it is. `capabilities` must grant nothing: nobody was asked yet.
    pub async fn describe(&self, capabilities: Capabilities) -> Result<DefinitionDraft, CallError> {
        let definition = self
            .run(&DESCRIBE_LIMITS, capabilities, async |store: &mut Store<GuestState>, instance: &Instance| {
                let guest = self.exports().load(&mut *store, instance)?;
                guest.call_describe(store).await
            })
            .await;
        definition.result.map(Into::into)
    }

    pub(super) async fn run<T>(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: impl AsyncFnOnce(&mut Store<GuestState>, &Instance) -> wasmtime::Result<T>,
    ) -> Measured<T, CallError> {
        let mut store = self.store(limits, capabilities);
        let mut stage = Stage::Instantiating;
        let work = async {
            let instance = self.pre().instantiate_async(&mut store).await?;
            stage = Stage::Running;
            call(&mut store, &instance).await
        };
        // The epoch never interrupts a host call: the clock on the wall bounds both.
        let result = tokio::time::timeout(limits.wall(), work).await;
        let result = match result {
            Ok(Ok(value)) => {
                store.data().last_words();
                Ok(value)
            }
            Ok(Err(error)) => Err(CallError::read(error, stage, store.data())),
            Err(_elapsed) => {
                store.data().last_words();
                Err(CallError::Limit(Limit::Wall))
            }
        };
        Measured { result, usage: Usage { memory_bytes: store.data().memory.used() } }
    }

    fn store(&self, limits: &CallLimits, capabilities: Capabilities) -> Store<GuestState> {
        let state = GuestState::new(limits, ticks(limits.cpu()), capabilities);
        let mut store = Store::new(self.pre().engine(), state);
        store.limiter(|state| &mut state.memory);
        let transfer = limits.body_bytes.saturating_add(TRANSFER_SLACK_BYTES);
        store.set_hostcall_fuel(usize::try_from(transfer).unwrap_or(usize::MAX));
        store.set_max_component_handles(MAX_RESOURCES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| {
            let left = &mut context.data_mut().ticks_left;
            if *left == 0 {
                return Ok(UpdateDeadline::Interrupt);
            }
            *left -= 1;
            // Other calls share this thread.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }
}

/// How many epochs a guest may run through: at least one, since the first may end right after the call began.
fn ticks(cpu: Duration) -> u64 {
    u64::try_from(cpu.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_that_every_client_can_read_is_let_through() {
        let json = |text: &str| OutputBudget::new(&DESCRIBE_LIMITS).json(text.to_owned());
        for text in [r#""\ud83d\ude00""#, r#"{"a":"\\ud83d"}"#, " [1] "] {
            assert_eq!(json(text).expect(text).get(), text.trim());
        }
        for text in ["", "{oops", r#""\ud83d""#, r#"{"\ude00":1}"#, r#"[{"a":"x\ud83dy"}]"#] {
            assert!(matches!(json(text), Err(CallError::BadOutput(_))), "{text}");
        }
    }
}
