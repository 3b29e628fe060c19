//! One call: a fresh store, an instance, one function, and everything dropped.

use std::time::Duration;

use serde_json::value::RawValue;
use wasmtime::{Store, UpdateDeadline};

use super::{
    LinkedComponent,
    engine::TICK,
    error::{CallError, Limit, Stage},
    state::{GuestState, MAX_RESOURCES},
};
use crate::{
    bindings::{Context, Integration},
    capability::Capabilities,
    integration::{DefinitionDraft, LocalId, UserId},
    settings::CallLimits,
};

/// What one host call may carry beside a body: headers, names, list entries.
const TRANSFER_SLACK_BYTES: u64 = 1 << 20;
/// The bounds of asking a component what it is. Nothing about it takes long: it reads no input and calls nobody.
pub const DESCRIBE_LIMITS: CallLimits =
    CallLimits { memory_bytes: 128 << 20, cpu_ms: 2_000, wall_ms: 5_000, body_bytes: 4 << 20, log_bytes: 16 << 10 };

/// One call of an action, as the contract's `actions.context` has it.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub action: &'a LocalId,
    /// JSON text that was checked against the action's schema.
    pub input: &'a str,
    pub user: &'a UserId,
    pub run_id: &'a str,
    pub step_id: Option<&'a str>,
    /// From 1.
    pub attempt: u32,
    pub idempotency_key: &'a str,
}

impl LinkedComponent {
    /// Calls an action. The output is the guest's own text, known to be JSON and otherwise untouched.
    pub async fn execute(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: Call<'_>,
    ) -> Result<Box<RawValue>, CallError> {
        let context = Context {
            user_id: call.user.as_str().to_owned(),
            run_id: call.run_id.to_owned(),
            step_id: call.step_id.map(ToOwned::to_owned),
            attempt: call.attempt,
            idempotency_key: call.idempotency_key.to_owned(),
        };
        // The bindings take the JSON alias as an owned text.
        let input = call.input.to_owned();
        let output = self
            .run(limits, capabilities, async |store: &mut Store<GuestState>, instance: &Integration| {
                instance.workway_integration_actions().call_execute(store, call.action.as_str(), &input, &context).await
            })
            .await?
            .map_err(|failure| CallError::Failed(failure.into()))?;
        if u64::try_from(output.len()).map_or(true, |length| length > limits.body_bytes) {
            return Err(CallError::Limit(Limit::Transfer));
        }
        RawValue::from_string(output).map_err(|error| CallError::BadOutput(error.to_string()))
    }

    /// Asks the component what it is. `capabilities` must grant nothing: nobody was asked yet.
    pub async fn describe(&self, capabilities: Capabilities) -> Result<DefinitionDraft, CallError> {
        let definition = self
            .run(&DESCRIBE_LIMITS, capabilities, async |store: &mut Store<GuestState>, instance: &Integration| {
                instance.call_describe(store).await
            })
            .await?;
        Ok(definition.into())
    }

    async fn run<T>(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: impl AsyncFnOnce(&mut Store<GuestState>, &Integration) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let mut store = self.store(limits, capabilities);
        let mut stage = Stage::Instantiating;
        let work = async {
            let instance = self.pre().instantiate_async(&mut store).await?;
            stage = Stage::Running;
            call(&mut store, &instance).await
        };
        // The epoch never interrupts a host call: the clock on the wall bounds both.
        let result = tokio::time::timeout(limits.wall(), work).await;
        match result {
            Ok(Ok(value)) => {
                store.data().last_words();
                Ok(value)
            }
            Ok(Err(error)) => Err(CallError::read(error, stage, store.data())),
            Err(_elapsed) => {
                store.data().last_words();
                Err(CallError::Limit(Limit::Wall))
            }
        }
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
