//! A guest that tries what WASI could give it, besides the contract, and says what worked.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::io;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use workway_sdk::prelude::*;

integration! {
    id: "wasi-probe",
    name: "WASI probe",
    version: "1.0.0",
    description: "",
    actions: [probe],
}

/// Tries what WASI offers.
#[action]
#[expect(clippy::disallowed_methods, reason = "what the host leaks is the question")]
fn probe(_context: &Context, _input: Empty) -> Result<Value> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let started = Instant::now();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(json!({
        "environment": environment,
        "arguments": arguments,
        "readPasswd": tried(fs::read_to_string("/etc/passwd")),
        "listRoot": tried(fs::read_dir("/").map(|entries| entries.count())),
        "listHere": tried(fs::read_dir(".").map(|entries| entries.count())),
        "writeTemporary": tried(fs::write("/tmp/wasi-probe", "x").map(|()| true)),
        "writeHere": tried(fs::write("wasi-probe", "x").map(|()| true)),
        "unixSeconds": now.map_or(0, |elapsed| elapsed.as_secs()),
        "clockRuns": Instant::now() >= started,
        // Two calls differ when the randomness is real.
        "random": RandomState::new().hash_one(0_u8),
        "standardInput": tried(io::read_to_string(io::stdin())),
    }))
}

fn tried<T: Into<Value>>(result: io::Result<T>) -> Value {
    match result {
        Ok(value) => json!({"ok": value.into()}),
        Err(error) => json!({"err": error.to_string()}),
    }
}
