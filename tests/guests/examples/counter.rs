//! A guest that counts in its own memory. Every call has a fresh instance, so it never gets past 1.

use std::sync::atomic::{AtomicU64, Ordering};

use workway_sdk::prelude::*;

static CALLS: AtomicU64 = AtomicU64::new(0);

integration! {
    id: "counter",
    name: "Counter",
    version: "1.0.0",
    description: "",
    actions: [next],
}

#[derive(Serialize, JsonSchema)]
struct Count {
    count: u64,
}

/// Counts this instance's calls.
#[action]
fn next(_context: &Context, _input: Empty) -> Result<Count> {
    Ok(Count { count: CALLS.fetch_add(1, Ordering::Relaxed) + 1 })
}
