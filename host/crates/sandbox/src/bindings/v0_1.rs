//! Version 0.1 of `wit/integration.wit`.
//!
//! The world `integration` covers what both worlds import and what every integration exports. Of the larger world only
//! its interface `triggers` is taken, from bindings that share everything else with the first.

mod generated {
    wasmtime::component::bindgen!({
        path: "../../../wit",
        world: "integration",
        imports: { default: async | trappable },
        exports: { default: async },
        with: { "workway:integration/oauth.connection": crate::bindings::ConnectionHandle },
    });
}

mod with_triggers {
    wasmtime::component::bindgen!({
        path: "../../../wit",
        world: "integration-with-triggers",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "workway:integration/types": crate::bindings::v0_1::generated::workway::integration::types,
            "workway:integration/definition": crate::bindings::v0_1::generated::workway::integration::definition,
            "workway:integration/log": crate::bindings::v0_1::generated::workway::integration::log,
            "workway:integration/oauth": crate::bindings::v0_1::generated::workway::integration::oauth,
            "workway:integration/fetch": crate::bindings::v0_1::generated::workway::integration::fetch,
            "workway:integration/storage": crate::bindings::v0_1::generated::workway::integration::storage,
        },
    });
}

pub(crate) use generated::{
    Integration, IntegrationIndices,
    exports::workway::integration::actions::Context,
    workway::integration::{definition, fetch, log, oauth, storage, types, types::Failure as GuestFailure},
};
pub(crate) use with_triggers::exports::workway::integration::{actions::Context as TriggerContext, triggers};
