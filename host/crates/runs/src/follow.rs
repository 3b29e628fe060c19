//! Keeps triggers in line with the installations that they follow from. Both are in different databases: an installation is
//! written first, and carries a revision that grows with every write. Its trigger is written after it, with the same revision. If the
//! host dies in between, the sweep at its next start finds the difference.

use std::{collections::HashMap, time::Duration};

use futures_util::future::try_join_all;
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
                // Together: the store commits what waits at once.
                let runs = page.runs.into_iter().map(|run| async move {
                    self.store.send(&run.id, CANCEL, Vec::new(), self.clock.now()).await?;
                    self.wake(&run.id);
                    Ok::<_, RunStoreError>(())
                });
                try_join_all(runs).await?;
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

    /// Whether the schedule of an installation has no next time.
    async fn is_unplanned(&self, installation: &str) -> Result<bool, RunStoreError> {
        let trigger = self.store.trigger(installation).await?;
        Ok(trigger.is_some_and(|trigger| matches!(trigger.kind, TriggerKind::Schedule { next_at: None, .. })))
    }

    /// Compares all installations with their triggers. Triggers are read first, so that none can be newer than its installation.
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
        let are_some_unplanned = self.store.counts(self.clock.now()).await?.schedules_without_next > 0;
        loop {
            let page = self.installations.revisions(&after, AT_ONCE).await?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (id, revision) in page {
                let known = known.remove(&id);
                if known.is_some_and(|known| known > revision) {
                    // The installations were restored from a backup.
                    self.store.delete_trigger(&id).await?;
                }
                let is_followed = known == Some(revision) && !(are_some_unplanned && self.is_unplanned(&id).await?);
                if !is_followed && let Some(found) = self.installations.find(&id).await? {
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
