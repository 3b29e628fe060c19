//! Keeps triggers in line with the installations that they follow from. Both are in different databases: an installation is
//! written first, and carries a revision that grows with every write. Its trigger is written after it, with the same revision. If the
//! host dies in between, the sweep at its next start finds the difference.

use std::{collections::HashMap, time::Duration};

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use workway_workflow::Trigger;

use crate::{Installation, RunStoreError, TriggerKind, TriggerRow, engine::Engine, inbox::CANCEL};

/// Installations that are compared at once.
const AT_ONCE: u32 = 500;
/// How often all are compared. A host that is down misses what other hosts write.
const SWEEP: Duration = Duration::from_secs(300);
/// The pause after a sweep that failed.
const PAUSE: Duration = Duration::from_secs(2);
/// Runs that are cancelled at once.
const CANCELLED_AT_ONCE: u32 = 100;

impl Engine {
    /// Writes the trigger of an installation as it is now. Cancels the runs of one that was uninstalled.
    pub(crate) async fn follow(&self, installation: &Installation) -> Result<(), RunStoreError> {
        if installation.is_uninstalled {
            self.store.delete_trigger(&installation.id).await?;
            self.cancel_all(&installation.id).await?;
        } else {
            let kind = match self.definition(&installation.definition).map(|definition| definition.trigger.clone()) {
                Ok(Trigger::Webhook { .. }) => installation
                    .webhook_token
                    .as_ref()
                    .map_or(TriggerKind::Manual, |token| TriggerKind::Webhook { token: hashed(token.expose_secret()) }),
                Ok(Trigger::Schedule(schedule)) => {
                    let parts = [schedule.cron(), schedule.timezone().name(), schedule.misfire().as_str()];
                    let next_at = schedule.next_after(self.clock.now());
                    TriggerKind::Schedule { config: hashed(&parts.join("\n")), next_at }
                }
                Ok(Trigger::Integration { .. } | Trigger::Manual) | Err(_) => TriggerKind::Manual,
            };
            let trigger = TriggerRow {
                installation: installation.id.clone(),
                owner: installation.owner.clone(),
                revision: installation.revision,
                kind,
                is_paused: installation.is_paused,
            };
            self.store.put_trigger(&trigger).await?;
        }
        self.schedules.notify_one();
        Ok(())
    }

    /// Cancels the runs of an installation that have not ended.
    async fn cancel_all(&self, installation: &str) -> Result<(), RunStoreError> {
        for status in crate::RunStatus::ALL.into_iter().filter(|status| !status.is_ended()) {
            let filter = crate::RunFilter {
                installation: Some(installation.to_owned()),
                status: Some(status),
                ..crate::RunFilter::default()
            };
            let mut after = None;
            loop {
                let page = self.store.list(&filter, after.as_ref(), CANCELLED_AT_ONCE).await?;
                for run in page.runs {
                    self.store.send(&run.id, CANCEL, Vec::new(), self.clock.now()).await?;
                    self.wake(&run.id);
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Sweeps at once and from time to time until `stop`.
    pub(crate) async fn keep_triggers(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.sweep().await {
                Ok(()) => SWEEP,
                Err(error) => {
                    tracing::warn!(%error, "triggers cannot be compared with installations: trying again");
                    PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Compares all installations with their triggers.
    async fn sweep(&self) -> Result<(), RunStoreError> {
        let mut known = HashMap::new();
        let mut after = String::new();
        loop {
            let page = self.store.trigger_revisions(&after, AT_ONCE).await?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            known.extend(page);
        }
        after.clear();
        loop {
            let page = self.installations.revisions(&after, AT_ONCE).await?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (id, revision) in page {
                if known.remove(&id) != Some(revision)
                    && let Some(found) = self.installations.find(&id).await?
                {
                    self.follow(&found).await?;
                }
            }
        }
        for gone in known.into_keys() {
            self.store.delete_trigger(&gone).await?;
        }
        Ok(())
    }
}

/// What is stored of the secret part of an address, and of what a schedule says.
pub(crate) fn hashed(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
