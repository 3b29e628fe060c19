//! Starts the host that is fuzzed: a separate process in production mode, on a free port, with its own folder. It is
//! killed however the run ends. This module never sends it a request.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::outside::Outside;

/// The operator's token of this host.
pub const TOKEN: &str = "fuzz-operator-0123456789abcdef0123456789abcdef";
/// How many lines of the log are shown after a failure.
const SHOWN_LINES: usize = 40;

/// A running host, killed on drop.
pub struct Host {
    process: Child,
    url: String,
    log: PathBuf,
}

impl Host {
    /// Starts `program` on the components of `plugins` in `folder`, and waits until they are loaded.
    pub fn start(program: &Path, folder: &Path, outside: &Outside) -> Result<Self> {
        fs::write(folder.join("providers.toml"), &outside.providers)?;
        fs::write(folder.join("workway.toml"), settings(outside))?;
        let log = folder.join("host.log");
        let mut command = Command::new(program);
        command.current_dir(folder).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--plugins",
            "plugins",
            "--data",
            "data",
        ]);
        // The settings of the developer's own host do not apply.
        command.env_clear().env("WORKWAY_ADMIN_TOKEN", TOKEN).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.stderr(File::create(&log)?).spawn().context("cannot start the host")?;
        let said = process.stdout.take();
        let mut host = Self { process, url: String::new(), log };
        for line in BufReader::new(said.context("the host has no standard output")?).lines() {
            let line = line?;
            if let Some((_, url)) = line.split_once("listening on ") {
                host.url = url.to_owned();
            }
            if line.starts_with("ready: ") && !host.url.is_empty() {
                return Ok(host);
            }
        }
        host.show_log();
        bail!("the host ended before it was ready")
    }

    /// Its base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Fails if the host panicked: a panic in a detached task shows in no answer.
    pub fn check_log(&self) -> Result<()> {
        let log = fs::read_to_string(&self.log).context("cannot read the host's log")?;
        match log.lines().find(|line| line.contains("panicked")) {
            Some(line) => bail!("the host panicked: {line}"),
            None => Ok(()),
        }
    }

    /// Shows the end of the log. If it has warnings or errors, only these: most lines are requests.
    pub fn show_log(&self) {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let is_bad = |line: &&str| [" WARN ", " ERROR ", "panicked"].iter().any(|mark| line.contains(mark));
        let bad: Vec<&str> = log.lines().filter(is_bad).collect();
        let lines = if bad.is_empty() { log.lines().collect() } else { bad };
        eprintln!("      the host's log, {}, ends with", self.log.display());
        for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
            eprintln!("      {line}");
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns a configuration with which flows can start, since the host knows its address and is a client of every provider,
/// and in which no rate limit stops the run.
fn settings(outside: &Outside) -> String {
    let limits = "[accounts]\nattempts_per_address = 1000000\nattempts_per_email = 1000000\n";
    let mut text =
        limits.to_owned() + "[oauth]\npublic_url = \"http://localhost:8787\"\nproviders_file = \"providers.toml\"\n";
    for provider in &outside.clients {
        text.push_str(&format!("[providers.{provider}]\nclient_id = \"fuzz\"\n"));
    }
    text
}
