//! Schemas that are made to cost much, each with the values that cost most within the limit of an input. A test runs all of them,
//! and `cargo xtask bench schemas` measures them.

mod combining;
pub mod counting;
mod loading;
mod naming;
mod reading;

use serde_json::{Map, Value, json};

/// The longest input, in bytes of JSON text. A debug build takes long to make one.
pub const INPUT_BYTES: usize = if cfg!(debug_assertions) { 1 << 20 } else { 10 << 20 };

/// One kind of hostile schema.
pub struct Hostile {
    pub name: &'static str,
    /// Makes the schema, and values for it.
    pub make: fn() -> (Value, Vec<Value>),
}

/// Every kind, by what it abuses.
pub fn all() -> impl Iterator<Item = &'static Hostile> {
    [combining::ALL, counting::ALL, loading::ALL, naming::ALL, reading::ALL].into_iter().flatten()
}

/// A list of `item`, as long as an input may be.
fn filled(item: &Value) -> Value {
    let bytes = item.to_string().len() + 1;
    Value::Array(vec![item.clone(); (INPUT_BYTES - 2) / bytes])
}

/// A text of `part` repeated, as long as an input may be.
fn text(part: &str) -> String {
    part.repeat((INPUT_BYTES - 2) / part.len())
}

/// An object of `count` members.
fn members(count: usize, name: impl Fn(usize) -> String, value: impl Fn(usize) -> Value) -> Value {
    Value::Object((0..count).map(|number| (name(number), value(number))).collect::<Map<_, _>>())
}

/// `value` inside so many lists.
fn nested(value: Value, depth: usize) -> Value {
    (0..depth).fold(value, |inner, _| json!([inner]))
}
