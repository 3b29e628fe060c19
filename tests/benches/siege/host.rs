//! The host under siege: the program `workway`, in production mode, below a folder of its own.

use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use reqwest::Client;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use workway_tests::ADMIN_TOKEN;

use super::{attack::Attack, shared};

/// Integrations that every attack may call.
const GUESTS: [&str; 3] = ["hello", "endless-schema", "fetch-probe"];

pub struct HostProcess {
    child: Child,
    address: SocketAddr,
    _output: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl HostProcess {
    /// Starts a host whose honest users are served: it may still be loading what the attack put beside it.
    ///
    /// # Errors
    /// It ends before that.
    pub async fn start(attack: Attack, name_server: SocketAddr, total_memory: u64) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        for guest in GUESTS {
            shared::install(folder.path(), guest)?;
        }
        for (file, bytes) in attack.components() {
            std::fs::write(folder.path().join("plugins").join(file), bytes)?;
        }
        let config = format!("[limits]\ntotal_memory = {total_memory}\n[dns]\nservers = [\"{name_server}\"]\n");
        std::fs::write(folder.path().join("workway.toml"), config)?;
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/workway");
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "error"])
            .current_dir(folder.path())
            .env("WORKWAY_ADMIN_TOKEN", ADMIN_TOKEN)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("workway cannot be started: run `cargo xtask bench siege`, which builds it")?;
        let mut output = BufReader::new(child.stdout.take().context("the host has no standard output")?).lines();
        let line = output.next_line().await?.context("the host ended before it listened")?;
        let address: SocketAddr = line.trim_start_matches("listening on http://").parse().context(line.clone())?;
        let client = Client::new();
        for guest in GUESTS {
            let url = format!("http://{address}/registry/integrations/{guest}");
            while !client.get(&url).send().await?.status().is_success() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let approve = format!("http://{address}/registry/integrations/fetch-probe/approve");
        let approved = client.post(approve).bearer_auth(ADMIN_TOKEN).json(&serde_json::json!({})).send().await?;
        ensure!(approved.status().is_success(), "approving was answered {}", approved.status());
        Ok(Self { child, address, _output: output, _folder: folder })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Asks the host to end, and says how long it took.
    ///
    /// # Errors
    /// It failed, or does not end at all.
    pub async fn terminate(&mut self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let killed = Command::new("kill").arg(self.id().to_string()).status().await?;
        ensure!(killed.success(), "kill failed: the host has ended by itself");
        let status =
            tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await.context("it never ends")??;
        ensure!(status.success(), "the host ended with {status}");
        Ok(began.elapsed())
    }
}

/// The resident memory of a process and of its children.
///
/// # Errors
/// The process has ended.
pub fn resident_bytes_with_children(process: u32) -> anyhow::Result<u64> {
    let mut total = shared::resident_bytes_of(process)?;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let children = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        // A child that has just ended has no memory.
        total +=
            children.split_whitespace().filter_map(|id| shared::resident_bytes_of(id.parse().ok()?).ok()).sum::<u64>();
    }
    Ok(total)
}
