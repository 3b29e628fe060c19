//! What schemas cost that are made to cost much: loading each, and checking its worst values, of up to 10 MiB.

#[path = "../../../host/crates/model/tests/hostile/mod.rs"]
mod hostile;
#[path = "../shared/mod.rs"]
mod shared;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use workway_host::model::Schema;

use shared::{Bar, Bound, close, milliseconds, quantile};

/// How often each is measured. The median counts.
const ROUNDS: usize = 3;
/// The limit of a check, in milliseconds.
const LIMIT: f64 = 50.0;

fn main() -> ExitCode {
    let (mut kinds, mut check) = (0, Duration::ZERO);
    for hostile in hostile::all() {
        kinds += 1;
        let (schema, values) = (hostile.make)();
        let text = schema.to_string();
        let (loaded, parsed) = measure(|| Schema::parse(&text));
        let outcomes = match parsed {
            Err(_) => "refused".to_owned(),
            Ok(schema) => {
                let checks = values.iter().map(|value| {
                    let (checked, outcome) = measure(|| schema.validate(value));
                    check = check.max(checked);
                    format!("{:.2} ms {}", milliseconds(checked), if outcome.is_ok() { "right" } else { "wrong" })
                });
                checks.collect::<Vec<_>>().join(", ")
            }
        };
        println!("{:<44} load {:>6.2} ms, checks: {outcomes}", hostile.name, milliseconds(loaded));
    }
    println!("{kinds} kinds of schemas");
    close(&[Bar { name: "hostile_check", value: milliseconds(check), unit: "ms", bound: Bound::AtMost(LIMIT) }])
}

/// The median time of some rounds, and what the last one gave.
fn measure<T>(work: impl Fn() -> T) -> (Duration, T) {
    let round = || {
        let started = Instant::now();
        let made = work();
        (started.elapsed(), made)
    };
    let mut times: Vec<Duration> = (1..ROUNDS).map(|_| round().0).collect();
    let (last, made) = round();
    times.push(last);
    (quantile(&mut times, 0.5), made)
}
