//! `workway serve` and `workway dev`: starts a host, says where it is, and ends it when asked to.

use std::io::Write;

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};
use workway_host::{
    Host,
    app::App,
    settings::{Flags, Settings},
};

use crate::{arguments::ServeArguments, log};

/// Who reads the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Another program, or a log.
    Plain,
    /// A developer at a terminal.
    Readable,
}

pub fn run(arguments: ServeArguments, style: Style) -> anyhow::Result<()> {
    log::install(arguments.log_filter(), style)?;
    let settings = Settings::load(Flags::from(arguments).with_environment()?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no async runtime")?;
    let result = runtime.block_on(serve(settings, style));
    // A compile or a name lookup that is still under way has nobody to give its result to.
    runtime.shutdown_background();
    result
}

async fn serve(settings: Settings, style: Style) -> anyhow::Result<()> {
    // Before anything is said: whoever reads it may end the host right away.
    let asked = asked_to_end()?;
    let host = Host::start(settings).await?;
    say(&format!("listening on http://{}", host.address()));
    let app = host.app().clone();
    let (ready, loaded) = oneshot::channel();
    let announce = tokio::spawn(async move {
        if loaded.await.is_ok() {
            announce(&app, style);
        }
    });
    let result = host.serve(ready, asked).await;
    announce.abort();
    result.map_err(Into::into)
}

fn announce(app: &App, style: Style) {
    let snapshot = app.registry().snapshot();
    if style == Style::Readable {
        for entry in snapshot.integrations.values() {
            if let Some(definition) = entry.definition() {
                say(&format!("  {} {}: {} actions", definition.id, definition.version, definition.actions.len()));
            }
        }
        for (file, failure) in &snapshot.failures {
            say(&format!("  {file} was not loaded: {}", failure.message));
        }
    }
    let actions: usize = snapshot.active().map(|active| active.definition.actions.len()).sum();
    say(&format!(
        "ready: {} integrations, {actions} actions, {} files not loaded",
        snapshot.integrations.len(),
        snapshot.failures.len()
    ));
}

/// Completes at the first Ctrl-C or SIGTERM; the second ends the process at once.
fn asked_to_end() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals")?;
    let (asked, first) = oneshot::channel();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next().await;
        eprintln!("workway: letting calls end; again to stop at once");
        // The host may have ended by itself.
        let _ = asked.send(());
        next().await;
        std::process::exit(130);
    });
    Ok(async move {
        let _ = first.await;
    })
}

/// One line for whoever reads. Nobody has to: a host serves on when its output cannot be written.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
