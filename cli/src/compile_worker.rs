//! `workway compile-worker`, which a host starts. It talks to the host over standard input and output.

use std::io::{self, IsTerminal};

use anyhow::Context;
use workway_host::sandbox::run_compile_worker;

use crate::{exit::ExitStatus, log, serve::Style};

/// What a worker says goes into the host's log: only what an operator should know.
const LOG_FILTER: &str = "warn";

pub fn run() -> anyhow::Result<ExitStatus> {
    if io::stdin().is_terminal() {
        eprintln!(
            "workway: compile-worker takes no commands from a terminal: `workway serve` starts it when it is needed"
        );
        return Ok(ExitStatus::Usage);
    }
    log::install(LOG_FILTER, Style::Readable)?;
    run_compile_worker().context("cannot compile for a host")?;
    Ok(ExitStatus::Success)
}
