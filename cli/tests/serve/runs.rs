//! `kill -9` while workflows run: no run that was acknowledged is lost, and no step that ended is called again.

#[path = "../../../tests/benches/shared/kill.rs"]
mod kill;

use std::path::PathBuf;

use kill::kill_under_load;

const KILLS: u32 = 50;
const SEED: u64 = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_runs_loses_and_repeats_nothing_that_was_acknowledged() {
    let report = kill_under_load(PathBuf::from(env!("CARGO_BIN_EXE_workway")), KILLS, SEED).await;
    assert!(report.acknowledged > 0 && report.in_flight > 0, "nothing was under way: {report:?}");
    assert!(report.repeated <= report.in_flight, "{report:?}");
}
