//! How the program ends: its status, and what it says when something went wrong. It never ends the process itself.

use std::process::ExitCode;

use crate::event_line::harmless;

/// The status that scripts see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Success,
    /// What was asked for did not come about, such as a case that failed.
    Failure,
    /// The arguments, or what they name, cannot be used. The argument parser's own status too.
    Usage,
    /// The integration cannot be built.
    NotBuilt,
    /// Somebody asked it to end before it was done.
    Interrupted,
}

impl ExitStatus {
    fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::NotBuilt => 3,
            // As shells have it.
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        status.code().into()
    }
}

/// Says on standard error what went wrong, which need not be the end.
pub fn complain(error: &anyhow::Error) {
    // Parts of it come from files that somebody else has written.
    let text: String =
        message(error).chars().map(|letter| if letter == '\n' { letter } else { harmless(letter) }).collect();
    eprintln!("workway: {text}");
}

/// An error and what is behind it, each said once: many of them name their cause in the middle of what to do about it.
fn message(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::message;

    #[test]
    fn a_cause_is_said_once() {
        let error = anyhow!("no such file").context("folder x: no such file: make it").context("cannot start");
        assert_eq!(message(&error), "cannot start: folder x: no such file: make it");
    }
}
