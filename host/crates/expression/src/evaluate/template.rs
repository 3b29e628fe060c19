//! Evaluates values that may hold expressions.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use workway_model::child;

use super::{Computed, EvaluateError, Scope, work::Work};
use crate::{
    bounds::MAX_RESULT_BYTES,
    template::{Piece, Template},
};

/// A value with every expression in its place, but for secrets: null stands for them, so that it can be stored and shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    pub value: Value,
    /// The texts with secrets in them, each by its JSON pointer in `value`.
    pub secrets: BTreeMap<String, SecretText>,
}

/// A text that a secret input is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretText(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Input(String),
}

impl SecretText {
    /// The whole text.
    ///
    /// # Errors
    /// [`EvaluateError::Undefined`] for a secret that is not there.
    pub fn reveal(&self, secrets: &BTreeMap<String, SecretString>) -> Result<SecretString, EvaluateError> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Input(name) => {
                    let secret =
                        secrets.get(name).ok_or_else(|| EvaluateError::Undefined(format!("`inputs.{name}`")))?;
                    text.push_str(secret.expose_secret());
                }
            }
        }
        Ok(text.into())
    }
}

impl Template {
    /// The value with every expression in its place. Each expression gets `fuel` for itself; see
    /// [`Expression::evaluate`](crate::Expression::evaluate).
    ///
    /// # Errors
    /// That of the first expression that has no value. See [`EvaluateError`].
    pub fn evaluate(&self, scope: &Scope<'_>, fuel: u64) -> Result<Evaluated, EvaluateError> {
        let mut evaluation = Evaluation::new(scope, fuel);
        let value = evaluation.value(self, "")?;
        Ok(Evaluated { value, secrets: evaluation.secrets })
    }

    /// As [`Template::evaluate`], of an object with these members.
    ///
    /// # Errors
    /// That of the first expression that has no value. See [`EvaluateError`].
    pub fn evaluate_members(
        members: &BTreeMap<String, Self>,
        scope: &Scope<'_>,
        fuel: u64,
    ) -> Result<Evaluated, EvaluateError> {
        let mut evaluation = Evaluation::new(scope, fuel);
        let value = evaluation.members(members, "")?;
        Ok(Evaluated { value, secrets: evaluation.secrets })
    }
}

struct Evaluation<'s> {
    scope: &'s Scope<'s>,
    fuel: u64,
    /// What the results of all expressions may still take, in bytes.
    left: usize,
    secrets: BTreeMap<String, SecretText>,
}

impl<'s> Evaluation<'s> {
    fn new(scope: &'s Scope<'s>, fuel: u64) -> Self {
        Self { scope, fuel, left: MAX_RESULT_BYTES, secrets: BTreeMap::new() }
    }

    fn value(&mut self, template: &Template, pointer: &str) -> Result<Value, EvaluateError> {
        match template {
            Template::Literal(value) => Ok(value.clone()),
            Template::Exact(expression) => {
                let mut work = Work::new(self.scope, self.fuel);
                match work.compute(expression)? {
                    Computed::Secret(name) => {
                        self.secrets.insert(pointer.to_owned(), SecretText(vec![Part::Input(name.to_owned())]));
                        Ok(Value::Null)
                    }
                    computed => work.result(computed.value()?, &mut self.left),
                }
            }
            Template::Text(pieces) => self.text(pieces, pointer),
            Template::List(items) => {
                let items = items.iter().enumerate();
                items
                    .map(|(place, item)| self.value(item, &child(pointer, place)))
                    .collect::<Result<_, _>>()
                    .map(Value::Array)
            }
            Template::Object(members) => self.members(members, pointer),
        }
    }

    fn members(&mut self, members: &BTreeMap<String, Template>, pointer: &str) -> Result<Value, EvaluateError> {
        let member = |(name, template): (&String, &Template)| {
            self.value(template, &child(pointer, name)).map(|value| (name.clone(), value))
        };
        members.iter().map(member).collect::<Result<Map<_, _>, _>>().map(Value::Object)
    }

    fn text(&mut self, pieces: &[Piece], pointer: &str) -> Result<Value, EvaluateError> {
        let mut parts = Vec::new();
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Expression(expression) => {
                    let mut work = Work::new(self.scope, self.fuel);
                    match work.compute(expression)? {
                        Computed::Secret(name) => {
                            parts.extend([Part::Text(std::mem::take(&mut text)), Part::Input(name.to_owned())]);
                        }
                        computed => {
                            let value = work.result(computed.value()?, &mut self.left)?;
                            text.push_str(&work.as_text(&value)?);
                        }
                    }
                }
            }
            if text.len() > MAX_RESULT_BYTES {
                return Err(EvaluateError::TooLarge);
            }
        }
        if parts.is_empty() {
            return Ok(Value::String(text));
        }
        parts.push(Part::Text(text));
        self.secrets.insert(pointer.to_owned(), SecretText(parts));
        Ok(Value::Null)
    }
}
