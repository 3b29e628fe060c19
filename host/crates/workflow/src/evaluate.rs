//! Evaluates expressions and templates over JSON, within fuel and within bounds on what comes out. What comes out is
//! data: it is never evaluated again. No loader is ever set, so that no expression reaches a file or another template.

use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use minijinja::{
    Environment, ErrorKind, UndefinedBehavior, Value as Computed,
    value::{Serde, ValueKind},
};
use serde_json::{Map, Number, Value};

use super::{
    bounds::{MAX_FUEL, MAX_NESTING, MAX_RESULT_BYTES},
    expression::{Expression, FUNCTIONS},
    guard::DENIED_FILTERS,
    problem::clipped,
    template::{Piece, Template},
};

/// What a value takes beside its text, in bytes: a list may be made of items that have none.
const VALUE_BYTES: usize = 32;

/// Why an expression has no value. Who wrote the workflow is to blame, or what it was run with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    #[error("`{0}` is undefined: check the data of the run, or use the filter `default`")]
    Undefined(String),
    #[error("the expression exceeds its computation budget: simplify it")]
    OutOfFuel,
    #[error("the result must have at most {MAX_RESULT_BYTES} bytes and {MAX_NESTING} levels of nesting: return less")]
    TooLarge,
    #[error("the result is {0}, which JSON cannot represent")]
    NotJson(&'static str),
    #[error("the expression failed: {0}")]
    Failed(String),
}

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    let globals: Vec<String> = engine.globals().map(|(name, _)| name.to_owned()).collect();
    for name in globals.iter().filter(|name| !FUNCTIONS.contains(&name.as_str())) {
        engine.remove_global(name);
    }
    for name in DENIED_FILTERS {
        engine.remove_filter(name);
    }
    engine
});

/// The names that an expression reads, or why it is none.
pub(super) fn compile(source: &str) -> Result<HashSet<String>, String> {
    let compiled = ENGINE.compile_expression(source);
    compiled.map(|expression| expression.undeclared_variables(false)).map_err(|error| detail(&error))
}

/// Whether there is a `filter` or a `test` of a name.
pub(super) fn knows(kind: &str, name: &str) -> bool {
    let found = ENGINE.compile_expression(if kind == "test" { "name is test" } else { "name is filter" });
    let context = Computed::from_pairs([("name", name)]);
    found.and_then(|question| question.eval(context)).is_ok_and(|answer| answer.is_true())
}

impl Expression {
    /// Its value. `context` is an object that holds the roots; `fuel` is what it may spend, at most [`MAX_FUEL`]: one
    /// for each instruction and for each 64 bytes that it makes.
    ///
    /// # Errors
    /// See [`EvaluateError`].
    pub fn evaluate(&self, context: &Value, fuel: u64) -> Result<Value, EvaluateError> {
        let mut left = MAX_RESULT_BYTES;
        self.value(context, fuel, &mut left)
    }

    fn value(&self, context: &Value, fuel: u64, left: &mut usize) -> Result<Value, EvaluateError> {
        let mut engine = ENGINE.clone();
        engine.set_fuel(Some(fuel.min(MAX_FUEL)));
        let compiled = engine.compile_expression(self.guarded()).map_err(|error| self.failed(&error, context))?;
        // Only what is read is copied.
        let roots: BTreeMap<&str, Computed> = self
            .reads()
            .iter()
            .map(|reference| reference.root.as_str())
            .filter_map(|root| Some((root, Computed::from(Serde(context.get(root)?)))))
            .collect();
        let computed = compiled.eval(Computed::from_pairs(roots)).map_err(|error| self.failed(&error, context))?;
        if computed.is_undefined() {
            return Err(EvaluateError::Undefined(self.missing(context)));
        }
        to_json(&computed, left, 0).map_err(|error| match error {
            Refused::Engine(error) => self.failed(&error, context),
            Refused::Undefined => EvaluateError::Undefined(self.missing(context)),
            Refused::Result(error) => error,
        })
    }

    fn failed(&self, error: &minijinja::Error, context: &Value) -> EvaluateError {
        match error.kind() {
            ErrorKind::OutOfFuel => EvaluateError::OutOfFuel,
            ErrorKind::UndefinedError => EvaluateError::Undefined(self.missing(context)),
            _ => {
                let detail = clipped(&detail(error));
                // Operators say only that they do not take it.
                let undefined = detail.contains("undefined").then(|| self.absent(context)).flatten();
                undefined.map_or(EvaluateError::Failed(detail), EvaluateError::Undefined)
            }
        }
    }

