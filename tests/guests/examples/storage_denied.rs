//! A guest that uses storage without having asked for it.

use serde_json::Value;
use workway_sdk::prelude::*;
use workway_test_guests::outcome::stored;

struct StorageDenied;

impl Integration for StorageDenied {
    fn definition() -> Definition {
        Definition::new("storage-denied", "Storage denied", "1.0.0")
            .action(Action::new("put", put).description("Tries to store a value."))
    }
}

workway_sdk::export!(StorageDenied);

fn put(context: &Context, _input: Empty) -> Result<Value> {
    Ok(stored(context.storage().put_bytes("key", b"value")))
}
