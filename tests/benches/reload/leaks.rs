//! Many reloads in one process: memory, descriptors and mappings stay as they were after the first hundred.

use anyhow::ensure;
use workway_host::registry::Activated;
use workway_tests::plugin;

use crate::{
    shared::{Bar, Bound, mebibytes, resident_bytes},
    slack,
};

const RELOADS: u64 = 10_000;
const WARM_UP: u64 = 100;

pub async fn run() -> anyhow::Result<Vec<Bar>> {
    let host = slack::host().await?;
    let component = std::fs::read(plugin("slack"))?;
    let mut before = Taken::now()?;
    for number in 1..=RELOADS {
        // The watcher reads it too, and finds nothing to do or is first: either way it is loaded once.
        std::fs::write(host.plugins().join("slack.wasm"), slack::version(&component, number)?)?;
        let loaded = host.app().registry().register("slack.wasm".parse()?).await;
        ensure!(matches!(loaded, Ok(Activated::Serving(_) | Activated::Unchanged(_))), "reload {number}: {loaded:?}");
        if number == WARM_UP {
            host.app().registry().finish_keeping().await;
            before = Taken::now()?;
            println!("after {number} reloads: {before}");
        } else if number % 1_000 == 0 {
            println!("after {number} reloads: {}", Taken::now()?);
        }
    }
    host.app().registry().finish_keeping().await;
    let after = Taken::now()?;
    println!("at the end: {after}");
    host.finish().await;
    let more = |after: usize, before: usize| f64::from(u32::try_from(after.saturating_sub(before)).unwrap_or(u32::MAX));
    Ok(vec![
        Bar {
            name: "reload_rss_growth",
            value: mebibytes(after.resident) / mebibytes(before.resident),
            unit: "times",
            bound: Bound::AtMost(1.1),
        },
        Bar {
            name: "reload_descriptors_more",
            value: more(after.descriptors, before.descriptors),
            unit: "descriptors",
            bound: Bound::AtMost(SLACK),
        },
        Bar {
            name: "reload_mappings_more",
            value: more(after.mappings, before.mappings),
            unit: "mappings",
            bound: Bound::AtMost(10.0 * SLACK),
        },
    ])
}

/// A few come and go with threads and connections; a leak of 9,900 reloads is far more.
const SLACK: f64 = 10.0;

/// What the process holds of the system.
struct Taken {
    resident: u64,
    descriptors: usize,
    mappings: usize,
}

impl Taken {
    fn now() -> anyhow::Result<Self> {
        Ok(Self {
            resident: resident_bytes()?,
            descriptors: std::fs::read_dir("/proc/self/fd")?.count(),
            mappings: std::fs::read_to_string("/proc/self/maps")?.lines().count(),
        })
    }
}

impl std::fmt::Display for Taken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { resident, descriptors, mappings } = self;
        write!(formatter, "{:.1} MiB, {descriptors} descriptors, {mappings} mappings", mebibytes(*resident))
    }
}
