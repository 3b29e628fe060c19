//! Numbers as expressions compute with them: whole ones exactly, others as doubles.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::EvaluateError;
use crate::expression::Arithmetic;

/// A number. A whole one is wider than JSON's 64 bits only within one operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Num {
    Whole(i128),
    Float(f64),
}

impl Num {
    pub(super) fn of(number: &Number) -> Self {
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.map_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN)), Self::Whole)
    }

    /// The number of a value, if it is one.
    pub(super) fn in_value(value: &Value) -> Option<Self> {
        value.as_number().map(Self::of)
    }

    #[expect(clippy::cast_precision_loss, reason = "a double is the nearest that there is")]
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }

    /// Refuses what JSON does not have.
    pub(super) fn into_value(self) -> Result<Value, EvaluateError> {
        match self {
            Self::Whole(whole) => {
                let number = i64::try_from(whole).map(Value::from).or_else(|_| u64::try_from(whole).map(Value::from));
                number.map_err(|_| EvaluateError::NotJson("an integer of more than 64 bits"))
            }
            Self::Float(float) => {
                let number = Number::from_f64(float).map(Value::Number);
                number.ok_or(EvaluateError::NotJson("a number that is infinite or NaN"))
            }
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Whole(whole) => Self::Whole(-whole),
            Self::Float(float) => Self::Float(-float),
        }
    }

    pub(super) fn is_zero(self) -> bool {
        matches!(self, Self::Whole(0)) || matches!(self, Self::Float(0.0))
    }

    /// By what they are worth, exactly.
    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(&other),
            (Self::Whole(whole), Self::Float(float)) => compare_mixed(whole, float),
            (Self::Float(float), Self::Whole(whole)) => compare_mixed(whole, float).reverse(),
            // JSON has no NaN, and 0.0 equals -0.0.
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        }
    }

    /// Python's rules, with two of its own: a power of whole numbers and a division are exact or an error, never infinite.
    pub(super) fn computed(self, sign: Arithmetic, other: Self) -> Result<Self, EvaluateError> {
        let divides = matches!(sign, Arithmetic::Divide | Arithmetic::DivideWhole | Arithmetic::Remainder);
        if divides && other.is_zero() {
            return Err(EvaluateError::Failed(format!("`{}` divides by zero: check the divisor first", sign.sign())));
        }
        if let (Self::Whole(one), Self::Whole(other)) = (self, other)
            && sign != Arithmetic::Divide
            && !(sign == Arithmetic::Power && other < 0)
        {
            return computed_whole(one, sign, other);
        }
        let (one, other) = (self.float(), other.float());
        let float = match sign {
            Arithmetic::Add => one + other,
            Arithmetic::Subtract => one - other,
            Arithmetic::Multiply => one * other,
            Arithmetic::Divide => one / other,
            Arithmetic::DivideWhole => ((one - remainder(one, other)) / other).round(),
            Arithmetic::Remainder => remainder(one, other),
            Arithmetic::Power => one.powf(other),
        };
        Self::Float(float).into_value().map(|_| Self::Float(float))
    }
}

/// It has the sign of the divisor.
fn remainder(one: f64, other: f64) -> f64 {
    let remainder = one % other;
    if remainder != 0.0 && (remainder < 0.0) != (other < 0.0) { remainder + other } else { remainder }
}

fn computed_whole(one: i128, sign: Arithmetic, other: i128) -> Result<Num, EvaluateError> {
    let whole = match sign {
        Arithmetic::Add => one.checked_add(other),
        Arithmetic::Subtract => one.checked_sub(other),
        Arithmetic::Multiply => one.checked_mul(other),
        Arithmetic::Remainder => {
            let remainder = one % other;
            Some(if remainder != 0 && (remainder < 0) != (other < 0) { remainder + other } else { remainder })
        }
        Arithmetic::Power => match one {
            // Any exponent, not only those of 32 bits.
            0 | 1 => Some(if other == 0 { 1 } else { one }),
            -1 => Some(if other % 2 == 0 { 1 } else { -1 }),
            _ => u32::try_from(other).ok().and_then(|other| one.checked_pow(other)),
        },
        Arithmetic::Divide | Arithmetic::DivideWhole => {
            let quotient = one / other;
            Some(if one % other != 0 && (one < 0) != (other < 0) { quotient - 1 } else { quotient })
        }
    };
    let whole = whole.map(Num::Whole).ok_or(EvaluateError::NotJson("an integer of more than 64 bits"))?;
    whole.into_value().map(|_| whole)
}

fn compare_mixed(whole: i128, float: f64) -> Ordering {
    // Every whole number of JSON is between these.
    if float >= 1e20 {
        return Ordering::Less;
    }
    if float <= -1e20 {
        return Ordering::Greater;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in the range of the type, rounded down")]
    let below = float.floor() as i128;
    let is_fraction = float.fract() != 0.0;
    whole.cmp(&below).then(if is_fraction { Ordering::Less } else { Ordering::Equal })
}
