//! A guest that dies while it describes itself.

use workway_test_guests::raw::bindings::workway::integration::types::Failure;
use workway_test_guests::raw::{Definition, Raw};

struct DescribeTraps;

impl Raw for DescribeTraps {
    fn describe() -> Definition {
        panic!("the guest panics while it describes itself")
    }

    fn execute(_action: &str, _input: &str) -> Result<String, Failure> {
        Ok("{}".to_owned())
    }
}

workway_test_guests::export_raw_integration!(DescribeTraps);
