//! What an expression may cost: the slowest and the largest evaluation that a search finds. It starts from the costliest expressions of
//! earlier searches, in `corpus.txt`, and goes on with changes of these: `--minutes 10` searches for ten minutes, `--keep` writes
//! what it found back.

#[path = "../shared/mod.rs"]
mod shared;
mod words;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context;
use peak_alloc::PeakAlloc;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::Value;
use workway_host::{
    model::Timestamp,
    workflow::{
        Expression, Scope,
        bounds::{MAX_EXPRESSION_CHARS, MAX_FUEL},
    },
};

use shared::{Bar, Bound, close, milliseconds};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The limits of one evaluation.
const LIMIT_MS: f64 = 50.0;
const LIMIT_MIB: f64 = 32.0;
/// How many expressions are kept.
const KEPT: usize = 100;
/// How long it searches if nothing is said.
const MINUTES: f64 = 0.5;

/// An expression, and what it costs.
struct Found {
    source: String,
    time: Duration,
    mib: f64,
}

/// Keeps the slowest and the largest, each as many.
fn keep(found: &mut Vec<Found>) {
    found.sort_by_key(|found| std::cmp::Reverse(found.time));
    let mut others = found.split_off(found.len().min(KEPT / 2));
    others.sort_by(|one, other| other.mib.total_cmp(&one.mib));
    found.extend(others.into_iter().take(KEPT / 2));
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    let minutes =
        arguments.iter().position(|argument| argument == "--minutes").and_then(|place| arguments.get(place + 1));
    let minutes: f64 = minutes.map_or(Ok(MINUTES), |minutes| minutes.parse()).context("--minutes takes a number")?;
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/expressions/corpus.txt");
    let data = words::data();
    let mut random = TestRng::from_seed(RngAlgorithm::XorShift, &[7; 16]);
    let mut kept: Vec<Found> = fs::read_to_string(&corpus)
        .context("cannot read the corpus")?
        .lines()
        .filter_map(|source| cost(source, &data))
        .collect();
    let (mut tried, mut valued) = (0_u64, 0_u64);
    let ends = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    while Instant::now() < ends {
        let source = words::changed(&kept.iter().map(|found| found.source.as_str()).collect::<Vec<_>>(), &mut |most| {
            usize::try_from(random.next_u64()).unwrap_or(0) % most
        });
        tried += 1;
        let Some(found) = Some(source)
            .filter(|source| source.chars().count() <= MAX_EXPRESSION_CHARS)
            .and_then(|source| cost(&source, &data))
        else {
            continue;
        };
        valued += 1;
        if kept.iter().all(|other| other.source != found.source) {
            kept.push(found);
            keep(&mut kept);
        }
    }
    for found in kept.iter().take(5) {
        println!("{:>8.2} ms {:>6.2} MiB  {:.120}", milliseconds(found.time), found.mib, found.source);
    }
    println!("{tried} expressions tried, {valued} of them well-formed");
    if arguments.iter().any(|argument| argument == "--keep") {
        fs::write(&corpus, kept.iter().map(|found| format!("{}\n", found.source)).collect::<String>())?;
    }
    let slowest = kept.iter().map(|found| milliseconds(found.time)).fold(0.0, f64::max);
    let largest = kept.iter().map(|found| found.mib).fold(0.0, f64::max);
    Ok(close(&[
        Bar { name: "expression_time", value: slowest, unit: "ms", bound: Bound::AtMost(LIMIT_MS) },
        Bar { name: "expression_memory", value: largest, unit: "MiB", bound: Bound::AtMost(LIMIT_MIB) },
    ]))
}

/// What parsing and evaluating costs; `None` for what is no expression. The faster of two runs counts: the first may wait for memory.
fn cost(source: &str, data: &Value) -> Option<Found> {
    let run = || {
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let started = Instant::now();
        let expression = Expression::parse(source).ok()?;
        // An error costs as well.
        let _ = expression
            .evaluate(&Scope { data, layers: &[], now: Timestamp::UNIX_EPOCH, secrets: &BTreeMap::new() }, MAX_FUEL);
        let time = started.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "a figure to print")]
        let mib = MEMORY.peak_usage().saturating_sub(before) as f64 / f64::from(1 << 20);
        Some(Found { source: source.to_owned(), time, mib })
    };
    let (one, other) = (run()?, run()?);
    Some(if one.time < other.time { one } else { other })
}
