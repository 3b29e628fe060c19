//! Version 0.1 of `wit/integration.wit`.
//!
//! The world `integration` covers both worlds: one with triggers has the same imports and exports more.

mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "integration",
        imports: { default: async | trappable },
        exports: { default: async },
        with: { "workway:integration/oauth.connection": crate::bindings::ConnectionHandle },
    });
}

pub(crate) use generated::{
    Integration, IntegrationPre,
    exports::workway::integration::actions::Context,
    workway::integration::{definition, fetch, log, oauth, storage, types, types::Failure as GuestFailure},
};
