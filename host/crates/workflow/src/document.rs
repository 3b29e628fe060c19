//! Reads the text of a definition, and bounds it before anything in it is looked at.

use std::str::FromStr;

use serde_json::Value;
use workway_document::Document;

use super::{
    bounds::{MAX_BYTES, MAX_EXPRESSIONS, MAX_NESTING},
    definition::DefinitionError,
    problem::Problem,
};

/// The language of a definition's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceFormat {
    Json,
    Yaml,
}

/// A text that names no [`SourceFormat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be json or yaml")]
pub struct SourceFormatError;

impl FromStr for SourceFormat {
    type Err = SourceFormatError;

    fn from_str(text: &str) -> Result<Self, SourceFormatError> {
        match text {
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            _ => Err(SourceFormatError),
        }
    }
}

impl SourceFormat {
    /// Its name, as [`FromStr`] reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }

    /// Reads a text strictly, with the position of every value: ambiguous texts are rejected, and no text costs more than its
    /// length.
    ///
    /// # Errors
    /// The first problem of the text. See [`Document::from_yaml`] and [`Document::from_json`].
    pub fn read(self, text: &str) -> Result<Document, DefinitionError> {
        let read = check_length(text.len()).and_then(|()| {
            let document = match self {
                Self::Json => Document::from_json(text, MAX_NESTING),
                Self::Yaml => Document::from_yaml(text, MAX_NESTING),
            };
            document.map_err(|error| Problem { position: Some(error.position), ..Problem::new("", error.message) })
        });
        read.map_err(|problem| DefinitionError { problems: vec![problem] })
    }
}

/// Refuses a value that is too large or too deep, or has too many expressions, to be looked at.
pub(super) fn check_bounds(value: &Value) -> Result<(), Problem> {
    let mut open = vec![(value, 1)];
    let mut expressions = 0;
    while let Some((value, depth)) = open.pop() {
        if depth > MAX_NESTING {
            let message = format!("lists and objects may be nested at most {MAX_NESTING} levels deep: nest less");
            return Err(Problem::new("", message));
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(members) => open.extend(members.values().map(|member| (member, depth + 1))),
            // Before any is compiled.
            Value::String(text) => expressions += text.matches("{{").count(),
            _ => {}
        }
    }
    if expressions > MAX_EXPRESSIONS {
        return Err(Problem::new("", super::read::too_many_expressions(expressions)));
    }
    check_length(value.to_string().len())
}

fn check_length(length: usize) -> Result<(), Problem> {
    if length > MAX_BYTES {
        let message = format!("a definition must have at most {MAX_BYTES} bytes (got {length}): split the workflow");
        return Err(Problem::new("", message));
    }
    Ok(())
}
