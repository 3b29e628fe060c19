//! A guest that never finishes describing itself: loading has a deadline too.

use std::hint::black_box;

use workway_sdk::prelude::*;

struct DescribeSpins;

impl Integration for DescribeSpins {
    fn definition() -> Definition {
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }
}

workway_sdk::export!(DescribeSpins);
