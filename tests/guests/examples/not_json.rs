//! A guest whose answers are no JSON, which the contract says they are.

use workway_test_guests::raw::{Definition, Raw, action, bindings::workway::integration::types::Failure, definition};

struct NotJson;

impl Raw for NotJson {
    fn describe() -> Definition {
        definition("not-json", vec![action("run"), action("nothing")])
    }

    fn execute(action: &str, _input: &str) -> Result<String, Failure> {
        match action {
            "run" => Ok("{oops".to_owned()),
            _ => Ok(String::new()),
        }
    }
}

workway_test_guests::export_raw_integration!(NotJson);