    /// What it reads and `context` does not have; the expression itself where nothing is missing by name.
    fn missing(&self, context: &Value) -> String {
        self.absent(context).unwrap_or_else(|| clipped(self.source()))
    }

    fn absent(&self, context: &Value) -> Option<String> {
        let absent = self.reads().iter().find_map(|reference| {
            let mut so_far = super::Reference { root: reference.root, path: Vec::new() };
            let Some(mut at) = context.get(reference.root.as_str()) else { return Some(so_far.to_string()) };
            for segment in &reference.path {
                so_far.path.push(segment.clone());
                let member = match segment {
                    super::Segment::Name(name) => at.get(name),
                    super::Segment::Index(index) => usize::try_from(*index).ok().and_then(|index| at.get(index)),
                };
                let Some(member) = member else { return Some(so_far.to_string()) };
                at = member;
            }
            None
        });
        absent.map(|name| clipped(&name))
    }
}

impl Template {
    /// The value with every expression in its place. Each expression gets `fuel` for itself; see
    /// [`Expression::evaluate`].
    ///
    /// # Errors
    /// That of the first expression that has no value. See [`EvaluateError`].
    pub fn evaluate(&self, context: &Value, fuel: u64) -> Result<Value, EvaluateError> {
        let mut left = MAX_RESULT_BYTES;
        self.value(context, fuel, &mut left)
    }

    fn value(&self, context: &Value, fuel: u64, left: &mut usize) -> Result<Value, EvaluateError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Exact(expression) => expression.value(context, fuel, left),
            Self::Text(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(plain) => text.push_str(plain),
                        Piece::Expression(expression) => match expression.value(context, fuel, left)? {
                            Value::Null => {}
                            Value::String(inner) => text.push_str(&inner),
                            other => text.push_str(&other.to_string()),
                        },
                    }
                    if text.len() > MAX_RESULT_BYTES {
                        return Err(EvaluateError::TooLarge);
                    }
                }
                Ok(Value::String(text))
            }
            Self::List(items) => {
                items.iter().map(|item| item.value(context, fuel, left)).collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Object(members) => {
                let member = |(name, template): (&String, &Self)| {
                    template.value(context, fuel, left).map(|value| (name.clone(), value))
                };
                members.iter().map(member).collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        }
    }
}

enum Refused {
    Engine(minijinja::Error),
    Undefined,
    Result(EvaluateError),
}

impl From<EvaluateError> for Refused {
    fn from(error: EvaluateError) -> Self {
        Self::Result(error)
    }
}

/// As JSON, with the types that the values have. A small value may hold a large one a thousand times: `left` is what
/// the result may still take.
fn to_json(value: &Computed, left: &mut usize, depth: usize) -> Result<Value, Refused> {
    if depth > MAX_NESTING {
        return Err(EvaluateError::TooLarge.into());
    }
    let own = VALUE_BYTES + value.as_str().map_or(0, str::len);
    *left = left.checked_sub(own).ok_or(EvaluateError::TooLarge)?;
    Ok(match value.kind() {
        ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::String => Value::String(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Number => Value::Number(number(value)?),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(Refused::Engine)?;
            Value::Array(items.map(|item| to_json(&item, left, depth + 1)).collect::<Result<_, _>>()?)
        }
        ValueKind::Map => {
            let mut members = Map::new();
            for key in value.try_iter().map_err(Refused::Engine)? {
                let name = key.as_str().ok_or(EvaluateError::NotJson("an object with a key that is not a string"))?;
                *left = left.checked_sub(name.len() + VALUE_BYTES).ok_or(EvaluateError::TooLarge)?;
                let member = value.get_item(&key).map_err(Refused::Engine)?;
                members.insert(name.to_owned(), to_json(&member, left, depth + 1)?);
            }
            Value::Object(members)
        }
        ValueKind::Undefined => return Err(Refused::Undefined),
        ValueKind::Bytes => return Err(EvaluateError::NotJson("bytes").into()),
        ValueKind::Invalid => return Err(EvaluateError::OutOfFuel.into()),
        _ => return Err(EvaluateError::NotJson("a function").into()),
    })
}

fn number(value: &Computed) -> Result<Number, EvaluateError> {
    if value.is_integer() {
        let unsigned = u64::try_from(value.clone()).map(Number::from);
        let number = unsigned.or_else(|_| i64::try_from(value.clone()).map(Number::from));
        return number.map_err(|_| EvaluateError::NotJson("an integer of more than 64 bits"));
    }
    let number = f64::try_from(value.clone()).ok().and_then(Number::from_f64);
    number.ok_or(EvaluateError::NotJson("a number that is infinite or NaN"))
}

fn detail(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned)
}
