//! The types of JSON Schema, as sets. A number without a fraction is an integer, however it is written.

use std::{
    fmt,
    ops::{BitAnd, BitOr},
};

use serde_json::{Map, Value};

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

/// Each type with its name, in the order in which messages list them.
const NAMES: [(Kinds, &str); 7] = [
    (Kinds::NULL, "null"),
    (Kinds::BOOLEAN, "boolean"),
    (Kinds::INTEGER, "integer"),
    (Kinds::NUMBER, "number"),
    (Kinds::STRING, "string"),
    (Kinds::ARRAY, "array"),
    (Kinds::OBJECT, "object"),
];

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(1 << 1);
    pub(super) const INTEGER: Self = Self(1 << 2);
    const FRACTION: Self = Self(1 << 3);
    pub(super) const NUMBER: Self = Self(1 << 2 | 1 << 3);
    pub(super) const STRING: Self = Self(1 << 4);
    pub(super) const ARRAY: Self = Self(1 << 5);
    pub(super) const OBJECT: Self = Self(1 << 6);
    pub(super) const ANY: Self = Self((1 << 7) - 1);

    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) => match number.as_f64() {
                Some(float) if number.is_f64() && float.fract() != 0.0 => Self::FRACTION,
                _ => Self::INTEGER,
            },
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// The types that `type` allows.
    pub(super) fn of_type(keywords: &Map<String, Value>) -> Self {
        match keywords.get("type") {
            Some(Value::String(name)) => Self::named(name),
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).map(Self::named).fold(Self::NONE, Self::bitor)
            }
            _ => Self::ANY,
        }
    }

    /// The types that `type`, `enum` and `const` leave. What is beside them is not looked at.
    pub(super) fn of_schema(keywords: &Map<String, Value>) -> Self {
        let mut kinds = Self::of_type(keywords);
        if let Some(Value::Array(values)) = keywords.get("enum") {
            kinds = kinds & values.iter().map(Self::of).fold(Self::NONE, Self::bitor);
        }
        if let Some(value) = keywords.get("const") {
            kinds = kinds & Self::of(value);
        }
        kinds
    }

    /// A type that nobody knows may be any.
    fn named(name: &str) -> Self {
        NAMES.iter().find(|(_, known)| *known == name).map_or(Self::ANY, |(kinds, _)| *kinds)
    }

    /// Whether a value can be in both sets.
    pub(super) fn meets(self, other: Self) -> bool {
        self & other != Self::NONE
    }

    /// Whether every value of this set is in the other one.
    pub(super) fn is_within(self, other: Self) -> bool {
        self & other == self
    }
}

impl BitAnd for Kinds {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Kinds {
    /// `null or string`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numeric = if self.meets(Self::FRACTION) { Self::NUMBER } else { Self::INTEGER };
        let names = NAMES.iter().filter(|(kinds, _)| {
            let is_numeric = kinds.meets(Self::NUMBER);
            self.meets(*kinds) && (!is_numeric || *kinds == numeric)
        });
        for (place, (_, name)) in names.enumerate() {
            if place > 0 {
                formatter.write_str(" or ")?;
            }
            formatter.write_str(name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_without_a_fraction_is_an_integer() {
        for (value, name) in
            [(json!(1), "integer"), (json!(1.0), "integer"), (json!(-1e300), "integer"), (json!(0.5), "number")]
        {
            assert_eq!(Kinds::of(&value).to_string(), name, "{value}");
            assert!(Kinds::of(&value).is_within(Kinds::NUMBER));
        }
        assert!(!Kinds::of(&json!(0.5)).meets(Kinds::INTEGER));
    }

    #[test]
    fn a_schema_leaves_types() {
        for (schema, expected) in [
            (json!({"type": "string"}), "string"),
            (json!({"type": ["string", "null"]}), "null or string"),
            (json!({"type": ["number", "integer"]}), "number"),
            (json!({"enum": ["a", 1, null]}), "null or integer or string"),
            (json!({"type": "string", "enum": ["a", null]}), "string"),
            (json!({"const": []}), "array"),
        ] {
            assert_eq!(Kinds::of_schema(schema.as_object().unwrap()).to_string(), expected, "{schema}");
        }
        for schema in [json!({}), json!({"type": "text"}), json!({"properties": {"type": "string"}})] {
            assert_eq!(Kinds::of_schema(schema.as_object().unwrap()), Kinds::ANY, "{schema}");
        }
    }
}
