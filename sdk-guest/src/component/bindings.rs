//! The contract in `wit/`, as wit-bindgen turns it into Rust: a module for each world, the second
//! with the imports of the first.

/// An integration that offers actions.
pub use workway_sdk_bindings::integration;

/// An integration that offers triggers too.
pub mod with_triggers {
    wit_bindgen::generate!({
        path: "../wit",
        world: "integration-with-triggers",
        pub_export_macro: true,
        export_macro_name: "__export_integration_with_triggers",
        default_bindings_module: "workway_sdk::__private::bindings::with_triggers",
        runtime_path: "workway_sdk_bindings::rt",
        with: {
            "workway:integration/types@0.1.0": workway_sdk_bindings::integration::workway::integration::types,
            "workway:integration/definition@0.1.0": workway_sdk_bindings::integration::workway::integration::definition,
            "workway:integration/log@0.1.0": workway_sdk_bindings::integration::workway::integration::log,
            "workway:integration/oauth@0.1.0": workway_sdk_bindings::integration::workway::integration::oauth,
            "workway:integration/fetch@0.1.0": workway_sdk_bindings::integration::workway::integration::fetch,
            "workway:integration/storage@0.1.0": workway_sdk_bindings::integration::workway::integration::storage,
        },
    });
}
