//! The contract's interfaces, answered from the contexts of the capabilities. Translates between generated types and
//! ours, and decides nothing: what is granted is asked of the contexts.

mod fetch;
mod log;
mod oauth;
mod storage;

use wasmtime::component::ResourceTable;
use workway_capability::Capabilities;

use crate::bindings::{definition, types};

/// The capabilities of a running call with the table of its resources, borrowed while the guest waits for the host.
pub(crate) struct CapabilitiesView<'a> {
    pub(crate) capabilities: &'a mut Capabilities,
    pub(crate) table: &'a mut ResourceTable,
}

// Both interfaces only define types.
impl types::Host for CapabilitiesView<'_> {}
impl definition::Host for CapabilitiesView<'_> {}
