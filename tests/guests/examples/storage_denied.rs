//! A guest that uses storage without having asked for it.

use serde_json::Value;
use workway_sdk::StorageError;
use workway_sdk::prelude::*;
use workway_test_guests::outcome::stored;

integration! {
    id: "storage-denied",
    name: "Storage denied",
    version: "1.0.0",
    description: "",
    actions: [put],
}

/// Tries to store a value.
#[action]
fn put(context: &Context, _input: Empty) -> Result<Value> {
    Ok(stored(attempt(context)))
}

/// Where the SDK does not see it.
fn attempt(context: &Context) -> Result<u64, StorageError> {
    context.storage().put_bytes("key", b"value")
}
