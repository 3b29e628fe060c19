//! What a WORKWAY integration is written and tested with: typed actions and triggers, HTTP through
//! the host, connections, storage and logs. It never touches a socket, a file or a token by itself;
//! every effect is a call to the host, which allows what the integration declared and was granted,
//! and nothing else.
//!
//! An action is a function, and [`integration!`] says what there is:
//!
//! ```
//! use workway_sdk::prelude::*;
//!
//! integration! {
//!     id: "weather",
//!     name: "Weather",
//!     description: "Reads weather reports.",
//!     categories: ["data"],
//!     hosts: ["api.weather.example"],
//!     actions: [get_report],
//! }
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
//! /// Reads the newest report for a city.
//! #[action(idempotent)]
//! fn get_report(ctx: &Context, input: GetReport) -> Result<Report> {
//!     ctx.get("https://api.weather.example/report").query("city", input.city).send()?.json()
//! }
//! # fn main() {}
//! ```
//!
//! The derives come from `serde` and `schemars`, which the integration lists in its own
//! `Cargo.toml` (their generated code names these crates); the prelude brings the names into scope.
//!
//! The same source compiles natively, where [`testing`] stands in for the host: no network, no
//! clock, and the same refusals.
#![warn(missing_docs)]

mod action;
#[cfg(target_family = "wasm")]
mod component;
mod context;
mod declared;
mod definition;
mod empty;
mod failure;
mod fetch;
mod host;
mod http_date;
mod link;
mod log;
mod oauth;
mod paging;
mod percent;
mod request_error;
mod response;
mod schema;
mod storage;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod transaction;
mod trigger;
mod webhook;

pub use action::{Action, Choice, Options};
pub use context::Context;
pub use definition::{ConnectionNeed, Integration, Permissions};
pub use empty::Empty;
pub use failure::{Failure, FailureKind, Result};
pub use fetch::{QueryValue, Request};
pub use log::{Level, Log};
pub use oauth::{AccessToken, Connection, OAuthError};
pub use paging::{Page, Pages, paginate};
pub use percent::percent_encode;
pub use request_error::{FetchError, RequestError};
pub use response::Response;
pub use storage::{Commit, Entry, Storage, StorageError};
pub use transaction::Transaction;
pub use trigger::{Event, Polled, RawPolled, RawReceived, Received, Trigger};
pub use webhook::WebhookRequest;
pub use workway_sdk_macros::{action, integration, poll_trigger, webhook_trigger};

/// The names that nearly every integration uses.
pub mod prelude {
    pub use crate::{
        Connection, ConnectionNeed, Context, Empty, Event, Failure, Polled, Received, Response, Result, WebhookRequest,
        action, integration, poll_trigger, webhook_trigger,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}

/// What the macros expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::action::{Needs, list, run};
    #[cfg(target_family = "wasm")]
    pub use crate::component::bindings::{
        self, integration::__export_integration, with_triggers::__export_integration_with_triggers,
    };
    #[cfg(target_family = "wasm")]
    pub use crate::component::{Component, ExportedIntegration};
    pub use crate::declared::{are_ids_unique, has_connections, has_hosts, has_provider, has_scopes, has_storage};
    pub use crate::schema::{
        disables, enables, has_no_state, input_of, output_of, poll_config_of, poll_event_of, webhook_config_of,
        webhook_event_of,
    };
    pub use crate::trigger::{Run, Webhook, disable, enable, poll, receive};
    pub use serde_json::to_string;
    /// What `#[action]` makes beside a function, under the function's name among types.
    pub trait ActionItem {
        const ACTION: crate::Action;
    }

    /// What `#[poll_trigger]` and `#[webhook_trigger]` make beside a function.
    pub trait TriggerItem {
        const TRIGGER: crate::Trigger;
    }
}

/// The README's example is compiled too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
