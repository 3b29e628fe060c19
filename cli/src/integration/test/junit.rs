//! The results of cases as JUnit XML, which build servers read. It contains nothing that the printed lines do not.

use std::path::{Path, PathBuf};

use anyhow::Context;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use workway_host::testkit::CaseReport;

use super::report::file;
use crate::integration::install::replace;

/// The file to write.
pub struct JUnit(PathBuf);

impl JUnit {
    /// # Errors
    /// There is no such folder.
    pub fn new(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        anyhow::ensure!(
            folder.is_dir() && !path.is_dir(),
            "--junit {}: pass a file in an existing folder",
            path.display()
        );
        Ok(Self(path.to_owned()))
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, integration: &str, cases: &[CaseReport]) -> anyhow::Result<()> {
        let text = report(integration, cases).to_string().context("cannot write the JUnit report")?;
        replace(&self.0, text.as_bytes())
    }
}

fn report(integration: &str, cases: &[CaseReport]) -> Report {
    let mut report = Report::new(integration);
    report.set_time(cases.iter().map(|case| case.elapsed).sum());
    for of_one_file in cases.chunk_by(|one, another| one.file == another.file) {
        let Some(first) = of_one_file.first() else { continue };
        let name = file(&first.file);
        let mut suite = TestSuite::new(name.as_str());
        suite.set_time(of_one_file.iter().map(|case| case.elapsed).sum());
        suite.add_test_cases(of_one_file.iter().map(|case| test_case(&format!("{integration}.{name}"), case)));
        report.add_test_suite(suite);
    }
    report
}

fn test_case(class: &str, case: &CaseReport) -> TestCase {
    let status = match case.problems.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(first.lines().next().unwrap_or_default());
            status.set_description(case.problems.join("\n"));
            status
        }
    };
    let mut written = TestCase::new(case.name.as_str(), status);
    written.set_classname(class).set_time(case.elapsed);
    written.add_property(Property::new("cpu-seconds", format!("{:.6}", case.cpu.as_secs_f64())));
    written.add_property(Property::new("memory-bytes", case.memory_bytes.to_string()));
    written.add_property(Property::new("requests", case.requests.to_string()));
    written
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;

    fn case(file: &str, name: &str, problems: &[&str]) -> CaseReport {
        CaseReport {
            file: file.into(),
            name: name.to_owned(),
            problems: problems.iter().map(ToString::to_string).collect(),
            elapsed: Duration::from_millis(2),
            cpu: Duration::from_millis(1),
            memory_bytes: 1024,
            requests: 1,
        }
    }

    #[test]
    fn a_build_server_reads_what_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.xml");
        let cases = [
            case("tests/a.yaml", "one & <two>", &[]),
            case("tests/a.yaml", "three", &["output differs\n  \u{1b}expected: 1", "and more"]),
            case("tests/b.yaml", "four", &[]),
        ];
        JUnit::new(&path).expect("a place").write("slack", &cases).expect("it is written");
        let read = Report::deserialize_from_str(&fs::read_to_string(&path).expect("a file")).expect("it is JUnit's");
        assert_eq!((read.tests, read.failures, read.test_suites.len()), (3, 1, 2));
        let suite = &read.test_suites[0];
        assert_eq!((suite.name.as_str(), suite.test_cases[0].name.as_str()), ("a", "one & <two>"));
        let TestCaseStatus::NonSuccess { message, description, .. } = &suite.test_cases[1].status else {
            panic!("it failed")
        };
        assert_eq!(message.as_ref().expect("a message").as_str(), "output differs");
        assert!(description.as_ref().expect("a description").as_str().ends_with("and more"));
    }

    #[test]
    fn a_place_that_is_none_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path().join("nowhere/report.xml"), folder.path().to_owned()] {
            let error = JUnit::new(&path).err().expect("no place").to_string();
            assert!(error.contains("--junit"), "{error}");
        }
        JUnit::new(Path::new("report.xml")).expect("the current folder");
    }
}
