[package]
name = "{{name}}"
description = "{{words}} for WORKWAY."
version = "0.1.0"
edition = "2024"
publish = false

# The component. A library for other crates beside it (`rlib`) would keep the linker from leaving out what is not used.
[lib]
crate-type = ["cdylib"]

[dependencies]
schemars = "1.2"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
workway-sdk = { path = {{sdk}} }

# For `cargo component build`, which makes the same component as `cargo build --target wasm32-wasip2`.
[package.metadata.component]
package = "{{label}}:integration"

[profile.dev]
debug = "line-tables-only"

# Components are small, and cannot unwind.
[profile.release]
opt-level = "s"
lto = true
codegen-units = 1
panic = "abort"
strip = true

# This project stands alone, wherever its folder lies.
[workspace]
