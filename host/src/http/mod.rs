//! The host over HTTP: routes, authentication, and one error shape (RFC 9457). This module alone knows JSON wire shapes.

mod auth;
mod document;
mod error;
mod etag;
mod extract;
mod middleware;
mod number;
mod page;
mod router;
mod routes;
mod server;

pub use router::router;
pub use server::serve;
