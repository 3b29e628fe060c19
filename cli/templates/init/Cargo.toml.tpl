[package]
name = "{{name}}"
description = "{{words}} for WORKWAY."
version = "0.1.0"
edition = "2024"
publish = false

# The component. With `rlib` too, the linker would keep unused code.
[lib]
crate-type = ["cdylib"]

[dependencies]
schemars = "1.2"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
workway-sdk = { path = {{sdk}} }

# For `cargo component build`, which builds the same component as `cargo build --target wasm32-wasip2`.
[package.metadata.component]
package = "{{label}}:integration"

[profile.dev]
debug = "line-tables-only"

# Small components. WebAssembly cannot unwind.
[profile.release]
opt-level = "s"
lto = true
codegen-units = 1
panic = "abort"
strip = true

# Keeps the project out of any workspace in the folders above.
[workspace]
