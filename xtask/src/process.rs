//! Running other programs, with errors that name the command. It never decides what to run.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// How much of a quiet program's output an error repeats.
const TAIL_LINES: usize = 20;

/// Runs it in plain sight: its output is the user's progress.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", describe(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", describe(command));
    }
    Ok(())
}

/// Runs it and keeps its standard output; its standard error is shown while it runs.
pub fn capture(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {}", describe(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", describe(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed something else than text", describe(command)))
}

/// Runs it without a sound, unless it fails: then the end of what it said is in the error.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", describe(command)))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    bail!("{} ended with {}:\n{tail}", describe(command), output.status);
}

/// Whether a program is installed and answers.
pub fn is_available(program: &str) -> bool {
    Command::new(program).arg("--version").stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

/// Continuous integration, where nothing may be skipped.
pub fn is_ci() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the one variable that xtask itself reads")]
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// For what a developer can do without: says what is missing and goes on, except in CI.
pub fn or_skip(what: &str, result: Result<()>) -> Result<()> {
    match result {
        Err(error) if is_ci() => Err(error.context(format!("{what} cannot be skipped in CI"))),
        Err(error) => {
            eprintln!("      skipped: {what}: {error:#}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}
