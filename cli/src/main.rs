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
            eprintln!("workway: {error:#}");
            ExitCode::FAILURE
        }
    }
}
