//! Log lines of the integration. The host bounds how many there are and how long; what is written
//! here is for the operator to read: never write a secret.

use crate::Context;
use crate::host::HostCalls;

/// How bad what a line says is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Detail that only its developer wants.
    Trace,
    /// Detail for finding a fault.
    Debug,
    /// What happened.
    Info,
    /// Something odd that did not stop the action.
    Warn,
    /// Something that somebody should look at.
    Error,
}

/// Writes log lines with fields.
///
/// ```
/// # let ctx = workway_sdk::testing::MockContext::builder().build();
/// ctx.log().info("page read", &[("items", "30"), ("page", "2")]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Log<'context>(&'context Context);

impl<'context> Log<'context> {
    pub(crate) fn new(context: &'context Context) -> Self {
        Self(context)
    }

    /// Detail that only its developer wants.
    pub fn trace(self, message: &str, fields: &[(&str, &str)]) {
        self.0.host().write_log(Level::Trace, message, fields);
    }

    /// Detail for finding a fault.
    pub fn debug(self, message: &str, fields: &[(&str, &str)]) {
        self.0.host().write_log(Level::Debug, message, fields);
    }

    /// What happened.
    pub fn info(self, message: &str, fields: &[(&str, &str)]) {
        self.0.host().write_log(Level::Info, message, fields);
    }

    /// Something odd that did not stop the action.
    pub fn warn(self, message: &str, fields: &[(&str, &str)]) {
        self.0.host().write_log(Level::Warn, message, fields);
    }

    /// Something that somebody should look at.
    pub fn error(self, message: &str, fields: &[(&str, &str)]) {
        self.0.host().write_log(Level::Error, message, fields);
    }
}
