//! `workway`, the command line. Parses arguments and prints; the host that it starts is in `workway-host`.

mod arguments;
mod compile_worker;
mod doctor;
mod event_line;
mod exit;
mod integration;
mod keys;
mod log;
mod serve;
mod terminal;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use exit::{ExitStatus, complain};

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => succeeded(serve::run(arguments, serve::Style::Plain)),
        Command::Dev(arguments) => succeeded(serve::run(arguments.in_development(), serve::Style::Readable)),
        Command::Integration(command) => integration::run(command),
        Command::Keys(command) => succeeded(keys::run(command)),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::CompileWorker => compile_worker::run(),
    };
    match result {
        Ok(status) => status.into(),
        Err(error) => {
            complain(&error);
            ExitStatus::Failure.into()
        }
    }
}

/// For commands that either do what they are for or fail.
fn succeeded(result: anyhow::Result<()>) -> anyhow::Result<ExitStatus> {
    result.map(|()| ExitStatus::Success)
}
