//! Problems of a definition, each with a JSON pointer. Their number is bounded, because definitions come from
//! strangers.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use workway_document::{Document, Position};

use super::bounds::MAX_PROBLEMS;
pub(super) use workway_expression::clipped;
pub(super) use workway_model::child;

/// One thing that is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where, as an RFC 6901 pointer into the definition; empty for the whole.
    pub pointer: String,
    /// What is wrong and what to do about it.
    pub message: String,
    /// Where in the author's text, if there is one. It serializes as `line` and `column`.
    #[serde(flatten)]
    pub position: Option<Position>,
}

impl Problem {
    /// A problem of a value. Long texts are cut.
    pub fn new(pointer: &str, message: impl fmt::Display) -> Self {
        Self { pointer: clipped(pointer), message: clipped(&message.to_string()), position: None }
    }

    /// The problem with the position that its pointer has in `document`, unless it has one.
    #[must_use]
    pub fn located(self, document: &Document) -> Self {
        let position = self.position.or_else(|| Some(document.position(&self.pointer)));
        Self { position, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "(root)" } else { &self.pointer };
        if let Some(position) = self.position {
            write!(formatter, "{position}: ")?;
        }
        write!(formatter, "{place}: {}", self.message)
    }
}

/// Problems as they are found, at most [`MAX_PROBLEMS`].
#[derive(Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    pub(super) fn add(&mut self, pointer: &str, message: impl fmt::Display) {
        if self.list.len() < MAX_PROBLEMS {
            self.list.push(Problem::new(pointer, message));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<Problem> {
        self.list
    }
}

/// A value as a message names it: a string, a list or an object may hold what a log must not, and is not quoted.
pub fn found(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("a string of {} characters", text.chars().count()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
