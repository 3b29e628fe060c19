//! `workway serve` and `workway dev`: starts a host, says where it is, and ends it when asked to.

use anyhow::Context;
use tokio::sync::oneshot;
use workway_host::{
    Host,
    app::App,
    registry::{self, Change, Follower, Notification, RegistryEvent},
    settings::{Flags, Settings},
};

use crate::{
    arguments::ServeArguments,
    event_line::{EventLine, Loading, counted},
    log,
    terminal::{asked_to_end, say},
};

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
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")?;
    let result = runtime.block_on(serve(settings, style));
    // A compile or a name lookup that is still under way has nobody to give its result to.
    runtime.shutdown_background();
    result
}

async fn serve(settings: Settings, style: Style) -> anyhow::Result<()> {
    // Before anything is said: whoever reads it may end the host right away.
    let asked = asked_to_end(|| eprintln!("workway: finishing running calls; press Ctrl-C again to stop now"))?;
    let host = Host::start(settings).await?;
    say(&format!("listening on http://{}", host.address()));
    let app = host.app().clone();
    let (ready, loaded) = oneshot::channel();
    let announce = tokio::spawn(async move {
        if loaded.await.is_err() {
            return;
        }
        // From before the announcement on, so that it and the lines after it leave nothing out.
        let follower = app.registry().follow();
        announce(&app, style);
        if let (Style::Readable, Ok(follower)) = (style, follower) {
            print_events(follower).await;
        }
    });
    let result = host.serve(ready, asked).await;
    announce.abort();
    result.map_err(Into::into)
}

/// One readable line for whatever happens to an integration, for as long as the host serves.
async fn print_events(mut follower: Follower) {
    while let Some(told) = follower.next().await {
        match told {
            Notification::Event(event) => say(&event_line(&event)),
            Notification::Missed(_) => say(&EventLine::Missed.to_string()),
        }
    }
}

fn event_line(event: &RegistryEvent) -> String {
    let file = event.file.as_str();
    match &event.change {
        Change::Loaded(loading) => EventLine::Loaded(shown(file, loading, &loading.version.to_string())).to_string(),
        Change::Reloaded(loading) => {
            EventLine::Reloaded(shown(file, loading, &loading.version.to_string())).to_string()
        }
        Change::Failed { integration, message } => {
            EventLine::Failed { file, message, serving: integration.is_some() }.to_string()
        }
        Change::Removed(integration) => EventLine::Removed { integration: integration.as_str(), file }.to_string(),
    }
}

fn shown<'a>(file: &'a str, loading: &'a registry::Loading, version: &'a str) -> Loading<'a> {
    Loading {
        integration: loading.integration.as_str(),
        version,
        file,
        actions: loading.actions,
        triggers: loading.triggers,
        total: loading.phases.total(),
        compile: loading.phases.compile,
    }
}

fn announce(app: &App, style: Style) {
    let snapshot = app.registry().snapshot();
    if style == Style::Readable {
        for entry in snapshot.integrations.values() {
            if let Some(definition) = entry.definition() {
                let actions = counted(definition.actions.len(), "action");
                say(&format!("  {} {}: {actions}", definition.id, definition.version));
            }
        }
        for (file, failure) in &snapshot.failures {
            say(&format!("  {file} was not loaded: {}", failure.message));
        }
    }
    let actions: usize = snapshot.active().map(|active| active.definition.actions.len()).sum();
    say(&format!(
        "ready: {}, {}, {} not loaded",
        counted(snapshot.integrations.len(), "integration"),
        counted(actions, "action"),
        counted(snapshot.failures.len(), "file")
    ));
}
