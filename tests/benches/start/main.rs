//! A start with a hundred integrations: from an empty cache, and from a warm one.

#[path = "../shared/mod.rs"]
mod shared;

use std::{
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::ensure;
use wasmtime::{Config, Engine, OptLevel, RegallocAlgorithm, Strategy, component::Component};
use workway_host::{
    app::App,
    settings::{Flags, Mode, Settings},
};
use workway_tests::plugin;

use shared::{Bar, Bound, close, milliseconds, quantile};

const INTEGRATIONS: usize = 100;
/// Starts of each kind; the median counts.
const ROUNDS: usize = 5;
const COLD_ROUNDS: usize = 3;

fn main() -> anyhow::Result<ExitCode> {
    let cores = std::thread::available_parallelism()?.get();
    let component = std::fs::read(plugin("slack"))?;
    let components: Vec<Vec<u8>> = (0..INTEGRATIONS).map(|number| renamed(&component, number)).collect();
    let folder = tempfile::tempdir()?;
    let (none, many) = (folder.path().join("none"), folder.path().join("many"));
    for plugins in [&none, &many] {
        std::fs::create_dir(plugins)?;
    }
    for (number, bytes) in components.iter().enumerate() {
        std::fs::write(many.join(format!("s{number:04}.wasm")), bytes)?;
    }

    // With a cache of its own each time, so that each is cold; the machine's own figure in turns with it.
    let (mut cold, mut shared_out) = (Vec::new(), Vec::new());
    for round in 0..COLD_ROUNDS {
        cold.push(start(&many, &folder.path().join(format!("cold-{round}")), INTEGRATIONS)?);
        shared_out.push(compile(&components, cores)?);
    }
    let alone = compile(&components, 1)?;
    let warm_data = folder.path().join("cold-0");
    let (mut warm, mut empty) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        empty.push(start(&none, &folder.path().join("empty"), 0)?);
        warm.push(start(&many, &warm_data, INTEGRATIONS)?);
    }

    let [cold, shared_out, warm, empty] =
        [&mut cold, &mut shared_out, &mut warm, &mut empty].map(|samples| quantile(samples, 0.5));
    println!("{INTEGRATIONS} integrations of {} KiB, {cores} cores, development mode", component.len() / 1024);
    println!("ready with none:                    {:>9.1} ms", milliseconds(empty));
    println!("ready from a warm cache:            {:>9.1} ms", milliseconds(warm));
    println!("ready from a cold cache:            {:>9.1} ms", milliseconds(cold));
    println!("compiles alone, by one thread:      {:>9.1} ms", milliseconds(alone));
    println!("compiles alone, by a thread a core: {:>9.1} ms", milliseconds(shared_out));
    Ok(close(&[
        Bar {
            name: "start_warm_more_than_none",
            value: milliseconds(warm.saturating_sub(empty)),
            unit: "ms",
            bound: Bound::AtMost(150.0),
        },
        Bar {
            name: "start_cold_of_compiles_by_cores",
            value: cold.as_secs_f64() / shared_out.as_secs_f64(),
            unit: "times",
            bound: Bound::AtMost(1.2),
        },
    ]))
}

/// Starts a host and loads everything. A runtime of its own each time, as a process has.
fn start(plugins: &Path, data: &Path, wanted: usize) -> anyhow::Result<Duration> {
    let settings = Settings::load(Flags {
        mode: Some(Mode::Development),
        listen: Some(([127, 0, 0, 1], 0).into()),
        plugins: Some(plugins.to_owned()),
        data: Some(data.to_owned()),
        ..Flags::default()
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let took = runtime.block_on(async {
        let began = Instant::now();
        let app = App::start(settings).await?;
        app.load().await?;
        let took = began.elapsed();
        let snapshot = app.registry().snapshot();
        ensure!(snapshot.active().count() == wanted && snapshot.failures.is_empty(), "not all were loaded");
        app.close().await;
        Ok(took)
    })?;
    Ok(took)
}

/// The time that the compiles take with nothing else, each by one thread, shared out among `threads` of them: what the
/// machine can do, since its cores may be halves of one.
fn compile(components: &[Vec<u8>], threads: usize) -> anyhow::Result<Duration> {
    let mut config = Config::new();
    config.epoch_interruption(true).concurrency_support(false).parallel_compilation(false);
    if cfg!(target_arch = "x86_64") {
        // As the host compiles in development mode.
        config.strategy(Strategy::Winch).cranelift_opt_level(OptLevel::None);
        config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
        config.generate_address_map(false).native_unwind_info(false);
    }
    let engine = Engine::new(&config).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        let work = || {
            while let Some(bytes) = components.get(next.fetch_add(1, Ordering::Relaxed)) {
                Component::from_binary(&engine, bytes)?;
            }
            Ok::<(), wasmtime::Error>(())
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let compiled = thread.join().map_err(|_| anyhow::anyhow!("a compile panicked"))?;
            compiled.map_err(|error| anyhow::anyhow!("{error:#}"))?;
        }
        Ok(began.elapsed())
    })
}

/// The integration `slack` under another id of the same length: other bytes, and no other integration's code.
fn renamed(component: &[u8], number: usize) -> Vec<u8> {
    let (from, to) = (b"slack", format!("s{number:04}"));
    let mut bytes = component.to_vec();
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(from.len()).position(|window| window == from) {
        at += found;
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}
