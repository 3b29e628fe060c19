//! The host as a process of its own: what it takes to start and what memory it has are then the host's and not the bench's,
//! which seeds a database and makes up requests before.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::oneshot,
};
use workway_host::Host;

use super::shared;

/// The argument with which the bench's executable serves instead; folder and configuration follow.
pub const SERVE: &str = "--serve";

/// A host that is ready.
pub struct HostProcess {
    child: Child,
    address: SocketAddr,
    ready_in: Duration,
}

impl HostProcess {
    /// Starts a host in production mode below a folder.
    ///
    /// # Errors
    /// It ends before it is ready.
    pub async fn start(folder: &Path, config: &str) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .arg(SERVE)
            .arg(folder)
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("the host has no standard output")?;
        let line = BufReader::new(output).lines().next_line().await?.context("the host ended before it was ready")?;
        Ok(Self { child, address: line.parse()?, ready_in: began.elapsed() })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the start of the process until it was ready.
    pub fn ready_in(&self) -> Duration {
        self.ready_in
    }

    /// The process's resident memory.
    ///
    /// # Errors
    /// It has ended.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        shared::resident_bytes_of(self.child.id().context("the host has ended")?)
    }

    /// Ends the host, and waits for it.
    ///
    /// # Errors
    /// It failed.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait().await?;
        ensure!(status.success(), "the host ended with {status}");
        Ok(())
    }
}

/// Serves until standard input ends; prints the address when the host is ready.
///
/// # Errors
/// The host does not start, or fails.
pub async fn serve(folder: &Path, config: &str) -> anyhow::Result<()> {
    let host = Host::start(shared::settings(folder, config)?).await?;
    let address = host.address();
    let (ready, loaded) = oneshot::channel();
    let (end, ended) = oneshot::channel::<()>();
    // On a thread of its own: the runtime would wait for one of its own, even if the host has failed.
    std::thread::spawn(move || {
        // A broken pipe is an end, too.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(end);
    });
    let ended = async {
        // The sender is dropped, never used.
        let _ = ended.await;
    };
    let announced = async {
        loaded.await?;
        let mut output = std::io::stdout();
        writeln!(output, "{address}")?;
        output.flush()?;
        anyhow::Ok(())
    };
    let served = async { host.serve(ready, ended).await.map_err(anyhow::Error::from) };
    tokio::try_join!(served, announced).map(drop)
}
