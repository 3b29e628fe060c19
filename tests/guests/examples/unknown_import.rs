//! A guest that imports an interface which the host does not offer: it has to be refused, and the
//! message has to name the interface.
#![allow(unsafe_code, reason = "generated code")]
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only a component exports it"))]

use self::bindings::evil::host::secrets;
use self::bindings::exports::workway::integration::actions::{self, Choice, Context};
use self::bindings::workway::integration::definition::Permissions;
use self::bindings::workway::integration::types::Failure;
use self::bindings::{Definition, Guest};

#[allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit", "wit-unknown"],
        world: "evil:host/unknown-import",
        generate_all,
    });
}

struct UnknownImport;

impl Guest for UnknownImport {
    fn describe() -> Definition {
        Definition {
            id: "unknown-import".to_owned(),
            name: "Unknown import".to_owned(),
            version: "1.0.0".to_owned(),
            description: secrets::read("master-key"),
            categories: Vec::new(),
            permissions: Permissions {
                hosts: Vec::new(),
                connections: Vec::new(),
                storage: false,
                reveal_token: false,
            },
            actions: Vec::new(),
            triggers: Vec::new(),
        }
    }
}

impl actions::Guest for UnknownImport {
    fn execute(_action: String, input: String, _context: Context) -> Result<String, Failure> {
        Ok(secrets::read(&input))
    }

    fn options(_subject: String, _field: String, _input: String, _context: Context) -> Result<Vec<Choice>, Failure> {
        Ok(Vec::new())
    }
}

#[cfg(target_family = "wasm")]
bindings::export!(UnknownImport with_types_in bindings);
