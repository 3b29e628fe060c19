//! `workway`, the command line. Parses arguments and prints; the host that it starts is in `workway-host`.

mod arguments;
mod event_line;
mod integration;
mod keys;
mod log;
mod serve;
mod terminal;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments, serve::Style::Plain),
        Command::Dev(arguments) => serve::run(arguments.in_development(), serve::Style::Readable),
        Command::Integration(command) => integration::run(command),
        Command::Keys(command) => keys::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("workway: {}", message(&error));
            ExitCode::FAILURE
        }
    }
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
