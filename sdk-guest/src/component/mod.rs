//! The component's side: the contract's bindings, the host behind a [`Context`](crate::Context), and
//! the exports. The one place where generated, unsafe code comes in; WebAssembly alone compiles it.

#[allow(clippy::all, clippy::pedantic, missing_docs, unsafe_code, reason = "generated code")]
pub mod bindings;
mod exports;
pub(crate) mod host;
mod triggers;

pub use exports::{Component, ExportedIntegration};
