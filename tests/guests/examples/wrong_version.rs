//! A guest built for a version of the contract that the host does not speak: it has to be refused,
//! and the message has to name both versions. `wit-0.2/` is the contract under another number.
#![allow(unsafe_code, reason = "generated code")]
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only a component exports it"))]

use self::bindings::exports::workway::integration::actions::{self, Choice, Context};
use self::bindings::workway::integration::definition::Permissions;
use self::bindings::workway::integration::log::{Level, write};
use self::bindings::workway::integration::types::Failure;
use self::bindings::{Definition, Guest};

#[allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: "wit-0.2",
        world: "integration",
    });
}

struct WrongVersion;

impl Guest for WrongVersion {
    fn describe() -> Definition {
        Definition {
            id: "wrong-version".to_owned(),
            name: "Wrong version".to_owned(),
            version: "1.0.0".to_owned(),
            description: String::new(),
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

impl actions::Guest for WrongVersion {
    fn execute(_action: String, input: String, _context: Context) -> Result<String, Failure> {
        // An import of that version stays in the component only where it is used.
        write(Level::Info, "called", &[]);
        Ok(input)
    }

    fn options(_subject: String, _field: String, _input: String, _context: Context) -> Result<Vec<Choice>, Failure> {
        Ok(Vec::new())
    }
}

#[cfg(target_family = "wasm")]
bindings::export!(WrongVersion with_types_in bindings);
