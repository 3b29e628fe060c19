//! A guest that sleeps. It uses no CPU, so the wall clock has to stop it.

use std::thread;
use std::time::Duration;

use workway_sdk::prelude::*;
use workway_test_guests::ping;

integration! {
    id: "slow-sleeper",
    name: "Slow sleeper",
    version: "1.0.0",
    description: "",
    actions: [sleep, ping::ping],
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Sleep {
    /// How long, in milliseconds.
    ms: u64,
}

/// Sleeps, then answers.
#[action]
#[expect(clippy::disallowed_methods, reason = "sleeping is the case that this guest plays")]
fn sleep(_context: &Context, input: Sleep) -> Result<Sleep> {
    thread::sleep(Duration::from_millis(input.ms));
    Ok(input)
}
