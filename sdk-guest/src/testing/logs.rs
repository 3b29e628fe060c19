//! The lines that an integration wrote, kept for a test to look at. Nothing is printed.

use std::sync::{Arc, Mutex, PoisonError};

use crate::log::Level;

/// One line of an integration's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How bad what it says is.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// Names and values, in the order in which they were given.
    pub fields: Vec<(String, String)>,
}

impl LogLine {
    /// The first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }
}

/// All lines of a context and those that were made of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Logs(Arc<Mutex<Vec<LogLine>>>);

impl Logs {
    pub(super) fn write(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let line = LogLine { level, message: message.to_owned(), fields };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(super) fn lines(&self) -> Vec<LogLine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
