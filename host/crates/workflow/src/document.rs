//! Parses YAML and JSON texts strictly: ambiguous texts are rejected, and no text costs more than its length. It knows
//! nothing about workflows.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use super::{
    bounds::{MAX_BYTES, MAX_EXPRESSIONS, MAX_NESTING},
    problem::{Problem, clipped},
};

/// A value whose objects have no key twice and whose numbers are finite.
struct Strict(Value);

pub(super) fn from_json(text: &str) -> Result<Value, Problem> {
    check_length(text.len())?;
    serde_json::from_str::<Strict>(text)
        .map(|strict| strict.0)
        .map_err(|error| whole(&format!("invalid JSON: {error}")))
}

pub(super) fn from_yaml(text: &str) -> Result<Value, Problem> {
    check_length(text.len())?;
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        merge_keys: serde_saphyr::options::MergeKeyPolicy::Error,
        // An alias makes a small text a large document.
        budget: serde_saphyr::budget! { max_aliases: 0, max_anchors: 0, max_depth: MAX_NESTING, flow_nesting_limit: MAX_NESTING, max_documents: 1 },
    };
    serde_saphyr::from_str_with_options::<Strict>(text, options)
        .map(|strict| strict.0)
        .map_err(|error| whole(&format!("invalid YAML: {error}")))
}

/// Refuses a value that is too large or too deep, or has too many expressions, to be looked at.
pub(super) fn check_bounds(value: &Value) -> Result<(), Problem> {
    let mut open = vec![(value, 1)];
    let mut expressions = 0;
    while let Some((value, depth)) = open.pop() {
        if depth > MAX_NESTING {
            return Err(whole(&format!(
                "lists and objects may be nested at most {MAX_NESTING} levels deep: nest less"
            )));
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(members) => open.extend(members.values().map(|member| (member, depth + 1))),
            // Before any is compiled.
            Value::String(text) => expressions += text.matches("{{").count(),
            _ => {}
        }
    }
    if expressions > MAX_EXPRESSIONS {
        return Err(whole(&super::read::too_many_expressions(expressions)));
    }
    check_length(value.to_string().len())
}

fn check_length(length: usize) -> Result<(), Problem> {
    if length > MAX_BYTES {
        let message = format!("a definition must have at most {MAX_BYTES} bytes (got {length}): split the workflow");
        return Err(whole(&message));
    }
    Ok(())
}

fn whole(message: &str) -> Problem {
    Problem { pointer: String::new(), message: clipped(message) }
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| E::custom("a number is infinite or NaN, which JSON cannot represent"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                let name: String = name.chars().take(100).collect();
                return Err(de::Error::custom(format!("duplicate key {name:?}: remove one")));
            }
            let Strict(member) = map.next_value()?;
            members.insert(name, member);
        }
        Ok(Value::Object(members))
    }
}
