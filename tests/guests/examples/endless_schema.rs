//! A guest whose schema takes exponential time to check, beside one of a list that is easy to fill with mistakes.

use workway_test_guests::raw::bindings::workway::integration::types::Failure;
use workway_test_guests::raw::{Definition, Raw, action, definition};

/// Each level doubles what a check may have to do.
const LEVELS: usize = 40;

struct EndlessSchema;

impl Raw for EndlessSchema {
    fn describe() -> Definition {
        let mut nest = action("nest");
        nest.input_schema = (0..LEVELS).fold(r#"{"type":"object"}"#.to_owned(), |inner, _| {
            format!(r#"{{"anyOf":[{inner},{{"properties":{{"b":true}}}}],"unevaluatedProperties":false}}"#)
        });
        let mut list = action("list");
        list.input_schema =
            r#"{"type":"array","items":{"type":"object","required":["name"],"additionalProperties":false}}"#.to_owned();
        definition("endless-schema", vec![action("ping"), nest, list])
    }

    fn execute(_action: &str, _input: &str) -> Result<String, Failure> {
        Ok(r#"{"ok":true}"#.to_owned())
    }
}

workway_test_guests::export_raw_integration!(EndlessSchema);
