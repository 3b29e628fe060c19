//! What the SDK costs in the sandbox: one action of Slack's written with it and without it, called in turns with the same
//! upstream of fixtures, and the sizes of both components. And what a case of `plugins/slack` takes in the test kit.

#[path = "../shared/mod.rs"]
mod shared;

use std::{fs, path::Path, process::ExitCode, time::Duration};

use workway_host::testkit::{Case, Kit, Suite};
use workway_tests::{guest, plugin};

use shared::{Bar, Bound, close, microseconds, milliseconds, quantile};

const ROUNDS: usize = 20;
const CALLS_PER_ROUND: usize = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (raw, sdk) = (component("slack-raw")?, component("slack-sdk")?);
    let posting = Suite::read(&here.join("guests/cases/slack.yaml"))?.cases.swap_remove(0);
    let (raw_kit, sdk_kit) = (Kit::mock(&raw).await?, Kit::mock(&sdk).await?);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    // The first round warms slots and caches and is thrown away.
    for round in 0..=ROUNDS {
        let (one, other) = (time(&raw_kit, &posting).await?, time(&sdk_kit, &posting).await?);
        if round > 0 {
            without.extend(one);
            with.extend(other);
        }
    }
    let ratio = quantile(&mut with, 0.5).as_secs_f64() / quantile(&mut without, 0.5).as_secs_f64();
    for (name, times, bytes) in [("wit-bindgen", &mut without, raw.len()), ("workway-sdk", &mut with, sdk.len())] {
        let (median, worst) = (quantile(times, 0.5), quantile(times, 0.99));
        let (median, worst) = (microseconds(median), microseconds(worst));
        println!("{name:<12} {median:>8.1} µs median {worst:>8.1} µs p99, component of {bytes} bytes");
    }
    let hello = component("hello")?.len();
    let slowest = slowest_case(&here.join("../plugins/slack/tests")).await?;
    Ok(close(&[
        Bar { name: "sdk_time_ratio", value: ratio, unit: "times", bound: Bound::AtMost(1.1) },
        Bar { name: "sdk_size_ratio", value: share(sdk.len(), raw.len()), unit: "times", bound: Bound::AtMost(1.25) },
        Bar { name: "hello_size", value: share(hello, 1_000), unit: "KB", bound: Bound::AtMost(200.0) },
        Bar { name: "slack_case", value: milliseconds(slowest), unit: "ms", bound: Bound::AtMost(20.0) },
    ]))
}

fn component(name: &str) -> anyhow::Result<Vec<u8>> {
    let path = guest(name).ok_or_else(|| anyhow::anyhow!("guest {name} is not built"))?;
    Ok(fs::read(path)?)
}

async fn time(kit: &Kit, case: &Case) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(CALLS_PER_ROUND);
    for _ in 0..CALLS_PER_ROUND {
        let report = kit.run(case).await;
        anyhow::ensure!(report.passed(), "{}", report.problems.join("\n"));
        times.push(report.elapsed);
    }
    Ok(times)
}

/// Each case of the plugin once, as its developer runs them: nothing is warm but the component.
async fn slowest_case(folder: &Path) -> anyhow::Result<Duration> {
    let kit = Kit::mock(&fs::read(plugin("slack"))?).await?;
    let mut slowest = Duration::ZERO;
    for suite in Suite::read_folder(folder)? {
        for case in &suite.cases {
            let report = kit.run(case).await;
            anyhow::ensure!(report.passed(), "{}: {}", report.name, report.problems.join("\n"));
            println!("{:<50} {:>8.2} ms", report.name, milliseconds(report.elapsed));
            slowest = slowest.max(report.elapsed);
        }
    }
    Ok(slowest)
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn share(bytes: usize, of: usize) -> f64 {
    bytes as f64 / of as f64
}
