//! What the benches share: a median, the closing lines, and a host that asks for a token as production does.
#![allow(dead_code, reason = "each bench is a program of its own and uses what it needs")]

use std::{net::SocketAddr, path::Path, process::ExitCode, time::Duration};

use workway_host::settings::{Flags, Mode, Settings};
use workway_tests::ADMIN_TOKEN;

/// Which side of its limit a figure has to be on.
#[derive(Clone, Copy)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// One line of the closing report.
pub struct Bar {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub bound: Bound,
}

/// Prints one line a bar, last, and says by the exit code whether one is short.
pub fn close(bars: &[Bar]) -> ExitCode {
    let mut short = false;
    for Bar { name, value, unit, bound } in bars {
        let (limit, holds) = match *bound {
            Bound::AtMost(limit) => (limit, *value <= limit),
            Bound::AtLeast(limit) => (limit, *value >= limit),
        };
        short |= !holds;
        println!("bar: {name} {value:.3} {unit} (limit {limit}) {}", if holds { "ok" } else { "short" });
    }
    if short { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The value below which `share` of the samples lie. Sorts them.
pub fn quantile(samples: &mut [Duration], share: f64) -> Duration {
    samples.sort_unstable();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let index = ((samples.len() as f64 - 1.0) * share).round() as usize;
    samples.get(index).copied().unwrap_or_default()
}

pub fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The process's resident memory (proc(5), `statm`, second field, in pages of 4 KiB).
pub fn resident_bytes() -> anyhow::Result<u64> {
    resident_bytes_of(std::process::id())
}

/// The same of another process.
pub fn resident_bytes_of(process: u32) -> anyhow::Result<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm"))?;
    let pages = statm.split(' ').nth(1).ok_or_else(|| anyhow::anyhow!("statm has no second field"))?;
    Ok(pages.parse::<u64>()? * 4096)
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
pub fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Production on a free port, below `folder`, with `toml` as its configuration file.
pub fn settings(folder: &Path, toml: &str) -> anyhow::Result<Settings> {
    let config = folder.join("workway.toml");
    std::fs::write(&config, toml)?;
    std::fs::create_dir_all(folder.join("plugins"))?;
    Ok(Settings::load(Flags {
        mode: Some(Mode::Production),
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        plugins: Some(folder.join("plugins")),
        data: Some(folder.join("data")),
        config: Some(config),
        admin_token: Some(ADMIN_TOKEN.to_owned().into()),
        key: None,
        clients: Default::default(),
        worker: None,
    })?)
}

/// Drops a guest into the plugins folder below `folder`.
pub fn install(folder: &Path, name: &str) -> anyhow::Result<()> {
    let component = workway_tests::guest(name).ok_or_else(|| anyhow::anyhow!("guest {name} is not built"))?;
    std::fs::create_dir_all(folder.join("plugins"))?;
    std::fs::copy(component, folder.join("plugins").join(format!("{name}.wasm")))?;
    Ok(())
}
