//! One attempt of a step: the call of its action.

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use workway_model::UserId;
use workway_reducer::{Call, Failure, StepPath};
use workway_workflow::Evaluated;

use crate::{ActionCall, CallError, RunId, context::RunContext, engine::Engine};

/// The code of a step that a draft was tried without an output for.
const NO_MOCK: &str = "no-mock";
/// The first and the longest pause of a call for which the host has no place.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// An attempt that is on record.
pub(crate) struct Attempt {
    pub(crate) engine: Engine,
    pub(crate) owner: UserId,
    pub(crate) run: RunId,
    pub(crate) context: Arc<RunContext>,
    pub(crate) call: Call,
}

impl Attempt {
    /// Calls the action, as soon as the host has a place for it.
    pub(crate) async fn call(self, input: Evaluated) -> Result<Value, Failure> {
        let path = &self.call.path;
        if let Some(mocks) = &self.context.mocks {
            let mock = path.id().and_then(|id| mocks.get(id.as_str())).cloned();
            let missing = || {
                let message = format!("there is no output for the step \"{path}\" in `mocks`: add it by the step's id");
                Failure::permanent(NO_MOCK, message)
            };
            return mock.ok_or_else(missing);
        }
        let input = self.revealed(input)?;
        let key = idempotency_key(&self.run, path);
        let mut pause = FIRST_PAUSE;
        loop {
            let call = ActionCall {
                owner: &self.owner,
                action: &self.call.uses,
                input: input.clone(),
                run: &self.run,
                path,
                attempt: self.call.attempt,
                idempotency_key: &key,
                connections: &self.context.connections,
            };
            match self.engine.actions.call(call).await {
                Ok(output) => return Ok(output),
                Err(CallError::Failed(failure)) => return Err(failure),
                Err(CallError::Busy) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// The input as text, with the secrets in their places.
    fn revealed(&self, input: Evaluated) -> Result<SecretString, Failure> {
        let Evaluated { mut value, secrets } = input;
        for (pointer, text) in &secrets {
            let secret = text.reveal(&self.context.secrets);
            let secret = secret.map_err(|error| Failure::permanent("secret", error.to_string()))?;
            if let Some(place) = value.pointer_mut(pointer) {
                *place = Value::String(secret.expose_secret().to_owned());
            }
        }
        Ok(value.to_string().into())
    }
}

/// The same for all attempts of a step, and for no other step and no other run. An upstream that honours it sees one effect.
pub fn idempotency_key(run: &RunId, path: &StepPath) -> String {
    let mut hash = Sha256::new();
    hash.update(run.as_str());
    hash.update([0]);
    hash.update(path.to_string());
    hex::encode(&hash.finalize()[..16])
}
