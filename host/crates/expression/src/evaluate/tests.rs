//! What `is` asks of a value.

use std::{borrow::Cow, fmt};

use serde_json::Value;

use super::{Computed, EvaluateError, compare::kind, filters::Filter, number::Num, work::Work};

type Holds = for<'a, 'v> fn(&mut Work<'a>, &Computed<'v>, &[Cow<'a, Value>]) -> Result<bool, EvaluateError>;

/// A test: `x is odd`, `x is divisibleby 3`.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    /// How many values it takes.
    pub(crate) arguments: usize,
    pub(super) holds: Holds,
}

impl fmt::Debug for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Test {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|test| test.name == name)
    }
}

/// Whether a value that is there has a property.
macro_rules! value_test {
    ($name:literal, |$value:ident| $holds:expr) => {
        Test {
            name: $name,
            arguments: 0,
            holds: |_, of, _| {
                let $value = of.seen()?;
                Ok($holds)
            },
        }
    };
}

/// Whether two values compare in a way.
macro_rules! pair_test {
    ($name:literal, |$work:ident, $one:ident, $other:ident| $holds:expr) => {
        Test {
            name: $name,
            arguments: 1,
            holds: |$work, of, arguments| {
                let $one = of.seen()?;
                let Some($other) = arguments.first() else { return Ok(false) };
                $holds
            },
        }
    };
}

const ALL: &[Test] = &[
    Test { name: "defined", arguments: 0, holds: |_, of, _| Ok(!matches!(of, Computed::Missing(_))) },
    Test { name: "undefined", arguments: 0, holds: |_, of, _| Ok(matches!(of, Computed::Missing(_))) },
    value_test!("none", |value| value.is_null()),
    value_test!("boolean", |value| value.is_boolean()),
    value_test!("true", |value| *value == Value::Bool(true)),
    value_test!("false", |value| *value == Value::Bool(false)),
    value_test!("number", |value| value.is_number()),
    value_test!("integer", |value| value.is_i64() || value.is_u64()),
    value_test!("int", |value| value.is_i64() || value.is_u64()),
    value_test!("float", |value| value.is_f64()),
    value_test!("string", |value| value.is_string()),
    value_test!("sequence", |value| value.is_array() || value.is_string()),
    value_test!("iterable", |value| value.is_array() || value.is_string() || value.is_object()),
    value_test!("mapping", |value| value.is_object()),
    value_test!("safe", |_value| false),
    value_test!("escaped", |_value| false),
    Test { name: "odd", arguments: 0, holds: |_, of, _| remainder(of, 2, "odd").map(|rest| rest != 0) },
    Test { name: "even", arguments: 0, holds: |_, of, _| remainder(of, 2, "even").map(|rest| rest == 0) },
    Test {
        name: "divisibleby",
        arguments: 1,
        holds: |_, of, arguments| {
            let by = arguments.first().and_then(|by| by.as_i64()).filter(|by| *by != 0);
            let by = by.ok_or_else(|| failed("`divisibleby` takes a whole number that is not 0"))?;
            remainder(of, i128::from(by), "divisibleby").map(|rest| rest == 0)
        },
    },
    Test { name: "lower", arguments: 0, holds: |work, of, _| cased(work, of, char::is_lowercase, char::is_uppercase) },
    Test { name: "upper", arguments: 0, holds: |work, of, _| cased(work, of, char::is_uppercase, char::is_lowercase) },
    pair_test!("eq", |work, one, other| work.is_equal(one, other)),
    pair_test!("equalto", |work, one, other| work.is_equal(one, other)),
    pair_test!("==", |work, one, other| work.is_equal(one, other)),
    pair_test!("sameas", |work, one, other| work.is_equal(one, other)),
    pair_test!("ne", |work, one, other| work.is_equal(one, other).map(|equal| !equal)),
    pair_test!("!=", |work, one, other| work.is_equal(one, other).map(|equal| !equal)),
    pair_test!("lt", |work, one, other| work.compare(one, "<", other).map(|order| order.is_lt())),
    pair_test!("lessthan", |work, one, other| work.compare(one, "<", other).map(|order| order.is_lt())),
    pair_test!("<", |work, one, other| work.compare(one, "<", other).map(|order| order.is_lt())),
    pair_test!("le", |work, one, other| work.compare(one, "<=", other).map(|order| order.is_le())),
    pair_test!("<=", |work, one, other| work.compare(one, "<=", other).map(|order| order.is_le())),
    pair_test!("gt", |work, one, other| work.compare(one, ">", other).map(|order| order.is_gt())),
    pair_test!("greaterthan", |work, one, other| work.compare(one, ">", other).map(|order| order.is_gt())),
    pair_test!(">", |work, one, other| work.compare(one, ">", other).map(|order| order.is_gt())),
    pair_test!("ge", |work, one, other| work.compare(one, ">=", other).map(|order| order.is_ge())),
    pair_test!(">=", |work, one, other| work.compare(one, ">=", other).map(|order| order.is_ge())),
    pair_test!("in", |work, one, other| work.holds(other, one)),
    pair_test!("startingwith", |work, one, other| edge(work, one, other, |text, part| text.starts_with(part))),
    pair_test!("endingwith", |work, one, other| edge(work, one, other, |text, part| text.ends_with(part))),
    value_test!("filter", |value| value.as_str().is_some_and(|name| Filter::named(name).is_some())),
    value_test!("test", |value| value.as_str().is_some_and(|name| Test::named(name).is_some())),
];

fn failed(message: &str) -> EvaluateError {
    EvaluateError::Failed(message.to_owned())
}

fn remainder(of: &Computed<'_>, by: i128, test: &str) -> Result<i128, EvaluateError> {
    let value = of.seen()?;
    match value.as_number().map(Num::of) {
        Some(Num::Whole(whole)) => Ok(whole % by),
        _ => Err(EvaluateError::Failed(format!(
            "`{test}` asks of a whole number (got {}): convert it with the filter `int`",
            kind(value)
        ))),
    }
}

/// Whether a text has letters of one case, and none of the other.
fn cased(
    work: &mut Work<'_>,
    of: &Computed<'_>,
    wanted: fn(char) -> bool,
    other: fn(char) -> bool,
) -> Result<bool, EvaluateError> {
    let text = work.as_text(of.seen()?)?;
    work.read(&text)?;
    Ok(text.chars().any(wanted) && !text.chars().any(other))
}

fn edge(work: &mut Work<'_>, one: &Value, other: &Value, has: fn(&str, &str) -> bool) -> Result<bool, EvaluateError> {
    match (one, other) {
        (Value::String(text), Value::String(part)) => {
            work.read(part)?;
            Ok(has(text, part))
        }
        _ => Err(EvaluateError::Failed(format!(
            "only a string starts or ends with a string (got {} and {})",
            kind(one),
            kind(other)
        ))),
    }
}
