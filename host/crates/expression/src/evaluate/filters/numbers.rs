//! Filters of numbers, and those that make numbers of texts.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Filter, Given};
use crate::evaluate::{Computed, EvaluateError, Outcome, compare::kind, number::Num, work::Work};

/// The most digits before or after the point to which `round` rounds.
const MAX_DIGITS: i64 = 300;

pub(super) const ALL: &[Filter] = &[
    Filter::new("int", &["default", "base"], 0, int),
    Filter::new("float", &["default"], 0, float),
    Filter::new("abs", &[], 0, |_, of, _| {
        let number = number(of.seen()?, "abs")?;
        let number = if number.compare(Num::Whole(0)) == Ordering::Less { number.negated() } else { number };
        number.into_value().map(Computed::from)
    }),
    Filter::new("round", &["precision", "method"], 0, round),
];

fn number(value: &Value, filter: &str) -> Result<Num, EvaluateError> {
    Num::in_value(value).ok_or_else(|| {
        EvaluateError::Failed(format!(
            "`{filter}` is of numbers (got {}): convert it with the filter `int` or `float`",
            kind(value)
        ))
    })
}

/// A whole number: of a text, or of a number without what is after its point.
fn int<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let default = given.take(0);
    let base = given.whole(1, "int")?.unwrap_or(10);
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base));
    let base = base.ok_or_else(|| EvaluateError::Failed("`int` takes a base between 2 and 36".to_owned()))?;
    let value = of.seen()?;
    let whole = match value {
        Value::Bool(flag) => Some(i128::from(*flag)),
        Value::String(text) => {
            work.read(text)?;
            let text = text.trim();
            let digits = i128::from_str_radix(text, base).ok();
            digits.or_else(|| if base == 10 { decimal(text).and_then(truncated) } else { None })
        }
        value => match Num::in_value(value) {
            Some(Num::Whole(whole)) => Some(whole),
            Some(Num::Float(float)) => truncated(float),
            None => None,
        },
    };
    converted(whole.map(Num::Whole), default, value, "int")
}

fn float<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let default = given.take(0);
    let value = of.seen()?;
    let float = match value {
        Value::Bool(flag) => Some(if *flag { 1.0 } else { 0.0 }),
        Value::String(text) => {
            work.read(text)?;
            decimal(text.trim())
        }
        value => Num::in_value(value).map(Num::float),
    };
    converted(float.map(Num::Float), default, value, "float")
}

fn converted<'a>(number: Option<Num>, default: Option<Computed<'a>>, value: &Value, filter: &str) -> Outcome<'a> {
    match (number.map(Num::into_value), default) {
        (Some(Ok(number)), _) => Ok(number.into()),
        (_, Some(default)) => Ok(default),
        (Some(Err(error)), None) => Err(error),
        (None, None) => Err(EvaluateError::Failed(format!(
            "`{filter}` found no number in {}: say what stands for it, for example `{filter}(0)`",
            kind(value)
        ))),
    }
}

/// Digits with a point and an exponent. Rust also reads names of numbers, which JSON does not have.
fn decimal(text: &str) -> Option<f64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    is_number.then(|| text.parse().ok()).flatten().filter(|float: &f64| float.is_finite())
}

fn truncated(float: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "its range was looked at")]
    (float.abs() < 1e30).then_some(float.trunc() as i128)
}

/// To so many digits after the point, a half to the even digit as in Python; `ceil` rounds up and `floor` down.
fn round<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let number = number(of.seen()?, "round")?;
    let precision = given.whole(0, "round")?.unwrap_or(0);
    if !(-MAX_DIGITS..=MAX_DIGITS).contains(&precision) {
        let message = format!("`round` takes a precision between -{MAX_DIGITS} and {MAX_DIGITS} (got {precision})");
        return Err(EvaluateError::Failed(message));
    }
    let method = given.text(work, 1, "round")?;
    work.charge(16)?;
    let digits = i32::try_from(precision).unwrap_or(0);
    let scale = 10_f64.powi(digits);
    let rounded = match (method.as_deref().unwrap_or("common"), number) {
        ("common", Num::Whole(whole)) if precision >= 0 => Num::Whole(whole),
        ("common", Num::Float(float)) if precision >= 0 => {
            let places = usize::try_from(precision).unwrap_or(0);
            // It rounds the exact decimal digits of the double.
            Num::Float(format!("{float:.places$}").parse().unwrap_or(float))
        }
        ("common", Num::Whole(whole)) => {
            let unit = 10_i128.checked_pow(digits.unsigned_abs());
            Num::Whole(unit.map_or(0, |unit| half_even(whole, unit)))
        }
        ("common", Num::Float(float)) => Num::Float((float * scale).round_ties_even() / scale),
        ("ceil", number) => Num::Float((number.float() * scale).ceil() / scale),
        ("floor", number) => Num::Float((number.float() * scale).floor() / scale),
        _ => return Err(EvaluateError::Failed("`round` knows the methods common, ceil and floor".to_owned())),
    };
    rounded.into_value().map(Computed::from)
}

fn half_even(whole: i128, unit: i128) -> i128 {
    let (below, rest) = (whole.div_euclid(unit), whole.rem_euclid(unit));
    let up = match (rest * 2).cmp(&unit) {
        Ordering::Less => 0,
        Ordering::Greater => 1,
        Ordering::Equal => below.rem_euclid(2),
    };
    (below + up) * unit
}
