//! A guest that never finishes describing itself: loading has a deadline too.

use std::hint::black_box;

use workway_test_guests::raw::bindings::workway::integration::types::Failure;
use workway_test_guests::raw::{Definition, Raw};

struct DescribeSpins;

impl Raw for DescribeSpins {
    fn describe() -> Definition {
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }

    fn execute(_action: &str, _input: &str) -> Result<String, Failure> {
        Ok("{}".to_owned())
    }
}

workway_test_guests::export_raw_integration!(DescribeSpins);
