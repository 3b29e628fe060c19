//! A guest that sleeps. It uses no CPU, so the wall clock has to stop it.

use std::thread;
use std::time::Duration;

use workway_sdk::prelude::*;
use workway_test_guests::ping;

struct SlowSleeper;

impl Integration for SlowSleeper {
    fn definition() -> Definition {
        Definition::new("slow-sleeper", "Slow sleeper", "1.0.0")
            .action(Action::new("sleep", sleep).description("Sleeps, then answers."))
            .action(ping::action())
    }
}

workway_sdk::export!(SlowSleeper);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Sleep {
    /// How long, in milliseconds.
    ms: u64,
}

#[expect(clippy::disallowed_methods, reason = "sleeping is the case that this guest plays")]
fn sleep(_context: &Context, input: Sleep) -> Result<Sleep> {
    thread::sleep(Duration::from_millis(input.ms));
    Ok(input)
}
