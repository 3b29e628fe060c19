//! One action: a function with a typed input and output, what is said about it, and its schemas.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Context, Failure, Result};

/// One action of an integration, as [`#[action]`](crate::action) makes it of a function.
#[derive(Clone, Copy)]
pub struct Action {
    /// Lower-case, `[a-z][a-z0-9-]*`, unique among the integration's actions and triggers.
    pub id: &'static str,
    /// The name that people see.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// The provider whose connection it uses.
    pub provider: Option<&'static str>,
    /// The scopes that it needs of that connection.
    pub scopes: &'static [&'static str],
    /// Whether a second call with the same idempotency key does no harm.
    pub idempotent: bool,
    /// Fields of the input with values to choose from.
    pub options: &'static [Options],
    #[doc(hidden)]
    pub input_schema: fn() -> String,
    #[doc(hidden)]
    pub output_schema: fn() -> String,
    #[doc(hidden)]
    pub run: fn(&Context, &str) -> Result<String>,
    #[doc(hidden)]
    pub needs: Needs,
}

impl Action {
    /// The input's JSON Schema (2020-12), as JSON text.
    #[must_use]
    pub fn input_schema(&self) -> String {
        (self.input_schema)()
    }

    /// The output's JSON Schema (2020-12), as JSON text.
    #[must_use]
    pub fn output_schema(&self) -> String {
        (self.output_schema)()
    }

    /// Runs the action on one JSON text and answers another.
    ///
    /// # Errors
    ///
    /// [`Failure::InvalidInput`] when `input` does not fit the function's input type, and whatever
    /// the function fails with.
    pub fn call(&self, context: &Context, input: &str) -> Result<String> {
        (self.run)(context, input)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Action")
            .field("id", &self.id)
            .field("provider", &self.provider)
            .field("scopes", &self.scopes)
            .field("idempotent", &self.idempotent)
            .finish_non_exhaustive()
    }
}

/// A field of an input or a config whose values the integration can list.
#[derive(Clone, Copy)]
pub struct Options {
    /// The property's name in JSON.
    pub field: &'static str,
    #[doc(hidden)]
    pub list: fn(&Context, &str) -> Result<Vec<Choice>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Options").field("field", &self.field).finish_non_exhaustive()
    }
}

/// One value to choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What goes into the field.
    pub value: Value,
    /// What people see.
    pub label: String,
}

impl Choice {
    /// A value with what people see of it.
    pub fn new(value: impl Into<Value>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// What a function's text shows that it needs; [`integration!`](crate::integration!) compares it
/// with what is declared.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// Origins of requests.
    pub origins: &'static [&'static str],
    pub connections: &'static [&'static str],
    pub storage: bool,
}

/// Reads JSON of the caller's.
pub(crate) fn input<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Failure::InvalidInput(error.to_string()))
}

/// Runs a typed function on JSON.
#[doc(hidden)]
pub fn run<I, O, E>(context: &Context, text: &str, function: impl FnOnce(&Context, I) -> Result<O, E>) -> Result<String>
where
    I: DeserializeOwned,
    O: Serialize,
    E: Into<Failure>,
{
    let output = function(context, input(text)?).map_err(Into::into)?;
    Ok(serde_json::to_string(&output)?)
}

/// Runs a typed function that lists choices.
#[doc(hidden)]
pub fn list<I, E>(
    context: &Context,
    text: &str,
    function: impl FnOnce(&Context, I) -> Result<Vec<Choice>, E>,
) -> Result<Vec<Choice>>
where
    I: DeserializeOwned,
    E: Into<Failure>,
{
    function(context, input(text)?).map_err(Into::into)
}
