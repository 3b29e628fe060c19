//! The rules of HTTP requests.
//!
//! A request passes them in this order, and the last two again for every redirect:
//!
//! 1. [`FetchRequest::parse`]: method, URL, headers and sizes are valid.
//! 2. [`EgressPolicy::check_headers`]: the guest may set these headers itself.
//! 3. [`EgressPolicy::check`]: scheme, host and port are granted. The result is an [`EgressGrant`].
//! 4. [`credential`]: a connection's token is only sent over https.
//!
//! [`Hop::redirect`] turns a request into the one that a redirect asks for. Sending is the caller's task.

pub mod credential;
mod egress;
mod error;
mod limits;
mod redirect;
mod request;

pub use credential::CredentialHeaders;
pub use egress::{EgressGrant, EgressPolicy, origin};
pub use error::FetchError;
pub use limits::FetchLimits;
pub use redirect::Hop;
pub use request::{FetchRequest, MAX_REQUEST_HEADER_BYTES, MAX_REQUEST_HEADERS, MAX_URL_BYTES, METHODS, is_host_owned};
