//! Ten honest users call an action while one attacker at a time attacks a host with 1 GiB of memory. Each has its own address.
//! During every attack, no honest request may fail or wait long, memory must stay below the limit, and the host must end soon
//! after SIGTERM.
//!
//! `cargo xtask bench siege` builds the program `workway`, which this starts. `--attack NAME` runs one attack only.

mod attack;
mod client;
mod host;
mod name_server;
#[path = "../shared/mod.rs"]
mod shared;

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use attack::Attack;
use client::User;
use host::HostProcess;
use shared::{Bar, Bound, close, mebibytes, milliseconds, quantile};

const TOTAL_MEMORY: u64 = 1 << 30;
const HONEST_USERS: u8 = 10;
/// How long each attack lasts before the host is asked to end.
const ATTACK_TIME: Duration = Duration::from_secs(8);
/// How long a user thinks between two calls.
const THINKING: Duration = Duration::from_millis(20);
/// How often the host's memory is looked at.
const SAMPLING: Duration = Duration::from_millis(50);

/// What one attack came to.
struct Outcome {
    calls: usize,
    failures: Vec<String>,
    p50: Duration,
    p99: Duration,
    resident_bytes: u64,
    exit: Duration,
    /// What the attacker reports of itself: without it, an attack that did nothing would look well withstood.
    attacker: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    let only = arguments.iter().position(|argument| argument == "--attack").and_then(|at| arguments.get(at + 1));
    let mut worst = Outcome::nothing();
    println!(
        "{:<16} {:>8} {:>9} {:>9} {:>9} {:>8} {:>8}  attacker",
        "attack", "calls", "failures", "p50 ms", "p99 ms", "MiB", "exit s"
    );
    for attack in Attack::ALL.into_iter().filter(|attack| only.is_none_or(|only| only == attack.name())) {
        let outcome = besiege(attack).await?;
        println!(
            "{:<16} {:>8} {:>9} {:>9.2} {:>9.2} {:>8.0} {:>8.2}  {}",
            attack.name(),
            outcome.calls,
            outcome.failures.len(),
            milliseconds(outcome.p50),
            milliseconds(outcome.p99),
            mebibytes(outcome.resident_bytes),
            outcome.exit.as_secs_f64(),
            outcome.attacker
        );
        for failure in outcome.failures.iter().take(3) {
            println!("    {failure}");
        }
        worst = worst.or(outcome);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count to be read")]
    let failures = worst.failures.len() as f64;
    Ok(close(&[
        Bar { name: "siege_failures", value: failures, unit: "requests", bound: Bound::AtMost(0.0) },
        Bar { name: "siege_p99", value: milliseconds(worst.p99), unit: "ms", bound: Bound::AtMost(50.0) },
        Bar {
            name: "siege_resident",
            value: mebibytes(worst.resident_bytes),
            unit: "MiB",
            bound: Bound::AtMost(mebibytes(TOTAL_MEMORY)),
        },
        Bar { name: "siege_exit", value: worst.exit.as_secs_f64(), unit: "s", bound: Bound::AtMost(12.0) },
    ]))
}

impl Outcome {
    fn nothing() -> Self {
        Self {
            calls: 0,
            failures: Vec::new(),
            p50: Duration::ZERO,
            p99: Duration::ZERO,
            resident_bytes: 0,
            exit: Duration::ZERO,
            attacker: String::new(),
        }
    }

    /// The worse of both in every respect.
    fn or(mut self, other: Self) -> Self {
        self.failures.extend(other.failures);
        Self {
            p99: self.p99.max(other.p99),
            resident_bytes: self.resident_bytes.max(other.resident_bytes),
            exit: self.exit.max(other.exit),
            ..self
        }
    }
}

async fn besiege(attack: Attack) -> anyhow::Result<Outcome> {
    let names = name_server::start().await?;
    let mut host = HostProcess::start(attack, names, TOTAL_MEMORY).await?;
    let address = host.address();
    let mut users = Vec::new();
    for number in 0..HONEST_USERS {
        users.push(User::register(address, [127, 0, 1, number + 1].into()).await?);
    }
    let attacker = User::register(address, [127, 0, 2, 1].into()).await?;
    let running = Arc::new(AtomicBool::new(true));
    let mut honest = JoinSet::new();
    for user in users {
        let running = Arc::clone(&running);
        honest.spawn(async move { call_until(user, &running).await });
    }
    let sampling = tokio::spawn(sample(host.id(), Arc::clone(&running)));
    let attacking = attack.begin(attacker)?;
    tokio::time::sleep(ATTACK_TIME).await;
    running.store(false, Ordering::Relaxed);
    let (mut times, mut failures) = (Vec::new(), Vec::new());
    for (own_times, own_failures) in honest.join_all().await {
        times.extend(own_times);
        failures.extend(own_failures);
    }
    let resident_bytes = sampling.await??;
    // The attack goes on while the host ends.
    let exit = host.terminate().await?;
    let attacker = attacking.finish();
    let (p50, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    Ok(Outcome { calls: times.len(), failures, p50, p99, resident_bytes, exit, attacker })
}

/// Calls `hello.echo` again and again.
async fn call_until(user: User, running: &AtomicBool) -> (Vec<Duration>, Vec<String>) {
    let (mut times, mut failures) = (Vec::new(), Vec::new());
    while running.load(Ordering::Relaxed) {
        let began = Instant::now();
        match user.execute("hello.echo", r#"{"message":"hello"}"#.to_owned()).await {
            Ok(200) => times.push(began.elapsed()),
            Ok(status) => failures.push(format!("an honest call was answered {status}")),
            Err(error) => failures.push(format!("an honest call failed: {error:#}")),
        }
        tokio::time::sleep(THINKING).await;
    }
    (times, failures)
}

/// The most resident memory of the host and the processes that it started.
async fn sample(process: u32, running: Arc<AtomicBool>) -> anyhow::Result<u64> {
    let mut most = 0;
    while running.load(Ordering::Relaxed) {
        most = most.max(host::resident_bytes_with_children(process)?);
        tokio::time::sleep(SAMPLING).await;
    }
    Ok(most)
}
