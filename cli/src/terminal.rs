//! The terminal that the program runs in: lines go to it, and Ctrl-C comes from it. It never decides what to do then.

use std::io::{IsTerminal, Write};

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// The status of a program that a second Ctrl-C ended, as shells know it.
const INTERRUPTED: i32 = 130;

/// One line for whoever reads. Nobody has to: work goes on when the output cannot be written.
pub fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

/// Wipes the line that another program has drawn and not ended, such as cargo's bar. Only a terminal has one.
pub fn wipe_line() {
    let mut terminal = std::io::stderr().lock();
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r\u{1b}[K").and_then(|()| terminal.flush());
    }
}

/// Completes at the first Ctrl-C or SIGTERM, after `first` was called; the second ends the process at once.
pub fn asked_to_end(
    first: impl FnOnce() + Send + 'static,
) -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let (ask, asked) = oneshot::channel();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next().await;
        first();
        // Whoever was to be asked may have ended by itself.
        let _ = ask.send(());
        next().await;
        std::process::exit(INTERRUPTED);
    });
    Ok(async move {
        let _ = asked.await;
    })
}
