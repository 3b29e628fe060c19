//! A guest whose definition is wrong in every place, so that the host can name all problems at once:
//! integration id, version, host, an action's id, input schemas, and two actions with one id.

use workway_test_guests::raw::bindings::workway::integration::types::Failure;
use workway_test_guests::raw::{Definition, Raw, action, definition};

struct BadDefinition;

impl Raw for BadDefinition {
    fn describe() -> Definition {
        let mut broken_schema = action("broken-schema");
        broken_schema.input_schema = r#"{"type": 5}"#.to_owned();
        let mut broken_json = action("broken-json");
        broken_json.input_schema = "{oops".to_owned();

        let mut described = definition(
            "Not Valid",
            vec![broken_schema, broken_json, action("Bad Action"), action("twice"), action("twice")],
        );
        described.version = "x".to_owned();
        described.permissions.hosts = vec!["*".to_owned()];
        described
    }

    fn execute(_action: &str, _input: &str) -> Result<String, Failure> {
        Ok("{}".to_owned())
    }
}

workway_test_guests::export_raw_integration!(BadDefinition);
