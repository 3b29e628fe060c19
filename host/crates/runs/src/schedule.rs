//! Starts the runs of schedules when their time has come.

use std::{collections::HashSet, time::Duration};

use serde_json::json;
use tokio_util::sync::CancellationToken;
use workway_model::Timestamp;
use workway_workflow::Trigger;

use crate::{Origin, RunStoreError, Started, TriggerKind, TriggerRow, engine::Engine, start::StartError};

/// How often schedules are looked at without being told: another process may have changed one, and the clock may be set.
const LOOK: Duration = Duration::from_secs(1);
/// The pause after a store that failed.
const PAUSE: Duration = Duration::from_millis(500);
/// Schedules that are read at once.
const AT_ONCE: u32 = 100;
/// Schedules that cannot be fired before the others have to wait for the next round.
const MOST_LATE: u32 = 1_000;

impl Engine {
    /// Fires schedules until `stop`.
    pub(crate) async fn keep_schedules(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let (due, most) = match self.fire_due().await {
                // What is due still could not be fired: it is tried again, but not at once.
                Ok(due) => (due.filter(|due| *due > self.clock.now()), LOOK),
                Err(error) => {
                    tracing::warn!(%error, "schedules cannot be read: trying again");
                    (None, PAUSE)
                }
            };
            tokio::select! {
                () = self.sleep_until(due, most) => {}
                () = self.schedules.notified() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Fires what is due, and returns when the next one is. A schedule that cannot be fired keeps no other one waiting.
    async fn fire_due(&self) -> Result<Option<Timestamp>, RunStoreError> {
        let mut seen = HashSet::new();
        let mut late: u32 = 0;
        loop {
            let most = AT_ONCE + late;
            let due = self.store.due_schedules(self.clock.now(), most).await?;
            let is_last = due.len() < most as usize;
            let mut is_any_new = false;
            for trigger in due {
                let TriggerKind::Schedule { next_at: Some(planned), .. } = trigger.kind else { continue };
                if !seen.insert((trigger.installation.clone(), planned)) {
                    continue;
                }
                is_any_new = true;
                if let Err(error) = self.fire(&trigger, planned).await {
                    tracing::warn!(installation = trigger.installation, %error, "a scheduled run is late");
                    late += 1;
                }
            }
            if is_last || !is_any_new || late >= MOST_LATE {
                return self.store.next_schedule().await;
            }
        }
    }

    async fn fire(&self, trigger: &TriggerRow, planned: Timestamp) -> Result<(), RunStoreError> {
        let Some(installation) = self.installations.find(&trigger.installation).await? else {
            return self.store.delete_trigger(&trigger.installation).await;
        };
        if installation.revision != trigger.revision || installation.is_paused || installation.is_uninstalled {
            return self.follow(&installation).await;
        }
        let schedule = match self.definition(&installation.definition).map(|definition| definition.trigger.clone()) {
            Ok(Trigger::Schedule(schedule)) => schedule,
            _ => return self.store.delete_trigger(&trigger.installation).await,
        };
        let plan = schedule.plan(planned, self.clock.now());
        if !plan.fire {
            return self.store.plan(&trigger.installation, planned, plan.next_at).await;
        }
        let scheduled_at = json!({ "scheduled_at": plan.scheduled_at.to_string() });
        let dedupe = format!("schedule:{}", planned.as_millis());
        let run = match self.new_run(&installation, Origin::Schedule, scheduled_at, Some(dedupe)) {
            Ok(run) => run,
            Err(StartError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(installation = trigger.installation, %error, "a schedule starts nothing");
                return self.store.plan(&trigger.installation, planned, plan.next_at).await;
            }
        };
        let id = run.id.clone();
        // If there is nothing, another worker was faster, or the schedule was changed.
        if self.store.fire(run, &self.settings.limits(), planned, plan.next_at).await? == Some(Started::New) {
            self.tell(&id);
            self.wake(&id);
        }
        Ok(())
    }
}
