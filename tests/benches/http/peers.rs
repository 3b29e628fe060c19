//! The peer: `wasmtime serve` with a component that answers a constant over wasi:http.

use std::{path::Path, process::Stdio};

use anyhow::Context;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A running `wasmtime serve`.
pub struct WasmtimeServe {
    process: Child,
    url: String,
}

impl WasmtimeServe {
    pub async fn start() -> anyhow::Result<Self> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        let mut process = Command::new(target.join("tools/wasmtime/bin/wasmtime"))
            .args(["serve", "-O", "pooling-allocator=y", "-S", "cli", "--addr", "127.0.0.1:0"])
            .arg(target.join("guests/wasi-http-hello.wasm"))
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("wasmtime cannot be started: run `cargo xtask bench http`, which installs it")?;
        let stderr = process.stderr.take().context("wasmtime has no standard error")?;
        let mut lines = BufReader::new(stderr).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(at) = line.find("http://") {
                let url = line[at..].trim().to_owned();
                // Whatever it prints later is read, so that it never waits for us.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self { process, url });
            }
        }
        anyhow::bail!("wasmtime serve ended without saying where it listens")
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }
}
