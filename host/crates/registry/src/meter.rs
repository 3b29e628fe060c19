//! Counters of one action's calls, made when it is activated so that a call only adds to them.

use std::{sync::Arc, time::Duration};

use metrics::{Counter, Histogram, counter, histogram};
use workway_model::{IntegrationId, LocalId};

/// How a call ended, as the label `outcome` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    /// The guest reported a failure.
    Failed,
    /// A limit ended it.
    Limited,
    /// The guest broke.
    Crashed,
    /// The host is to blame.
    Host,
}

/// One action's counters.
pub(super) struct Meter {
    ok: Counter,
    failed: Counter,
    limited: Counter,
    crashed: Counter,
    host: Counter,
    seconds: Histogram,
}

impl Meter {
    pub(super) fn new(
        recorder: &Arc<dyn metrics::Recorder + Send + Sync>,
        integration: &IntegrationId,
        action: &LocalId,
    ) -> Self {
        let count = |outcome: &'static str| {
            let (integration, action) = (integration.to_string(), action.to_string());
            counter!("workway_calls_total", "integration" => integration, "action" => action, "outcome" => outcome)
        };
        metrics::with_local_recorder(recorder, || Self {
            ok: count("ok"),
            failed: count("failed"),
            limited: count("limited"),
            crashed: count("crashed"),
            host: count("host"),
            seconds: histogram!("workway_call_seconds", "integration" => integration.to_string()),
        })
    }

    pub(super) fn record(&self, outcome: Outcome, elapsed: Duration) {
        match outcome {
            Outcome::Ok => &self.ok,
            Outcome::Failed => &self.failed,
            Outcome::Limited => &self.limited,
            Outcome::Crashed => &self.crashed,
            Outcome::Host => &self.host,
        }
        .increment(1);
        self.seconds.record(elapsed.as_secs_f64());
    }
}
