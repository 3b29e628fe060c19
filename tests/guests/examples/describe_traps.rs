//! A guest that dies while it describes itself.

use workway_sdk::prelude::*;

struct DescribeTraps;

impl Integration for DescribeTraps {
    fn definition() -> Definition {
        panic!("the guest panics while it describes itself")
    }
}

workway_sdk::export!(DescribeTraps);
