//! A guest that does the storage operations that it is told to and says what came of each.

use serde_json::{Value, json};
use workway_sdk::prelude::*;
use workway_sdk::{Commit, Entry};
use workway_test_guests::outcome::stored;

integration! {
    id: "storage-probe",
    name: "Storage probe",
    version: "1.0.0",
    description: "",
    storage: true,
    actions: [run, fill],
}

#[derive(Deserialize, JsonSchema)]
struct Run {
    ops: Vec<Operation>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Operation {
    Put {
        key: String,
        value: String,
    },
    Get {
        key: String,
    },
    Delete {
        key: String,
    },
    List {
        #[serde(default)]
        prefix: String,
        start_after: Option<String>,
        #[serde(default = "default_limit")]
        limit: u32,
    },
    Commit {
        #[serde(default)]
        expected: Vec<(String, u64)>,
        changes: Vec<Change>,
    },
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Change {
    Put(String, String),
    Delete(String),
}

fn default_limit() -> u32 {
    100
}

/// Does operations, one after another.
#[action]
fn run(context: &Context, input: Run) -> Result<Vec<Value>> {
    Ok(input.ops.into_iter().map(|operation| perform(context, operation)).collect())
}

fn perform(context: &Context, operation: Operation) -> Value {
    let storage = context.storage();
    match operation {
        Operation::Put { key, value } => stored(storage.put_bytes(&key, value.as_bytes())),
        Operation::Get { key } => stored(storage.entry(&key).map(|entry| entry.map_or(Value::Null, shown))),
        Operation::Delete { key } => stored(storage.delete(&key)),
        Operation::List { prefix, start_after, limit } => stored(
            storage
                .list(&prefix, start_after.as_deref(), limit)
                .map(|entries| entries.into_iter().map(shown).collect::<Vec<_>>()),
        ),
        Operation::Commit { expected, changes } => {
            let mut commit = Commit::new();
            for (key, version) in &expected {
                commit = commit.expect(key, *version);
            }
            for change in changes {
                commit = match change {
                    Change::Put(key, value) => commit.put_bytes(&key, value),
                    Change::Delete(key) => commit.delete(&key),
                };
            }
            stored(storage.commit(&commit).map(|()| Value::Null))
        }
    }
}

fn shown(entry: Entry) -> Value {
    json!({
        "key": entry.key,
        "value": String::from_utf8_lossy(&entry.value),
        "version": entry.version,
    })
}

#[derive(Deserialize, JsonSchema)]
struct Fill {
    /// How many values.
    count: usize,
    /// How many bytes each.
    size: usize,
}

/// Stores many values of one size.
#[action]
fn fill(context: &Context, input: Fill) -> Result<Value> {
    let value = vec![b'x'; input.size];
    for written in 0..input.count {
        let result = context.storage().put_bytes(&format!("fill/{written:06}"), &value);
        if result.is_err() {
            let mut answer = stored(result);
            answer["written"] = json!(written);
            return Ok(answer);
        }
    }
    Ok(json!({"written": input.count}))
}
