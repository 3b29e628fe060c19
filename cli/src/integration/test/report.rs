//! The results of cases as lines for a developer. Names and messages come from files and from a component: no control
//! character of theirs reaches the terminal.

use std::{
    fmt::{self, Display, Formatter},
    path::Path,
    time::Duration,
};

use workway_host::testkit::CaseReport;

use crate::event_line::{counted, lines, name};

/// What the lines of a problem begin with.
const INDENT: &str = "       ";

/// All that was run.
#[derive(Default)]
pub struct Tally {
    reports: Vec<CaseReport>,
}

impl Tally {
    pub fn add(&mut self, report: CaseReport) {
        self.reports.push(report);
    }

    pub fn reports(&self) -> &[CaseReport] {
        &self.reports
    }

    pub fn failed(&self) -> usize {
        self.reports.iter().filter(|report| !report.passed()).count()
    }
}

impl Display for Tally {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let failed = self.failed();
        write!(formatter, "{} passed, {failed} failed", self.reports.len() - failed)
    }
}

/// One line: how it ended, which case it is, and what it took.
pub fn line(report: &CaseReport) -> String {
    let word = if report.passed() { "ok    " } else { "FAILED" };
    format!(
        "{word} {}: {} ({}, CPU {}, memory {}, {})",
        name(&file(&report.file)),
        name(&report.name),
        milliseconds(report.elapsed),
        milliseconds(report.cpu),
        memory(report.memory_bytes),
        counted(report.requests, "request"),
    )
}

/// What is not as expected, indented below.
pub fn problems(report: &CaseReport) -> Vec<String> {
    let problems = report.problems.iter().flat_map(|problem| lines(problem));
    problems.map(|line| format!("{INDENT}{line}")).collect()
}

/// A file of cases by its stem: all of them lie in one folder.
pub fn file(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Calls take so little that a whole millisecond is too coarse.
fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

fn memory(bytes: u64) -> String {
    let kibibytes = bytes.div_ceil(1024);
    let tenths = bytes.saturating_mul(10) >> 20;
    if kibibytes < 1024 { format!("{kibibytes} KiB") } else { format!("{}.{} MiB", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(problems: &[&str]) -> CaseReport {
        CaseReport {
            file: "tests/greet.yaml".into(),
            name: "greets \u{1b}[31mred".to_owned(),
            problems: problems.iter().map(ToString::to_string).collect(),
            elapsed: Duration::from_micros(1_260),
            cpu: Duration::from_micros(40),
            memory_bytes: (1 << 20) + (1 << 19),
            requests: 1,
        }
    }

    #[test]
    fn a_case_is_one_line_and_its_problems_are_below() {
        let passed = line(&report(&[]));
        assert_eq!(passed, "ok     greet: greets \u{fffd}[31mred (1.3 ms, CPU 0.0 ms, memory 1.5 MiB, 1 request)");
        let failed = report(&["output differs\n  expected: 1", "request 1 was expected, but not sent"]);
        assert!(line(&failed).starts_with("FAILED greet: "));
        let below = ["       output differs", "         expected: 1", "       request 1 was expected, but not sent"];
        assert_eq!(problems(&failed), below);
    }

    #[test]
    fn memory_is_shown_in_what_fits() {
        assert_eq!([0, 1, 1 << 20, 128 << 20].map(memory), ["0 KiB", "1 KiB", "1.0 MiB", "128.0 MiB"]);
        memory(u64::MAX);
    }

    #[test]
    fn passed_and_failed_are_counted() {
        let mut tally = Tally::default();
        tally.add(report(&[]));
        tally.add(report(&["no"]));
        tally.add(report(&[]));
        assert_eq!((tally.to_string().as_str(), tally.failed()), ("2 passed, 1 failed", 1));
    }
}
