//! What an integration is tested with: mocks that stand in for the host. They apply the host's own rules, so a test sees
//! the same permissions, limits and messages as production. There is no network, no clock and nothing global here: tests run in milliseconds and side by side.
//!
//! A whole test:
//!
//! ```
//! # mod weather {
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
//! # }
//! # use weather::INTEGRATION;
//!
//! # fn main() {
//! use serde_json::json;
//! use workway_sdk::FailureKind;
//! use workway_sdk::testing::{MockResponse, expect_error, setup_integration_tests};
//!
//! let ctx = setup_integration_tests(&INTEGRATION).context().build();
//! let report = MockResponse::json(200, json!({ "temperature": 21.5, "humidity": 40 }));
//! ctx.fetch_mock()
//!     .on("GET", "https://api.weather.example/report")
//!     .query("city", "Graz")
//!     .respond_with([report, MockResponse::rate_limited(30)]);
//!
//! let output = ctx.execute("get-report", json!({ "city": "Graz" })).unwrap();
//! assert_eq!(output, json!({ "temperature": 21.5 }));
//! expect_error(ctx.execute("get-report", json!({ "city": "Graz" })), FailureKind::RateLimited);
//! ctx.fetch_mock().assert_sent("GET", "https://api.weather.example/report").times(2);
//! # }
//! ```
//!
//! | part | stands in for |
//! | --- | --- |
//! | [`MockContext`], [`create_mock_context`] | a call, with the permissions of an [`Integration`](crate::Integration) |
//! | [`MockFetch`], [`create_mock_fetch`] | the upstreams |
//! | [`MockOAuthManager`], [`create_mock_tokens`], [`create_expired_tokens`] | connected accounts |
//! | [`MockStorage`] | what is kept between calls |
//! | [`MockClock`], [`wait_for`] | time |
//! | [`create_test_workflow`] | a workflow of several steps |
//! | [`setup_integration_tests`] | the host's checks when it loads an integration |
//!
//! What only the real host does: it checks inputs against their schema (here the types do), knows for which hosts a
//! provider's credential is and where on a request it goes (here: `authorization: Bearer …`, to any granted host over
//! https), bounds time, memory and logs, and looks at the addresses behind names. The sandbox's cases test all of that.

mod clock;
mod context;
mod contract;
mod expect;
mod fetch;
#[cfg(test)]
mod fixture;
mod grants;
pub(crate) mod host;
mod logs;
mod oauth;
mod run;
mod send;
mod setup;
mod storage;
mod tokens;
mod workflow;

pub use clock::{MOCK_EPOCH, MockClock, TimedOut, wait_for};
pub use context::{MockContext, MockContextBuilder, MockContextOptions, create_mock_context};
pub use expect::expect_error;
pub use fetch::{MockFetch, MockResponse, MockRule, SentCheck, SentRequest, create_mock_fetch};
pub use logs::LogLine;
pub use oauth::{MockOAuthManager, OAuthCalls};
pub use send::{MAX_BODY_BYTES, MAX_REDIRECTS, MAX_REQUESTS_PER_SEND_ALL};
pub use setup::{IntegrationTests, setup_integration_tests};
pub use storage::{
    MAX_CHANGES, MAX_KEY_BYTES, MAX_KEYS, MAX_LIST, MAX_LIST_BYTES, MAX_VALUE_BYTES, MOCK_USER, MockStorage,
    QUOTA_BYTES,
};
pub use tokens::{MockTokens, create_expired_tokens, create_mock_tokens};
pub use workflow::{Outputs, StepFailed, TestWorkflow, WorkflowRun, create_test_workflow};
pub use workway_policy::fetch::{MAX_REQUEST_HEADER_BYTES, MAX_REQUEST_HEADERS, MAX_URL_BYTES};
