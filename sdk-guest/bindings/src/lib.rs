//! The contract's world `integration`, as wit-bindgen turns it into Rust. A crate of its own, because
//! the exports of the two worlds cannot have their macros in one; `workway-sdk` alone uses it.
#![allow(clippy::all, clippy::pedantic, missing_docs, unsafe_code, reason = "generated code")]

extern crate self as workway_sdk_bindings;

pub use wit_bindgen::rt;

/// An integration that offers actions.
pub mod integration {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "integration",
        pub_export_macro: true,
        export_macro_name: "__export_integration",
        default_bindings_module: "workway_sdk::__private::bindings::integration",
        runtime_path: "workway_sdk_bindings::rt",
    });
}
