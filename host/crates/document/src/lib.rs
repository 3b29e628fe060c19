//! Reads the YAML and JSON texts that people write. A value arrives exactly as it was written, or the text is refused with a
//! line and a column: what two readers could understand in two ways is an error, and so is a number that a reader would
//! round. It opens no file and knows nothing about what the texts are for.

mod json;
mod number;
mod position;
mod yaml;
mod yaml_error;

use serde_json::Value;

use position::Mark;
pub use position::Position;

const SURROGATE: &str =
    "the text has half of a surrogate pair, which is no character: write both halves, such as \\ud83d\\ude00";

/// A value that was read from text, and where each part of it stands there.
#[derive(Clone, Debug)]
pub struct Document {
    /// The value.
    pub value: Value,
    mark: Mark,
}

/// Why a text was refused. The author of the text is to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct DocumentError {
    /// What is wrong, and what to do about it.
    pub message: String,
    /// Where it is wrong.
    pub position: Position,
}

impl Document {
    /// Reads YAML: one document, which nests at most `nesting` levels deep, without anchors, aliases, merge keys, tags,
    /// directives and duplicate keys. The names of members are texts. Numbers are written as in JSON; a text that another
    /// reader could take for a number must be in quotes. Words such as `yes` and dates are texts.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_yaml(text: &str, nesting: usize) -> Result<Self, DocumentError> {
        yaml::read(without_mark(text), nesting)
    }

    /// Reads JSON (RFC 8259), which nests at most `nesting` levels deep, without duplicate keys and unpaired surrogates.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_json(text: &str, nesting: usize) -> Result<Self, DocumentError> {
        json::read(without_mark(text), nesting)
    }

    /// Returns the position of what a JSON pointer (RFC 6901) names, or of the closest value around it if there is no such
    /// value. A member is where its name begins.
    pub fn position(&self, pointer: &str) -> Position {
        self.mark.find(pointer)
    }
}

impl DocumentError {
    fn new(position: Position, message: impl Into<String>) -> Self {
        Self { message: message.into(), position }
    }
}

/// Decodes the bytes of a file.
///
/// # Errors
/// They are not UTF-8. Files in UTF-16, which some editors write, are named as such.
pub fn decode(bytes: Vec<u8>) -> Result<String, DocumentError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(DocumentError::new(Position::START, "the text is in UTF-16: save it as UTF-8"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let position = Position::after(&String::from_utf8_lossy(valid));
        DocumentError::new(position, "the text is not in UTF-8: save it as UTF-8")
    })
}

fn too_deep(position: Position, nesting: usize) -> DocumentError {
    DocumentError::new(position, nesting_message(nesting))
}

fn nesting_message(nesting: usize) -> String {
    format!("lists and objects may be nested at most {nesting} levels deep: nest less")
}

/// The text without a byte order mark at its beginning, which some editors write and which means nothing in UTF-8.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
