//! Load by wrk, and its report as numbers.

use anyhow::Context;
use tokio::process::Command;

/// Seconds of one measurement.
const SECONDS: u32 = 4;

/// One target with its request.
pub struct Load {
    url: String,
    script: String,
}

/// What wrk reports.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub requests_per_second: f64,
    pub p50_us: f64,
    pub p99_us: f64,
}

impl Load {
    pub fn get(url: &str) -> Self {
        Self { url: url.to_owned(), script: String::new() }
    }

    pub fn post(url: &str, body: &str, token: Option<&str>) -> Self {
        let mut script = format!(
            "wrk.method = \"POST\"\nwrk.body = [[{body}]]\nwrk.headers[\"Content-Type\"] = \"application/json\"\n"
        );
        if let Some(token) = token {
            script.push_str(&format!("wrk.headers[\"Authorization\"] = \"Bearer {token}\"\n"));
        }
        Self { url: url.to_owned(), script }
    }

    /// # Errors
    /// wrk is absent, or an answer was not a success: then the figures would say nothing.
    pub async fn run(&self, connections: u32) -> anyhow::Result<Measured> {
        let folder = tempfile::tempdir()?;
        let script = folder.path().join("request.lua");
        std::fs::write(&script, &self.script)?;
        let output = Command::new("wrk")
            .args([
                "--threads",
                "1",
                "--connections",
                &connections.to_string(),
                "--duration",
                &format!("{SECONDS}s"),
                "--latency",
            ])
            .arg("--script")
            .arg(&script)
            .arg(&self.url)
            .output()
            .await
            .context("wrk cannot be started: run `cargo xtask bench http`, which installs it")?;
        let report = String::from_utf8_lossy(&output.stdout);
        anyhow::ensure!(output.status.success(), "wrk failed: {}", String::from_utf8_lossy(&output.stderr));
        anyhow::ensure!(
            !report.contains("Non-2xx") && !report.contains("Socket errors"),
            "{} failed requests:\n{report}",
            self.url
        );
        Measured::read(&report).with_context(|| format!("wrk reported something else:\n{report}"))
    }
}

impl Measured {
    fn read(report: &str) -> Option<Self> {
        let after = |label: &str| {
            let line = report.lines().find(|line| line.trim_start().starts_with(label))?;
            line.split_whitespace().nth(1)
        };
        Some(Self {
            requests_per_second: after("Requests/sec:")?.parse().ok()?,
            p50_us: in_microseconds(after("50%")?)?,
            p99_us: in_microseconds(after("99%")?)?,
        })
    }

    pub fn median(mut rounds: Vec<Self>) -> Self {
        rounds.sort_by(|a, b| a.requests_per_second.total_cmp(&b.requests_per_second));
        rounds[rounds.len() / 2]
    }
}

/// `12.34us`, `1.23ms` or `1.02s`.
fn in_microseconds(text: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    units.iter().find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
}
