//! Four kinds of hostile guest, a thousand calls each, mixed with good calls: every bad call gets its typed error within
//! its limit, every good one its answer, and the process does not grow.

#[path = "../shared/mod.rs"]
mod shared;

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use tokio::{sync::Semaphore, task::JoinSet};
use workway_host::{
    app::App,
    model::{ActionId, UserId},
    registry::{ExecuteError, Execution},
    sandbox::{CallError, Limit},
};

use shared::{Bar, Bound, close, install, mebibytes, quantile, resident_bytes, settings};

/// Calls of each kind.
const CALLS: usize = 1_000;
/// Calls of each kind before the memory is looked at first: as many as it takes until every slot of the pool that the
/// mix uses has been used, each of which keeps 2 MiB.
const WARM_UP: usize = 300;
/// The memory is looked at after each of so many parts, to tell a leak from a plateau.
const QUARTERS: usize = 4;
/// Calls under way at once.
const PARALLEL: usize = 16;
/// A thousand endless loops of the default ten seconds would take most of three hours.
const CPU_MS: u64 = 20;
const CONFIG: &str = "[integrations.endless-loop.limits]\ncpu_ms = 20\n";

/// A kind of call and what has to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Good,
    Endless,
    Memory,
    Stack,
    Trap,
}

const KINDS: [Kind; 5] = [Kind::Good, Kind::Endless, Kind::Memory, Kind::Stack, Kind::Trap];

impl Kind {
    fn action(self) -> &'static str {
        match self {
            Self::Good => "hello.echo",
            Self::Endless => "endless-loop.spin",
            Self::Memory => "memory-bomb.grow",
            Self::Stack => "stack-overflow.recurse",
            Self::Trap => "trap.crash",
        }
    }

    fn is_right(self, result: &Result<Box<RawValue>, ExecuteError>) -> bool {
        match (self, result) {
            (Self::Good, Ok(output)) => output.get() == r#"{"message":"hello"}"#,
            (Self::Endless, Err(ExecuteError::Call(CallError::Limit(Limit::Cpu)))) => true,
            (Self::Memory, Err(ExecuteError::Call(CallError::Limit(Limit::Memory)))) => true,
            (Self::Stack, Err(ExecuteError::Call(CallError::Limit(Limit::Stack)))) => true,
            (Self::Trap, Err(ExecuteError::Call(CallError::Trapped(_)))) => true,
            _ => false,
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    for guest in ["hello", "endless-loop", "memory-bomb", "stack-overflow", "trap"] {
        install(folder.path(), guest)?;
    }
    let app = App::start(settings(folder.path(), CONFIG)?).await?;
    app.load().await?;

    mix(&app, WARM_UP).await?;
    let before = resident_bytes()?;
    let mut outcome = Outcome::default();
    let mut after = before;
    for quarter in 1..=QUARTERS {
        outcome.add(mix(&app, CALLS / QUARTERS).await?);
        after = resident_bytes()?;
        println!("resident: {:.1} MiB after quarter {quarter}", mebibytes(after));
    }
    app.close().await;

    for (kind, mut times) in KINDS.into_iter().zip(outcome.times) {
        let millis = |share, times: &mut [Duration]| quantile(times, share).as_secs_f64() * 1e3;
        println!(
            "{kind:?}: {} calls, {:.1} ms median, {:.1} ms longest",
            times.len(),
            millis(0.5, &mut times),
            millis(1.0, &mut times)
        );
    }
    println!("resident: {:.1} MiB after the warm-up, {:.1} MiB at the end", mebibytes(before), mebibytes(after));
    println!(
        "the CPU limit of the endless loop is {CPU_MS} ms, {PARALLEL} calls run at once on the cores of this machine"
    );
    Ok(close(&[
        Bar { name: "chaos_wrong_answers", value: outcome.wrong, unit: "calls", bound: Bound::AtMost(0.0) },
        Bar { name: "chaos_longest_call", value: outcome.longest.as_secs_f64(), unit: "s", bound: Bound::AtMost(30.0) },
        Bar {
            name: "chaos_rss_growth",
            value: mebibytes(after) / mebibytes(before),
            unit: "times",
            bound: Bound::AtMost(1.1),
        },
    ]))
}

#[derive(Default)]
struct Outcome {
    /// In the order of [`KINDS`].
    times: [Vec<Duration>; KINDS.len()],
    wrong: f64,
    longest: Duration,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        for (all, more) in self.times.iter_mut().zip(other.times) {
            all.extend(more);
        }
        self.wrong += other.wrong;
        self.longest = self.longest.max(other.longest);
    }
}

/// Calls each kind `calls` times, in turn, with [`PARALLEL`] of them under way.
async fn mix(app: &App, calls: usize) -> anyhow::Result<Outcome> {
    let gate = Arc::new(Semaphore::new(PARALLEL));
    let mut running = JoinSet::new();
    for number in 0..calls * KINDS.len() {
        let kind = KINDS[number % KINDS.len()];
        let permit = Arc::clone(&gate).acquire_owned().await?;
        let app = app.clone();
        running.spawn(async move {
            let started = Instant::now();
            let right = call(&app, kind).await?;
            drop(permit);
            anyhow::Ok((number % KINDS.len(), started.elapsed(), right))
        });
    }
    let mut outcome = Outcome::default();
    while let Some(ended) = running.join_next().await {
        let (kind, elapsed, right) = ended??;
        outcome.longest = outcome.longest.max(elapsed);
        if !right {
            outcome.wrong += 1.0;
        }
        outcome.times[kind].push(elapsed);
    }
    Ok(outcome)
}

async fn call(app: &App, kind: Kind) -> anyhow::Result<bool> {
    let action: ActionId = kind.action().parse()?;
    let user: UserId = "operator".parse()?;
    let input = if kind == Kind::Good { r#"{"message":"hello"}"# } else { "{}" };
    let input = RawValue::from_string(input.to_owned())?;
    let result = app
        .registry()
        .execute(
            &action,
            Execution {
                user: &user,
                input: &input,
                share: app.registry().share(),
                run_id: "bench",
                step_id: None,
                attempt: 1,
                idempotency_key: None,
                connections: Default::default(),
            },
        )
        .await;
    let right = kind.is_right(&result);
    if !right {
        println!("{kind:?} gave {result:?}");
    }
    Ok(right)
}
