//! A guest whose schema points to another machine: the host must not go and fetch it.

use workway_test_guests::raw::bindings::workway::integration::types::Failure;
use workway_test_guests::raw::{Definition, Raw, action, definition};

struct RemoteRef;

impl Raw for RemoteRef {
    fn describe() -> Definition {
        let mut run = action("run");
        run.input_schema = r#"{"$ref": "https://example.com/schema.json"}"#.to_owned();
        definition("remote-ref", vec![run])
    }

    fn execute(_action: &str, _input: &str) -> Result<String, Failure> {
        Ok("{}".to_owned())
    }
}

workway_test_guests::export_raw_integration!(RemoteRef);
