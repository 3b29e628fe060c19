//! Replaces a component under steady calls, and measures from the rename to the first answer of the new version.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde_json::Value;
use tokio::task::JoinSet;
use workway_host::registry::{Change, Follower, Notification, Phases};
use workway_tests::{Answer, TestHost};

use crate::shared::{milliseconds, quantile};

/// Calls that are begun in a second, whatever becomes of the ones before.
const CALLS_PER_SECOND: u32 = 50;

/// From an answer to the next replacement. Saves are seconds apart: what one has left to be written is done by the next.
const BETWEEN: Duration = Duration::from_millis(100);

/// An integration whose answers say which version gave them.
pub struct Subject {
    pub file: &'static str,
    pub action: &'static str,
    pub input: Value,
    /// The version's number in an answer; an error for one that no single version would give.
    pub version: fn(&Answer) -> anyhow::Result<u64>,
}

/// What was measured.
pub struct Measured {
    pub total: Vec<Duration>,
    pub phases: Vec<Phases>,
    /// Steady calls that were answered.
    pub calls: usize,
    /// Answers that were errors, of no single version, or of one that had been replaced when the call began.
    pub wrong: usize,
}

/// Puts each of `versions` (numbered from 1) in the place of the one before.
pub async fn replace(
    host: Arc<TestHost>,
    subject: Arc<Subject>,
    versions: impl Iterator<Item = anyhow::Result<Vec<u8>>>,
) -> anyhow::Result<Measured> {
    // The newest version that was seen to answer: a call that begins later may not be answered by an older one.
    let newest = Arc::new(AtomicU64::new(0));
    let steady = tokio::spawn(steady_calls(host.clone(), subject.clone(), newest.clone()));
    let mut follower = host.app().registry().follow()?;
    let mut measured = Measured { total: Vec::new(), phases: Vec::new(), calls: 0, wrong: 0 };
    for (number, bytes) in (1..).zip(versions) {
        tokio::time::sleep(BETWEEN).await;
        let renamed = drop_in(&host, subject.file, &bytes?)?;
        // Asking until the answer is new would take the compiler's time away.
        let phases = reloaded(&mut follower).await?;
        let answer = host.execute(subject.action, subject.input.clone()).await;
        measured.total.push(renamed.elapsed());
        let version = (subject.version)(&answer)?;
        ensure!(version == number, "version {number} was told of and {version} answered");
        newest.store(number, Ordering::SeqCst);
        measured.phases.push(phases);
    }
    newest.store(u64::MAX, Ordering::SeqCst);
    (measured.calls, measured.wrong) = steady.await??;
    Ok(measured)
}

/// Begins calls at a steady rate until the last version was seen. Answers how many there were, and how many wrong.
async fn steady_calls(
    host: Arc<TestHost>,
    subject: Arc<Subject>,
    newest: Arc<AtomicU64>,
) -> anyhow::Result<(usize, usize)> {
    let mut tick = tokio::time::interval(Duration::from_secs(1) / CALLS_PER_SECOND);
    let mut calls = JoinSet::new();
    while newest.load(Ordering::SeqCst) != u64::MAX {
        tick.tick().await;
        let (host, subject, newest) = (host.clone(), subject.clone(), newest.clone());
        calls.spawn(async move {
            let least = newest.load(Ordering::SeqCst);
            let answer = host.execute(subject.action, subject.input.clone()).await;
            let version = (subject.version)(&answer);
            let right = version.as_ref().is_ok_and(|version| *version >= least || least == u64::MAX);
            if !right {
                let version = version.map_or_else(|error| error.to_string(), |version| format!("version {version}"));
                println!("wrong, after version {least} had answered: {version}");
            }
            right
        });
    }
    let results = calls.join_all().await;
    Ok((results.len(), results.iter().filter(|right| !**right).count()))
}

/// Writes beside and renames over, as builds do. Answers when the rename was done.
fn drop_in(host: &TestHost, file: &str, bytes: &[u8]) -> anyhow::Result<Instant> {
    let temporary = host.plugins().join(".incoming");
    std::fs::write(&temporary, bytes)?;
    std::fs::rename(&temporary, Path::new(&host.plugins()).join(file))?;
    Ok(Instant::now())
}

/// The phases of the load that the follower is told of next.
async fn reloaded(follower: &mut Follower) -> anyhow::Result<Phases> {
    match follower.next().await {
        Some(Notification::Event(event)) => match &event.change {
            Change::Reloaded(loading) => Ok(loading.phases),
            other => anyhow::bail!("{} did not reload: {other:?}", event.file),
        },
        told => anyhow::bail!("no event but {told:?}"),
    }
}

impl Measured {
    /// Prints the table and answers p50, p99, and the p50 of what is not compiling, in milliseconds.
    pub fn print(&mut self, what: &str) -> [f64; 3] {
        let mut rest: Vec<Duration> =
            self.total.iter().zip(&self.phases).map(|(total, phases)| total.saturating_sub(phases.compile)).collect();
        let mut compile: Vec<Duration> = self.phases.iter().map(|phases| phases.compile).collect();
        let mut describe: Vec<Duration> = self.phases.iter().map(|phases| phases.describe).collect();
        println!("{what}: {} replacements under {CALLS_PER_SECOND} calls/s ({} calls)", self.total.len(), self.calls);
        println!("{:<34} {:>9} {:>9} {:>9}", "", "p50 ms", "p95 ms", "p99 ms");
        let row = |name: &str, samples: &mut Vec<Duration>| {
            let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| milliseconds(quantile(samples, share)));
            println!("{name:<34} {p50:>9.1} {p95:>9.1} {p99:>9.1}");
            [p50, p99]
        };
        let [p50, p99] = row("rename to first new answer", &mut self.total);
        row("  of that compiling", &mut compile);
        row("  of that describe and checks", &mut describe);
        let [rest, _] = row("  of that all but compiling", &mut rest);
        [p50, p99, rest]
    }
}
