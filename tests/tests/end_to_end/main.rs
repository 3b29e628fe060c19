//! The host end to end: real components in a real folder, asked over HTTP like any other.
//!
//! Nothing here sleeps or measures time. A test that needs a call to be under way holds it at an upstream of its own.

mod admission;
mod bounds;
mod browsers;
mod code_cache;
mod connecting;
mod fetch;
mod folders;
mod github;
mod guests;
mod http_envelope;
mod installations;
mod languages;
mod limits;
mod loading;
mod marketplace;
mod oauth;
mod openapi;
mod permissions;
mod pinning;
mod raw_requests;
mod registry_api;
mod reload_endpoint;
mod reloading;
mod runs;
mod sdk;
mod slack;
mod slow_compiles;
mod storage;
mod storage_semantics;
mod support;
mod testkit;
mod upstream;
mod users;
mod watching;
mod who_may;

use workway_tests::logs;
