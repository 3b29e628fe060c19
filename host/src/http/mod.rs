//! The host over HTTP: routes, authentication, and one error shape (RFC 9457). The shapes of bodies are in `workway_api`.

mod auth;
mod document;
mod error;
mod etag;
mod extract;
mod middleware;
mod page;
mod router;
mod routes;
mod server;

pub use router::router;
pub use server::serve;
