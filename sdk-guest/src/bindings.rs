//! The contract in `wit/`, as wit-bindgen turns it into Rust. The one place where generated, unsafe
//! code comes in; nothing here is part of the public interface.

wit_bindgen::generate!({
    path: "../wit",
    world: "integration",
    pub_export_macro: true,
    export_macro_name: "__export_integration",
    default_bindings_module: "workway_sdk::bindings",
    runtime_path: "workway_sdk::__private::rt",
});
