//! Kills the program `workway` a thousand times while it runs workflows. `--kills N` and `--seed N` change how often and when.

#[path = "../shared/kill.rs"]
mod kill;
#[path = "../shared/mod.rs"]
mod shared;

use std::{path::Path, process::ExitCode};

use anyhow::Context;
use kill::kill_under_load;
use shared::{Bar, Bound, close, milliseconds};

const KILLS: u32 = 1_000;
const SEED: u64 = 20_261_129;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|one| one == name).and_then(|place| arguments.get(place + 1));
    let kills = value("--kills").map_or(Ok(KILLS), |text| text.parse()).context("--kills is a number")?;
    let seed = value("--seed").map_or(Ok(SEED), |text| text.parse()).context("--seed is a number")?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/workway");
    let report = kill_under_load(program, kills, seed).await;
    println!("{report:#?}");
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let repeated = report.repeated as f64 / (report.in_flight as f64).max(1.0);
    Ok(close(&[
        Bar { name: "repeated calls for each in flight", value: repeated, unit: "", bound: Bound::AtMost(1.0) },
        Bar {
            name: "slowest resume",
            value: milliseconds(report.slowest_resume),
            unit: "ms",
            bound: Bound::AtMost(1_000.0),
        },
    ]))
}
