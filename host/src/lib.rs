//! WORKWAY's host: loads integrations (WebAssembly components that speak the contract in `wit/`), gives each the
//! network, account, storage and log capabilities that it was granted, and serves their actions over HTTP.
//!
//! [`Host`] is the whole of it. The crates that it is made of are re-exported; which of them may use which is in
//! `docs/architecture.md`, and a test checks it.

pub mod app;
mod http;

use std::{future::Future, io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, sync::oneshot};

pub use workway_capability as capability;
pub use workway_db as db;
pub use workway_marketplace as marketplace;
pub use workway_model as model;
pub use workway_oauth as oauth;
pub use workway_providers as providers;
pub use workway_reducer as reducer;
pub use workway_registry as registry;
pub use workway_resources as resources;
pub use workway_run_db as run_db;
pub use workway_runs as runs;
pub use workway_sandbox as sandbox;
pub use workway_settings as settings;
pub use workway_testkit as testkit;
pub use workway_users as users;
pub use workway_workflow as workflow;

use crate::{
    app::{App, LoadError, StartError},
    settings::Settings,
};

/// How long saving what is being written may take at a shutdown, beside [`settings::ServerSettings::shutdown_grace`].
const MAX_CLOSE_TIME: Duration = Duration::from_secs(1);

/// How often the host tidies up.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(5);

/// A host that listens and is about to serve.
pub struct Host {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
}

/// Why a host did not start or ended.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(
        "cannot listen on {address}: {source}: stop the program that uses it, or choose another address with --listen"
    )]
    Listen { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("serving failed: {0}")]
    Serve(io::Error),
}

impl Host {
    /// Starts everything and listens. Requests are answered from [`Host::serve`] on.
    ///
    /// # Errors
    /// See [`HostError`].
    pub async fn start(settings: Settings) -> Result<Self, HostError> {
        let address = settings.listen;
        let app = App::start(settings).await?;
        let listen = |source| HostError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        app.listens_on(address);
        Ok(Self { app, listener, address })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What answers the requests, for whoever embeds the host.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Loads the integrations and answers requests until `shutdown` is complete, then lets requests that have begun end, for
    /// at most `server.shutdown_grace`. `ready` is told when the integrations are loaded.
    ///
    /// # Errors
    /// See [`HostError`].
    pub async fn serve(
        self,
        ready: oneshot::Sender<()>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), HostError> {
        let Self { app, listener, .. } = self;
        // Before the folder is read, so that nothing changes unnoticed in between.
        let watcher = app.watch().unwrap_or_else(|error| {
            tracing::error!("{error}; until then, POST /registry/reload/:id reloads a file");
            None
        });
        let ending = app.clone();
        let mut server = tokio::spawn(http::serve(app.clone(), listener, async move {
            shutdown.await;
            ending.begin_shutdown();
        }));
        // On a task of its own: looking at what integrations declare takes time that requests must not wait for.
        let mut loading = tokio::spawn({
            let app = app.clone();
            async move { app.load().await }
        });
        // The grace of runs begins with that of requests.
        let finishing = tokio::spawn(finish_runs(app.clone()));
        let mut following = None;
        let mut ready = Some(ready);
        let mut watcher = watcher;
        let mut maintenance = tokio::time::interval(MAINTENANCE_INTERVAL);
        let result = loop {
            tokio::select! {
                served = &mut server => break served.map_err(|error| HostError::Serve(io::Error::other(error))),
                loaded = &mut loading, if ready.is_some() => {
                    let told = ready.take();
                    match loaded.unwrap_or_else(|error| Err(io::Error::other(error).into())) {
                        // A receiver that is gone did not want to know.
                        Ok(()) => {
                            following = watcher.take().map(|watcher| {
                                let app = app.clone();
                                tokio::spawn(async move { app.follow(watcher).await })
                            });
                            let _ = told.map(|ready| ready.send(()));
                        }
                        Err(error) => break Err(error.into()),
                    }
                }
                _ = maintenance.tick() => app.run_maintenance(),
            }
        };
        server.abort();
        loading.abort();
        if let Some(following) = following {
            following.abort();
        }
        // Also if serving failed by itself.
        app.begin_shutdown();
        let _ = finishing.await;
        if tokio::time::timeout(MAX_CLOSE_TIME, app.close()).await.is_err() {
            tracing::warn!("the host ends before everything is saved: compiled code may have to be compiled again");
        }
        result
    }
}

/// Waits for the shutdown, and then until runs can be left alone.
async fn finish_runs(app: App) {
    app.stopping().cancelled().await;
    let grace = app.settings().server.grace().saturating_add(MAX_CLOSE_TIME);
    if tokio::time::timeout(grace, app.finish_runs()).await.is_err() {
        tracing::warn!("the host ends while steps of runs are under way: the next start finds them interrupted");
    }
}
