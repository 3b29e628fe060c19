//! What validating a definition takes, from the text to the list of problems: a workflow of 200 steps as people write it, and
//! texts of 256 KiB that are made to take long, against schemas that are made for that, too.

mod catalogue;
#[path = "../shared/mod.rs"]
mod shared;
mod texts;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use workway_host::workflow::{CheckReport, WorkflowDefinition, bounds::MAX_BYTES, check};

use catalogue::Catalogue;
use shared::{Bar, Bound, close, milliseconds, quantile};

/// How often each text is validated. The median counts.
const ROUNDS: usize = 5;
/// Longest for 200 steps, in milliseconds.
const STEPS_LIMIT: f64 = 20.0;
/// Longest for the worst text, in milliseconds.
const WORST_LIMIT: f64 = 200.0;

fn main() -> anyhow::Result<ExitCode> {
    let catalogue = Catalogue::new()?;
    let (typical, found) = measure(&texts::typical(), &catalogue);
    anyhow::ensure!(found == (0, 0), "the workflow of 200 steps has problems: {found:?}");
    println!("{:<44} {:>8.2} ms", "200 steps", milliseconds(typical));
    let mut worst = Duration::ZERO;
    for (name, text) in texts::hostile() {
        anyhow::ensure!(text.len() <= MAX_BYTES, "{name} has {} bytes", text.len());
        let (taken, (refusals, problems)) = measure(&text, &catalogue);
        let (size, taken_ms) = (text.len(), milliseconds(taken));
        println!("{name:<44} {taken_ms:>8.2} ms {size:>7} bytes, {refusals} faults of form, {problems} problems");
        worst = worst.max(taken);
    }
    let bar = |name, value, limit| Bar { name, value: milliseconds(value), unit: "ms", bound: Bound::AtMost(limit) };
    Ok(close(&[
        bar("definition_of_200_steps", typical, STEPS_LIMIT),
        bar("definition_of_256_kib_worst", worst, WORST_LIMIT),
    ]))
}

/// The median time, and how many faults of form and other problems were found.
fn measure(text: &str, catalogue: &Catalogue) -> (Duration, (usize, usize)) {
    let mut times = Vec::with_capacity(ROUNDS);
    let mut found = (0, 0);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        found = validate(text, catalogue);
        times.push(started.elapsed());
    }
    (quantile(&mut times, 0.5), found)
}

fn validate(text: &str, catalogue: &Catalogue) -> (usize, usize) {
    match WorkflowDefinition::from_yaml(text) {
        Ok(definition) => {
            let CheckReport { errors, warnings } = check(&definition, catalogue);
            (0, errors.len() + warnings.len())
        }
        Err(error) => (error.problems.len(), 0),
    }
}
