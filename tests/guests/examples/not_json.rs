//! A guest whose answers are no JSON, which the contract says they are, or JSON that few programs can read.

use workway_test_guests::raw::{Definition, Raw, action, bindings::workway::integration::types::Failure, definition};

struct NotJson;

impl Raw for NotJson {
    fn describe() -> Definition {
        definition(
            "not-json",
            vec![action("run"), action("nothing"), action("half"), action("half-name"), action("halves")],
        )
    }

    fn execute(action: &str, _input: &str) -> Result<String, Failure> {
        match action {
            "run" => Ok("{oops".to_owned()),
            "half" => Ok(r#""\ud83d""#.to_owned()),
            "half-name" => Ok(r#"{"a":[{"\ude00":1}]}"#.to_owned()),
            "halves" => Ok(r#""\ud83d\ude00""#.to_owned()),
            _ => Ok(String::new()),
        }
    }
}

workway_test_guests::export_raw_integration!(NotJson);
