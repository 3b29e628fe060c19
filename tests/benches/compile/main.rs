//! What an edit costs to compile, by each compiler, on this repository's integrations: the table that the choice for the
//! edit loop was made by. Every figure is the host's own account of a load.

#[path = "../shared/mod.rs"]
mod shared;

use std::path::PathBuf;

use tempfile::TempDir;
use workway_host::{registry::Activated, registry::Loading, sandbox::CodeSource};
use workway_tests::{TestHost, guest, plugin};

use shared::milliseconds;

/// Loads of each kind for a component that compiles fast; the least counts. Slow ones are loaded once.
const ROUNDS: u8 = 5;
const SMALL: usize = 1 << 20;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    println!(
        "{:<12} {:>8} {:>10} {:>12} {:>14} {:>14} {:>10}",
        "component", "KiB", "compiler", "first ms", "next build ms", "restarted ms", "kept ms"
    );
    let components = [
        ("slack", Some(plugin("slack"))),
        ("github", Some(plugin("github"))),
        ("javascript", guest("javascript")),
        ("python", guest("python")),
    ];
    for (name, path) in components {
        let Some(path) = path else {
            println!("skipped: {name}: its tools are absent, see `cargo xtask build-guests`");
            continue;
        };
        let bytes = std::fs::read(&path)?;
        let rounds = if bytes.len() < SMALL { ROUNDS } else { 1 };
        for cranelift in [true, false] {
            let mut least = [f64::MAX; 4];
            let mut compiler = String::new();
            for _ in 0..rounds {
                let (figures, made_by) = measure(&path, &bytes, cranelift).await?;
                least.iter_mut().zip(figures).for_each(|(least, figure)| *least = least.min(figure));
                compiler = made_by;
            }
            let [first, next, restarted, kept] = least;
            println!(
                "{name:<12} {:>8} {compiler:>10} {first:>12.1} {next:>14.1} {restarted:>14.1} {kept:>10.1}",
                bytes.len() / 1024
            );
        }
    }
    Ok(())
}

/// A first compile, one of another build with the same functions, another such one after a restart, and a restart with
/// nothing changed.
async fn measure(path: &PathBuf, bytes: &[u8], cranelift: bool) -> anyhow::Result<([f64; 4], String)> {
    let start = async |folder: TempDir| {
        let builder = TestHost::builder().quiet();
        let builder = if cranelift { builder.cranelift() } else { builder };
        builder.start_in(folder).await
    };
    let host = start(tempfile::tempdir()?).await;
    std::fs::copy(path, host.plugins().join("subject.wasm"))?;
    let first = load(&host).await?;
    let CodeSource::Compiled(compiler) = first.code else { anyhow::bail!("an empty cache had the code") };
    host.app().registry().finish_keeping().await;
    std::fs::write(host.plugins().join("subject.wasm"), build(bytes, 1))?;
    let next = load(&host).await?;
    let folder = host.finish_keeping().await;
    // The restarted host finds what it knows, and is then given a build that it does not.
    let host = start(folder).await;
    std::fs::write(host.plugins().join("subject.wasm"), build(bytes, 2))?;
    let restarted = load(&host).await?;
    std::fs::write(host.plugins().join("subject.wasm"), build(bytes, 1))?;
    let kept = load(&host).await?;
    anyhow::ensure!(kept.code == CodeSource::Cache, "the cache has lost the code");
    host.finish().await;
    let figures = [first, next, restarted, kept].map(|loading| milliseconds(loading.phases.compile));
    Ok((figures, format!("{compiler:?}").to_lowercase()))
}

async fn load(host: &TestHost) -> anyhow::Result<Loading> {
    match host.app().registry().register("subject.wasm".parse()?).await? {
        Activated::Serving(loading) => Ok(loading),
        other => anyhow::bail!("the component was not loaded: {other:?}"),
    }
}

/// The same functions in other bytes: a custom section whose name is one letter.
fn build(bytes: &[u8], number: u8) -> Vec<u8> {
    [bytes, &[0, 2, 1, b'a' + number]].concat()
}
