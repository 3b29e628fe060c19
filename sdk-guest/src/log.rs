//! Log lines of the integration. The host bounds how many there are and how long; what is written
//! here is for the operator to read: never write a secret.

use std::marker::PhantomData;

use crate::Context;
use crate::bindings::workway::integration::log::{Level, write};

/// Writes log lines with fields.
///
/// ```no_run
/// # fn handler(context: &workway_sdk::Context) {
/// context.log().info("page read", &[("items", "30"), ("page", "2")]);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Log<'context>(PhantomData<&'context Context>);

impl Log<'_> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }

    /// Detail that only its developer wants.
    pub fn trace(self, message: &str, fields: &[(&str, &str)]) {
        line(Level::Trace, message, fields);
    }

    /// Detail for finding a fault.
    pub fn debug(self, message: &str, fields: &[(&str, &str)]) {
        line(Level::Debug, message, fields);
    }

    /// What happened.
    pub fn info(self, message: &str, fields: &[(&str, &str)]) {
        line(Level::Info, message, fields);
    }

    /// Something odd that did not stop the action.
    pub fn warn(self, message: &str, fields: &[(&str, &str)]) {
        line(Level::Warn, message, fields);
    }

    /// Something that somebody should look at.
    pub fn error(self, message: &str, fields: &[(&str, &str)]) {
        line(Level::Error, message, fields);
    }
}

fn line(level: Level, message: &str, fields: &[(&str, &str)]) {
    let fields: Vec<(String, String)> =
        fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    write(level, message, &fields);
}
