//! The rules that bound an integration, written once. The host enforces them and the SDK's mocks apply them in tests, so
//! that both give the same answer in the same words.
//!
//! | module | rules |
//! | --- | --- |
//! | [`HostPattern`] | which origins a grant covers |
//! | [`fetch`] | what a request may look like, where it may go, and what a redirect makes of it |
//! | [`SecretName`] | which headers, parameters and members hold secrets |
//! | [`oauth`] | who may use a connection |
//! | [`storage`] | sizes, quotas, versions and the order of a commit |
//!
//! A rule is a parsed type or a function of its arguments. Nothing here performs I/O, reads a clock or knows a runtime. The
//! crate depends on no other crate of the workspace and compiles for WebAssembly.

pub mod fetch;
mod host_pattern;
pub mod oauth;
mod secret_name;
pub mod storage;
mod text;

pub use host_pattern::{HostPattern, HostPatternError};
pub use secret_name::SecretName;
pub use text::quoted;
