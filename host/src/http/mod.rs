//! The host over HTTP: routes, authentication, and one error shape (RFC 9457). The shapes of bodies are in `workway_api`.

mod auth;
mod clients;
mod docs;
mod document;
mod error;
mod etag;
mod extract;
mod forwarded;
mod middleware;
mod page;
mod router;
mod routes;
mod server;

use std::future::Future;

use tokio::net::TcpListener;

use self::clients::{ClientLimits, Clients};
use crate::app::App;

/// Answers requests until `shutdown` is complete, then lets those that have begun end, for at most as long as the settings
/// say.
pub async fn serve(app: App, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let settings = app.settings().server.clone();
    let limits = ClientLimits {
        places: usize::try_from(settings.connections_per_client).unwrap_or(usize::MAX),
        memory_bytes: app.settings().memory.client_bytes(),
    };
    let clients = Clients::new(app.resources().clone(), limits);
    let router = router::router(app, clients.clone());
    server::serve(listener, router, clients, &settings, shutdown).await;
}
