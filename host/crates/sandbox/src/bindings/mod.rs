//! The contract as Rust types: one module per contract version, and the translation into our own data.
//!
//! Nothing outside `bindings`, `capability` and `runtime` names a generated type.

mod convert;
mod v0_1;

pub(crate) use v0_1::{
    Context, GuestFailure, Integration, IntegrationIndices, TriggerContext, definition, fetch, log, oauth, storage,
    triggers, types,
};

/// The package whose interfaces an integration imports and exports.
pub(crate) const PACKAGE: &str = "workway:integration";
/// The contract version that this host speaks. A component built for another 0.1 patch links as well.
pub(crate) const VERSION: &str = "0.1.0";

/// The guest's handle of a connection: a place among the connections that its call has opened, and nothing else. What
/// a guest could ever learn from a handle is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionHandle(pub usize);
