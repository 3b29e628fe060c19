//! What evaluating one expression has spent, and what it may still spend. Everything that takes time or memory is paid for before it
//! happens: a step of fuel for each look at a value and for each 64 bytes that are read or made, and bytes for whatever is made.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{EvaluateError, Scope};
use crate::bounds::{MAX_EXPRESSION_BYTES, MAX_FUEL};

/// What a value takes beside its text, in bytes.
pub(super) const VALUE_BYTES: usize = 32;
/// What a member of an object takes beside its name and value, in bytes.
const MEMBER_BYTES: usize = 64;
/// How many bytes are one step.
const BYTES_PER_STEP: usize = 64;

/// One evaluation.
pub(crate) struct Work<'a> {
    pub(super) scope: &'a Scope<'a>,
    fuel: u64,
    bytes: usize,
}

impl<'a> Work<'a> {
    pub(super) fn new(scope: &'a Scope<'a>, fuel: u64) -> Self {
        Self { scope, fuel: fuel.min(MAX_FUEL), bytes: MAX_EXPRESSION_BYTES }
    }

    pub(super) fn charge(&mut self, steps: usize) -> Result<(), EvaluateError> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.fuel = self.fuel.checked_sub(steps).ok_or(EvaluateError::OutOfFuel)?;
        Ok(())
    }

    /// Pays for reading a text.
    pub(super) fn read(&mut self, text: &str) -> Result<(), EvaluateError> {
        self.charge(1 + text.len() / BYTES_PER_STEP)
    }

    /// Pays for making so many bytes. What was made and dropped again counts as well.
    pub(super) fn make(&mut self, bytes: usize) -> Result<(), EvaluateError> {
        self.charge(bytes / BYTES_PER_STEP)?;
        self.bytes = self.bytes.checked_sub(bytes).ok_or(EvaluateError::OutOfFuel)?;
        Ok(())
    }

    /// The value itself; a copy is paid for.
    pub(super) fn owned(&mut self, value: Cow<'a, Value>) -> Result<Value, EvaluateError> {
        match value {
            Cow::Owned(value) => Ok(value),
            Cow::Borrowed(value) => self.owned_copy(value),
        }
    }

    /// A copy that is paid for.
    pub(super) fn owned_copy(&mut self, value: &Value) -> Result<Value, EvaluateError> {
        let bytes = self.weight(value)?;
        self.make(bytes)?;
        Ok(value.clone())
    }

    /// A list of values.
    pub(super) fn list(
        &mut self,
        items: impl IntoIterator<Item = Cow<'a, Value>>,
    ) -> Result<Cow<'a, Value>, EvaluateError> {
        let mut made = Vec::new();
        for item in items {
            self.charge(1)?;
            self.make(VALUE_BYTES)?;
            made.push(self.owned(item)?);
        }
        Ok(Cow::Owned(Value::Array(made)))
    }

    /// Puts a member into an object.
    pub(super) fn put(
        &mut self,
        members: &mut Map<String, Value>,
        name: &str,
        value: Cow<'a, Value>,
    ) -> Result<(), EvaluateError> {
        self.make(name.len() + MEMBER_BYTES)?;
        let value = self.owned(value)?;
        members.insert(name.to_owned(), value);
        Ok(())
    }

    /// A new text as a value.
    pub(super) fn text(&mut self, text: String) -> Result<Cow<'a, Value>, EvaluateError> {
        self.make(text.capacity())?;
        Ok(Cow::Owned(Value::String(text)))
    }

    /// What a value takes, in bytes. Looking at all of it is paid for.
    pub(super) fn weight(&mut self, value: &Value) -> Result<usize, EvaluateError> {
        self.charge(1)?;
        let parts = match value {
            Value::String(text) => text.len(),
            Value::Array(items) => {
                items.iter().try_fold(0, |sum, item| Ok::<_, EvaluateError>(sum + self.weight(item)?))?
            }
            Value::Object(members) => members.iter().try_fold(0, |sum, (name, member)| {
                Ok::<_, EvaluateError>(sum + MEMBER_BYTES + name.len() + self.weight(member)?)
            })?,
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        };
        Ok(VALUE_BYTES + parts)
    }

    /// A value as text: a text as it is, null as nothing, everything else as JSON.
    pub(super) fn as_text<'v>(&mut self, value: &'v Value) -> Result<Cow<'v, str>, EvaluateError> {
        match value {
            Value::String(text) => Ok(Cow::Borrowed(text)),
            Value::Null => Ok(Cow::Borrowed("")),
            other => self.json(other).map(Cow::Owned),
        }
    }

    /// A value as JSON text.
    pub(super) fn json(&mut self, value: &Value) -> Result<String, EvaluateError> {
        // A control character takes six bytes.
        let bytes = self.weight(value)?.saturating_mul(2);
        self.make(bytes)?;
        let text = value.to_string();
        self.make(text.len().saturating_sub(bytes))?;
        Ok(text)
    }
}
