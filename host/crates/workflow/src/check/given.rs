//! A value of a definition, as far as it is known before a run: literals, and types in the place of expressions.

use serde_json::{Map, Value};

use super::{kinds::Kinds, shape::Shape};
use crate::Piece;

/// A value with expressions in it.
#[derive(Debug)]
pub(super) enum Given<'a> {
    /// Null, true or false, a number or a text.
    Literal(&'a Value),
    /// A text with expressions in it.
    Text(&'a [Piece]),
    /// An expression, or a part of what one gives.
    Of(Shape<'a>),
    List(Vec<Given<'a>>),
    /// In the order of the names.
    Object(Vec<(&'a str, Given<'a>)>),
}

/// An answer where something may not be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    Maybe,
    No,
}

impl<'a> Given<'a> {
    /// A value of a schema.
    pub(super) fn from_value(value: &'a Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from_value).collect()),
            Value::Object(members) => {
                let member = |(name, member): (&'a String, &'a Value)| (name.as_str(), Self::from_value(member));
                let mut members: Vec<_> = members.iter().map(member).collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                Self::Object(members)
            }
            scalar => Self::Literal(scalar),
        }
    }

    pub(super) fn kinds(&self) -> Kinds {
        match self {
            Self::Literal(value) => Kinds::of(value),
            Self::Text(_) => Kinds::STRING,
            Self::Of(shape) => shape.kinds(),
            Self::List(_) => Kinds::ARRAY,
            Self::Object(_) => Kinds::OBJECT,
        }
    }

    /// The value, if it holds no expressions.
    pub(super) fn to_value(&self) -> Option<Value> {
        match self {
            Self::Literal(value) => Some((*value).clone()),
            Self::Text(_) | Self::Of(_) => None,
            Self::List(items) => items.iter().map(Self::to_value).collect::<Option<Vec<_>>>().map(Value::Array),
            Self::Object(members) => {
                let member = |(name, member): &(&str, Self)| Some(((*name).to_owned(), member.to_value()?));
                members.iter().map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
            }
        }
    }

    /// The fewest characters that a text can have.
    pub(super) fn least_chars(pieces: &[Piece]) -> usize {
        let literal = |piece: &Piece| if let Piece::Text(text) = piece { text.chars().count() } else { 0 };
        pieces.iter().map(literal).sum()
    }

    /// Whether it is this value.
    pub(super) fn equals(&self, value: &Value) -> Answer {
        match (self, value) {
            (Self::Literal(literal), _) => equal(literal, value).into(),
            (Self::Text(pieces), Value::String(text)) => {
                let starts = !matches!(pieces.first(), Some(Piece::Text(start)) if !text.starts_with(start.as_str()));
                let ends = !matches!(pieces.last(), Some(Piece::Text(end)) if !text.ends_with(end.as_str()));
                let fits = starts && ends && text.chars().count() >= Self::least_chars(pieces);
                if fits { Answer::Maybe } else { Answer::No }
            }
            (Self::Of(shape), _) => {
                if shape.kinds().meets(Kinds::of(value)) {
                    Answer::Maybe
                } else {
                    Answer::No
                }
            }
            (Self::List(items), Value::Array(values)) if items.len() == values.len() => {
                Answer::all(items.iter().zip(values).map(|(item, value)| item.equals(value)))
            }
            (Self::Object(members), Value::Object(values)) if members.len() == values.len() => {
                let equals =
                    |(name, member): &(&str, Self)| values.get(*name).map_or(Answer::No, |value| member.equals(value));
                Answer::all(members.iter().map(equals))
            }
            (Self::Text(_) | Self::List(_) | Self::Object(_), _) => Answer::No,
        }
    }
}

impl Answer {
    /// Yes where all are, no where one is.
    pub(super) fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        answers.into_iter().fold(Self::Yes, |all, answer| match (all, answer) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
            (Self::Yes, Self::Yes) => Self::Yes,
        })
    }
}

impl From<bool> for Answer {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

/// Equality of JSON Schema: numbers are equal if their values are, however they are written.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => match (whole(one), whole(other)) {
            (Some(one), Some(other)) => one == other,
            (None, None) => one.as_f64() == other.as_f64(),
            _ => false,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_same = |(name, value): (&String, &Value)| other.get(name).is_some_and(|other| equal(value, other));
            one.len() == other.len() && one.iter().all(is_same)
        }
        _ => one == other,
    }
}

/// A number without a fraction, if it is not larger than what a 128-bit integer holds.
fn whole(number: &Value) -> Option<i128> {
    /// The least power of two that an `i128` cannot hold.
    const LIMIT: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if let Some(integer) = number.as_i64() {
        return Some(integer.into());
    }
    if let Some(integer) = number.as_u64() {
        return Some(integer.into());
    }
    #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is in the range")]
    number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < LIMIT).map(|float| float as i128)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Template;

    #[test]
    fn numbers_are_equal_by_value() {
        for (one, other, expected) in [
            (json!(1), json!(1.0), true),
            (json!(0), json!(-0.0), true),
            (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64), false),
            (json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_992.0), true),
            (json!(u64::MAX), json!(18_446_744_073_709_551_616.0), false),
            (json!(1e300), json!(1e300), true),
            (json!([{"a": 1}]), json!([{"a": 1.0}]), true),
            (json!({"a": 1}), json!({"b": 1}), false),
            (json!("1"), json!(1), false),
        ] {
            assert_eq!(equal(&one, &other), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_text_is_known_at_its_ends() {
        for (text, value, expected) in [
            ("a {{ run.id }} z", "a z", Answer::No),
            ("a {{ run.id }} z", "a  z", Answer::Maybe),
            ("a {{ run.id }} z", "b  z", Answer::No),
            ("a {{ run.id }} z", "a  y", Answer::No),
            ("{{ run.id }}{{ run.id }}", "", Answer::Maybe),
        ] {
            let Template::Text(pieces) = Template::parse_text(text).unwrap() else { panic!("{text} is no text") };
            assert_eq!(Given::Text(&pieces).equals(&json!(value)), expected, "{text} {value}");
        }
    }
}
