//! How values compare: equal by what they are worth, and in an order only with their own kind.

use std::{borrow::Cow, cmp::Ordering, fmt};

use serde_json::Value;

use super::{
    EvaluateError,
    number::Num,
    work::{VALUE_BYTES, Work},
};

/// What a value is, as messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    List,
    Object,
}

pub(super) fn kind(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Boolean,
        Value::Number(_) => Kind::Number,
        Value::String(_) => Kind::String,
        Value::Array(_) => Kind::List,
        Value::Object(_) => Kind::Object,
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}

/// Whether a value counts as true: not null, false, 0, or empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => !Num::of(number).is_zero(),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

impl<'a> Work<'a> {
    pub(super) fn is_equal(&mut self, one: &Value, other: &Value) -> Result<bool, EvaluateError> {
        self.charge(1)?;
        Ok(match (one, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(one), Value::Bool(other)) => one == other,
            (Value::Number(one), Value::Number(other)) => Num::of(one).compare(Num::of(other)).is_eq(),
            (Value::String(one), Value::String(other)) if one.len() == other.len() => {
                self.read(one)?;
                one == other
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                for (one, other) in one.iter().zip(other) {
                    if !self.is_equal(one, other)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
                for (name, member) in one {
                    self.read(name)?;
                    match other.get(name) {
                        Some(other) if self.is_equal(member, other)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            _ => false,
        })
    }

    /// The order of two values of one kind. `sign` is what asks for it.
    pub(super) fn compare(&mut self, one: &Value, sign: &str, other: &Value) -> Result<Ordering, EvaluateError> {
        self.charge(1)?;
        match (one, other) {
            (Value::Bool(one), Value::Bool(other)) => Ok(one.cmp(other)),
            (Value::Number(one), Value::Number(other)) => Ok(Num::of(one).compare(Num::of(other))),
            (Value::String(one), Value::String(other)) => {
                self.read(one)?;
                Ok(one.cmp(other))
            }
            (Value::Array(one), Value::Array(other)) => {
                for (one, other) in one.iter().zip(other) {
                    if !self.is_equal(one, other)? {
                        return self.compare(one, sign, other);
                    }
                }
                Ok(one.len().cmp(&other.len()))
            }
            _ => Err(mismatch(kind(one), sign, kind(other))),
        }
    }

    /// Whether `whole` holds `part`: a part of a text, an item of a list, the name of a member.
    pub(super) fn holds(&mut self, whole: &Value, part: &Value) -> Result<bool, EvaluateError> {
        match (whole, part) {
            (Value::String(whole), Value::String(part)) => {
                self.read(whole)?;
                Ok(whole.contains(part.as_str()))
            }
            (Value::Array(items), _) => {
                for item in items {
                    if self.is_equal(item, part)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Value::Object(members), Value::String(name)) => {
                self.read(name)?;
                Ok(members.contains_key(name))
            }
            (Value::Object(_), _) => Ok(false),
            _ => Err(EvaluateError::Failed(format!(
                "`in` looks in a text for a text, in a list or in an object (got {} in {}): convert one of them",
                kind(part),
                kind(whole)
            ))),
        }
    }

    /// Sorts by keys of one kind. `sign` is what asks for it.
    pub(super) fn sort(&mut self, keyed: &mut [(Key, Cow<'a, Value>)], sign: &str) -> Result<(), EvaluateError> {
        if let Some((first, _)) = keyed.first()
            && let Some((other, _)) = keyed.iter().find(|(other, _)| other.kind() != first.kind())
        {
            return Err(mismatch(first.kind(), sign, other.kind()));
        }
        // Each of n keys is compared about log2(n) times.
        let length: usize = keyed.iter().map(|(key, _)| key.length()).sum();
        self.charge(rounds(keyed.len()).saturating_mul(keyed.len() + length / 64))?;
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(())
    }

    /// What decides about the place of a value. Texts compare without regard to case, unless `case_sensitive`.
    pub(super) fn key(&mut self, value: &Value, case_sensitive: bool, sign: &str) -> Result<Key, EvaluateError> {
        Ok(match value {
            Value::Null => Key::Null,
            Value::Bool(flag) => Key::Bool(*flag),
            Value::Number(number) => Key::Number(Num::of(number)),
            Value::String(text) => {
                self.make(text.len())?;
                Key::Text(if case_sensitive { text.clone() } else { text.to_lowercase() })
            }
            Value::Array(items) => {
                let mut keys = Vec::new();
                for item in items {
                    self.make(VALUE_BYTES)?;
                    keys.push(self.key(item, case_sensitive, sign)?);
                }
                Key::List(keys)
            }
            Value::Object(_) => {
                return Err(EvaluateError::Failed(format!(
                    "`{sign}` cannot put objects in order: name the member that decides, for example {sign}(attribute='name')"
                )));
            }
        })
    }
}

/// What decides about an item's place in an order.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Null,
    Bool(bool),
    Number(Num),
    Text(String),
    List(Vec<Key>),
}

impl Key {
    /// What comparing it costs, in bytes.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(keys) => keys.iter().map(|key| 64 + key.length()).sum(),
            Self::Null | Self::Bool(_) | Self::Number(_) => 0,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Boolean,
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::String,
            Self::List(_) => Kind::List,
        }
    }
}

/// How often each of `count` values is compared to sort them, at most.
pub(super) fn rounds(count: usize) -> usize {
    count.checked_ilog2().unwrap_or(0) as usize + 1
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => one.compare(*other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::List(one), Self::List(other)) => one.cmp(other),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

fn mismatch(one: Kind, sign: &str, other: Kind) -> EvaluateError {
    let advice = match (one, other) {
        (Kind::Number, Kind::String) | (Kind::String, Kind::Number) => {
            "convert the string with the filter `int` or `float`, or the number with `string`"
        }
        (Kind::Null, _) | (_, Kind::Null) => "say with the filter `default(0, true)` what stands for null",
        (Kind::List, _) | (_, Kind::List) => "take an item, or the number of items with the filter `length`",
        (Kind::Object, _) | (_, Kind::Object) => "take a member of the object",
        _ => "convert one of them with the filter `int`, `float` or `string`",
    };
    EvaluateError::Failed(format!("`{sign}` cannot compare {one} with {other}: {advice}"))
}
