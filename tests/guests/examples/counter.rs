//! A guest that counts in its own memory. Every call has a fresh instance, so it never gets past 1.

use std::sync::atomic::{AtomicU64, Ordering};

use workway_sdk::prelude::*;

static CALLS: AtomicU64 = AtomicU64::new(0);

struct Counter;

impl Integration for Counter {
    fn definition() -> Definition {
        Definition::new("counter", "Counter", "1.0.0")
            .action(Action::new("next", next).description("Counts this instance's calls."))
    }
}

workway_sdk::export!(Counter);

#[derive(Serialize, JsonSchema)]
struct Count {
    count: u64,
}

fn next(_context: &Context, _input: Empty) -> Result<Count> {
    Ok(Count { count: CALLS.fetch_add(1, Ordering::Relaxed) + 1 })
}
