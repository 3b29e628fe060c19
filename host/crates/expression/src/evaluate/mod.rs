//! Evaluates expressions and templates over JSON, within fuel and within bounds on what is made. What comes out is data: it is
//! never evaluated again.

mod compare;
pub(crate) mod filters;
mod number;
mod operate;
mod template;
pub(crate) mod tests;
mod work;

use std::{borrow::Cow, collections::BTreeMap};

use secrecy::SecretString;
use serde_json::{Map, Value};
use workway_model::Timestamp;

use super::{
    bounds::{MAX_NESTING, MAX_RESULT_BYTES},
    expression::Expression,
};
pub use template::{Evaluated, SecretText};
use work::Work;

/// What expressions see.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// An object that holds the roots. It never holds the value of a secret input.
    pub data: &'a Value,
    /// What is seen beside `data`, the innermost last. If there are any, `steps` is what they hold together.
    pub layers: &'a [Layer<'a>],
    /// The time of the run, which `now()` tells: recorded, so that a replay computes the same.
    pub now: Timestamp,
    /// The inputs that are secret, by name. Nothing shows them: an expression can use one as the key of `hmac`, or hand it on whole.
    pub secrets: &'a BTreeMap<String, SecretString>,
}

/// What the steps of one list see of each other. Layers are borrowed from where values are kept, so that no value is copied only to be
/// seen.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// What `item` is; if none, what it is in the layers around.
    pub item: Option<&'a Value>,
    /// Members of `steps`.
    pub steps: &'a Map<String, Value>,
}

/// Why an expression has no value. Who wrote the workflow is to blame, or what it was run with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    #[error("{0} is undefined: check the data of the run, or use the filter `default`")]
    Undefined(String),
    #[error("the expression exceeds its computation budget: simplify it")]
    OutOfFuel,
    #[error("the result must have at most {MAX_RESULT_BYTES} bytes and {MAX_NESTING} levels of nesting: return less")]
    TooLarge,
    #[error("the result is {0}, which JSON cannot represent")]
    NotJson(&'static str),
    #[error(
        "`{0}` is secret: it can be the key of `hmac`, or a field that the action marks as secret, and nothing else"
    )]
    Secret(String),
    #[error("the expression failed: {0}")]
    Failed(String),
}

/// What a part of an expression is found to be.
#[derive(Clone, Debug)]
pub(crate) enum Computed<'a> {
    Value(Cow<'a, Value>),
    /// Something that is not there, as messages call it: a reference in backticks, or words.
    Missing(String),
    /// A secret input, by its name.
    Secret(&'a str),
}

pub(crate) type Outcome<'a> = Result<Computed<'a>, EvaluateError>;

impl<'a> Computed<'a> {
    /// The value, where there is one.
    pub(crate) fn value(self) -> Result<Cow<'a, Value>, EvaluateError> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Missing(name) => Err(EvaluateError::Undefined(name)),
            Self::Secret(name) => Err(EvaluateError::Secret(format!("inputs.{name}"))),
        }
    }

    /// The value, where there is one, without taking it.
    pub(crate) fn seen(&self) -> Result<&Value, EvaluateError> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Missing(name) => Err(EvaluateError::Undefined(name.clone())),
            Self::Secret(name) => Err(EvaluateError::Secret(format!("inputs.{name}"))),
        }
    }
}

impl<T: Into<Value>> From<T> for Computed<'_> {
    fn from(value: T) -> Self {
        Self::Value(Cow::Owned(value.into()))
    }
}

impl Expression {
    /// Its value. `fuel` is what it may spend, at most [`MAX_FUEL`](super::bounds::MAX_FUEL): a step for each look at a value and
    /// for each 64 bytes that are read or made.
    ///
    /// # Errors
    /// See [`EvaluateError`].
    pub fn evaluate(&self, scope: &Scope<'_>, fuel: u64) -> Result<Value, EvaluateError> {
        let mut left = MAX_RESULT_BYTES;
        let mut work = Work::new(scope, fuel);
        let computed = work.compute(self)?.value()?;
        work.result(computed, &mut left)
    }

    /// Whether its value counts as true, as in `not`: not null, false, 0 or empty. The value is not copied.
    ///
    /// # Errors
    /// See [`EvaluateError`].
    pub fn holds(&self, scope: &Scope<'_>, fuel: u64) -> Result<bool, EvaluateError> {
        Work::new(scope, fuel).is_true(self.tree())
    }
}

impl<'a> Work<'a> {
    /// What an expression is found to be, before it is copied out of the data.
    fn compute(&mut self, expression: &'a Expression) -> Outcome<'a> {
        self.node(expression.tree())
    }

    /// The value as a result. A small value may hold a large one a thousand times: `left` is what all results may still take.
    fn result(&mut self, value: Cow<'a, Value>, left: &mut usize) -> Result<Value, EvaluateError> {
        if nests_deeper(&value, MAX_NESTING) {
            return Err(EvaluateError::TooLarge);
        }
        let bytes = self.weight(&value)?;
        *left = left.checked_sub(bytes).ok_or(EvaluateError::TooLarge)?;
        Ok(value.into_owned())
    }
}

fn nests_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| nests_deeper(item, levels - 1)),
        Value::Object(members) => levels == 0 || members.values().any(|member| nests_deeper(member, levels - 1)),
        _ => false,
    }
}
