//! What a WORKWAY integration is written with: typed actions, HTTP through the host, connections,
//! storage and logs. It never touches a socket, a file or a token by itself; every effect is a call
//! to the host, which allows what the integration declared and was granted, and nothing else.
//!
//! An integration is one type that implements [`Integration`], and one [`export!`]:
//!
//! ```
//! use workway_sdk::prelude::*;
//!
//! struct Weather;
//!
//! impl Integration for Weather {
//!     fn definition() -> Definition {
//!         Definition::new("weather", "Weather", env!("CARGO_PKG_VERSION"))
//!             .description("Reads weather reports.")
//!             .category("data")
//!             .host("api.weather.example")
//!             .action(
//!                 Action::new("get-report", get_report)
//!                     .name("Get report")
//!                     .description("Reads the newest report for a city.")
//!                     .idempotent(),
//!             )
//!     }
//! }
//!
//! workway_sdk::export!(Weather);
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct GetReport {
//!     /// The city's name.
//!     city: String,
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Report {
//!     /// Degrees Celsius.
//!     temperature: f64,
//! }
//!
//! fn get_report(context: &Context, input: GetReport) -> Result<Report> {
//!     let report = context
//!         .get("https://api.weather.example/report")
//!         .query(&[("city", &input.city)])
//!         .send()?
//!         .error_for_status()?
//!         .json()?;
//!     Ok(report)
//! }
//! # fn main() {}
//! ```
//!
//! The derives come from `serde` and `schemars`, which the integration lists in its own
//! `Cargo.toml` (their generated code names these crates); the prelude brings the names into scope.
//!
//! The crate compiles natively, so that what is pure in an integration is tested with plain
//! `cargo test`. A call to the host outside a component panics.

// The generated bindings name this crate as the integrations that use them do.
extern crate self as workway_sdk;

mod action;
mod context;
mod definition;
mod empty;
mod export;
mod failure;
mod fetch;
mod http_date;
mod log;
mod oauth;
mod percent;
mod response;
mod storage;

#[doc(hidden)]
#[allow(clippy::all, clippy::pedantic, missing_docs, unsafe_code, reason = "generated code")]
pub mod bindings;

pub use action::Action;
pub use context::Context;
pub use definition::{ConnectionNeed, Definition, Integration};
pub use empty::Empty;
pub use failure::{Failure, Result};
pub use fetch::{FetchError, Request};
pub use log::Log;
pub use oauth::{AccessToken, Connection, OAuthError};
pub use percent::percent_encode;
pub use response::Response;
pub use storage::{Commit, Entry, Storage, StorageError};

/// The names that nearly every integration uses.
pub mod prelude {
    pub use crate::{
        Action, Connection, ConnectionNeed, Context, Definition, Empty, Failure, Integration, Response, Result,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}

/// What [`export!`] expands to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::__export_integration;
    pub use crate::export::Component;
    pub use wit_bindgen::rt;
}

/// The README's example is compiled too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
