//! The test app: a real host on a loopback port with a folder of its own, and the guests that are dropped into it.
//!
//! Every test starts its own [`TestHost`] and ends it with [`TestHost::finish`], which looks for what must never be
//! left behind.

mod absent;
mod answer;
pub mod bomb;
mod events;
mod guests;
mod host;
pub mod logs;
mod oidc;
mod prism;
mod recount;
mod schema;
mod secrets;
mod user;

pub use absent::skip;
pub use answer::{Answer, time_of};
pub use events::Events;
pub use guests::{guest, plugin};
pub use host::{ADMIN_TOKEN, TestHost, TestHostBuilder};
pub use oidc::{Browser, OidcClient, OidcOptions, OidcProvider, OidcRequest};
pub use prism::Prism;
pub use recount::MISCOUNTED;
pub use schema::{checked_output, schema_errors};
pub use secrets::keep_secret;
pub use user::{PASSWORD, TestUser};
