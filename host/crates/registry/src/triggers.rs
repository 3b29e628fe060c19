//! Calls triggers, with the same checks, permits and limits as actions. It keeps nothing: cursor and state belong to
//! the caller.

use std::sync::Arc;

use serde_json::value::RawValue;
use workway_model::{ActionId, Trigger};
use workway_sandbox::{Call, Measured, Polled, TriggerCall, WebhookAnswer, WebhookRequest};

use super::{
    ActionRegistry, Active, ExecuteError, Execution,
    execute::{Begun, fits, into_measured},
};

/// Who asks a trigger, and with what.
#[derive(Clone, Debug)]
pub struct TriggerExecution<'a> {
    /// Its input is the trigger's config.
    pub execution: Execution<'a>,
    /// What `enable` answered, for `disable` and `receive`.
    pub state: Option<&'a RawValue>,
    /// What the poll before answered, for `poll`.
    pub cursor: Option<&'a RawValue>,
    /// Where the upstream reaches this host, for `enable`.
    pub callback_url: Option<&'a str>,
}

/// A serving version, and which of its triggers is meant.
struct Found {
    active: Arc<Active>,
    position: usize,
}

impl ActionRegistry {
    /// Subscribes upstream, and answers the state to keep.
    ///
    /// # Errors
    /// See [`ExecuteError`]. A config that does not fit the trigger's schema reaches no guest. So it is for all of these.
    pub async fn enable_trigger(
        &self,
        id: &ActionId,
        asked: TriggerExecution<'_>,
    ) -> Measured<Box<RawValue>, ExecuteError> {
        let called = async {
            let found = self.trigger(id)?;
            let Begun { admitted: _admitted, capabilities, call } = self.begin_trigger(&found, &asked, 0).await?;
            Ok(found.active.component.enable(&found.active.limits, capabilities, asked.of(call)).await)
        };
        into_measured(called.await)
    }

    /// Ends the subscription.
    ///
    /// # Errors
    /// As [`Self::enable_trigger`].
    pub async fn disable_trigger(&self, id: &ActionId, asked: TriggerExecution<'_>) -> Measured<(), ExecuteError> {
        let called = async {
            let found = self.trigger(id)?;
            let Begun { admitted: _admitted, capabilities, call } = self.begin_trigger(&found, &asked, 0).await?;
            Ok(found.active.component.disable(&found.active.limits, capabilities, asked.of(call)).await)
        };
        into_measured(called.await)
    }

    /// Asks what has happened since the cursor.
    ///
    /// # Errors
    /// As [`Self::enable_trigger`].
    pub async fn poll_trigger(&self, id: &ActionId, asked: TriggerExecution<'_>) -> Measured<Polled, ExecuteError> {
        let called = async {
            let found = self.trigger(id)?;
            let Begun { admitted: _admitted, capabilities, call } = self.begin_trigger(&found, &asked, 0).await?;
            Ok(found.active.component.poll(&found.active.limits, capabilities, asked.of(call)).await)
        };
        into_measured(called.await)
    }

    /// Hands over what the upstream has sent.
    ///
    /// # Errors
    /// As [`Self::enable_trigger`].
    pub async fn receive_webhook(
        &self,
        id: &ActionId,
        asked: TriggerExecution<'_>,
        request: WebhookRequest,
    ) -> Measured<WebhookAnswer, ExecuteError> {
        let called = async {
            let found = self.trigger(id)?;
            let Begun { admitted: _admitted, capabilities, call } =
                self.begin_trigger(&found, &asked, request.body.len()).await?;
            Ok(found.active.component.receive(&found.active.limits, capabilities, asked.of(call), request).await)
        };
        into_measured(called.await)
    }

    fn trigger(&self, id: &ActionId) -> Result<Found, ExecuteError> {
        let active = self.serving(id, ExecuteError::UnknownTrigger)?;
        let position = active.definition.triggers.iter().position(|trigger| trigger.id == id.action);
        let position = position.ok_or_else(|| ExecuteError::UnknownTrigger(id.clone()))?;
        Ok(Found { active, position })
    }

    async fn begin_trigger<'a>(
        &'a self,
        found: &'a Found,
        asked: &'a TriggerExecution<'_>,
        body_bytes: usize,
    ) -> Result<Begun<'a>, ExecuteError> {
        let kept = [asked.state, asked.cursor].into_iter().flatten().map(|kept| kept.get().len());
        for bytes in kept.chain([body_bytes]) {
            fits(&found.active, bytes)?;
        }
        let trigger: &Trigger = &found.active.definition.triggers[found.position];
        self.begin(&found.active, &trigger.id, Some(&trigger.config_schema), &asked.execution).await
    }
}

impl TriggerExecution<'_> {
    fn of<'a>(&'a self, call: Call<'a>) -> TriggerCall<'a> {
        TriggerCall {
            call,
            state: self.state.map(RawValue::get),
            cursor: self.cursor.map(RawValue::get),
            callback_url: self.callback_url,
        }
    }
}
