//! Running other programs, with errors that name the command. It never decides what to run.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How much of a quiet program's output an error repeats.
const TAIL_LINES: usize = 20;

/// Runs a command and shows its output as it comes.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", describe(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", describe(command));
    }
    Ok(())
}

/// Runs a command and returns its standard output. Its standard error is shown as it comes.
pub fn capture(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {}", describe(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", describe(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} printed something that is not UTF-8", describe(command)))
}

/// Runs a cargo build with `--message-format json-render-diagnostics` and returns the binary with this name. The build may also
/// make test executables.
pub fn built_binary(cargo: &mut Command, name: &str) -> Result<PathBuf> {
    let messages = capture(cargo)?;
    let mut binaries = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == name && message["profile"]["test"] == false;
        Some(PathBuf::from(message["executable"].as_str().filter(|_| is_ours)?))
    });
    binaries.next_back().with_context(|| format!("{} built no binary {name}", describe(cargo)))
}

/// Runs a command without showing its output. If it fails, the error repeats the end of the output.
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

/// Whether a program is installed and runs.
pub fn is_available(program: &str) -> bool {
    Command::new(program).arg("--version").stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

/// Whether this is continuous integration, where tests may not be skipped.
pub fn is_ci() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the one variable that xtask itself reads")]
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Turns a failure into a message for what a developer can do without. In CI it stays a failure.
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
