//! What a test does where another language's tools are absent: a developer can do without, a build server cannot.

use std::io::Write;

/// Says that a test was skipped, and for want of what.
///
/// # Panics
/// In CI, where nothing may be skipped.
pub fn skip(test: &str, what: &str) {
    #[expect(clippy::disallowed_methods, reason = "whether this is a build server is said by the environment alone")]
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    assert!(!in_ci, "{test} needs {what}, and in CI nothing is skipped");
    // Not `eprintln!`, which the test runner keeps to itself when a test passes.
    let line = format!("skipped: {test} (no {what}; `cargo xtask test` says how to get it)\n");
    std::io::stderr().write_all(line.as_bytes()).expect("standard error is open");
}
