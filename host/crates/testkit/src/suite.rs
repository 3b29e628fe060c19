//! A file of cases: read within bounds, strictly, and refused as a whole with everything that is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use workway_document::Document;
use workway_model::ProviderId;

use super::{
    case::{Case, MadeUp, check_fixtures},
    fixture::Fixture,
};

/// The longest file of cases, or of recorded fixtures, in bytes.
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// Cases of one file.
pub const MAX_CASES: usize = 200;
/// Files of one folder.
pub const MAX_FILES: usize = 500;
/// How deep a file may nest, lists and objects counted: as deep as a response's JSON that is read elsewhere.
pub(super) const MAX_NESTING: usize = 120;
/// The folder of recorded fixtures, beside the files of cases.
const RECORDED_FOLDER: &str = "recorded";
/// What is repeated of a parser's message, in characters.
const MAX_MESSAGE_CHARS: usize = 1_000;

/// The cases of one file, in the order in which they stand there.
#[derive(Clone, Debug)]
pub struct Suite {
    pub file: PathBuf,
    pub cases: Vec<Case>,
}

/// Everything that is wrong with files of cases, each problem with its file and its case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct SuiteError {
    pub problems: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `cases`")]
struct Written {
    #[serde(default)]
    connections: BTreeMap<String, Value>,
    cases: Vec<Value>,
}

impl Suite {
    /// Reads a text. `file` is what errors call it; no file is opened.
    ///
    /// # Errors
    /// All problems. See [`SuiteError`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, SuiteError> {
        let refused = |problems| Err(SuiteError { problems });
        let written: Written = match yaml(text) {
            Ok(written) => written,
            Err(problem) => return refused(vec![format!("{}: {problem}", file.display())]),
        };
        let mut problems = Vec::new();
        if written.cases.len() > MAX_CASES {
            return refused(vec![format!("{}: a file must have at most {MAX_CASES} cases: split it", file.display())]);
        }
        let mut shared = BTreeMap::new();
        for (provider, connection) in written.connections {
            let id = provider.parse::<ProviderId>().map_err(|error| error.to_string());
            let connection = serde_json::from_value::<MadeUp>(connection).map_err(|error| error.to_string());
            match id.and_then(|id| Ok((id, connection?))) {
                Ok((id, connection)) => drop(shared.insert(id, connection)),
                Err(problem) => problems.push(format!("{}: connections: {provider}: {problem}", file.display())),
            }
        }
        let mut cases = Vec::new();
        let mut names = BTreeSet::new();
        for (place, written) in written.cases.into_iter().enumerate() {
            let name = written.get("name").and_then(Value::as_str).map(ToOwned::to_owned);
            let title = name.map_or_else(|| format!("case {}", place + 1), |name| format!("case {name:?}"));
            match Case::read(file.to_owned(), &shared, written) {
                // Names that are the same as names of files would share their recordings.
                Ok(case) if !names.insert(case.slug()) => {
                    problems.push(format!("{}: {title}: another case in this file has the same name", file.display()));
                }
                Ok(case) => cases.push(case),
                Err(found) => {
                    problems.extend(found.iter().map(|problem| format!("{}: {title}: {problem}", file.display())));
                }
            }
        }
        if problems.is_empty() { Ok(Self { file: file.to_owned(), cases }) } else { refused(problems) }
    }

    /// Reads a file, and the recorded fixtures of those of its cases that have none.
    ///
    /// # Errors
    /// As [`Self::parse`], and where a file cannot be read.
    pub fn read(file: &Path) -> Result<Self, SuiteError> {
        let one = |problem: String| SuiteError { problems: vec![problem] };
        let text = read_bounded(file).map_err(|error| one(format!("{}: {error}", file.display())))?;
        let mut suite = Self::parse(file, &text)?;
        let mut problems = Vec::new();
        for case in suite.cases.iter_mut().filter(|case| case.fixtures.is_none()) {
            let recorded = recorded_path(case);
            match read_recorded(&recorded) {
                Ok(fixtures) => case.fixtures = fixtures,
                Err(found) => {
                    problems.extend(found.iter().map(|problem| format!("{}: {problem}", recorded.display())));
                }
            }
        }
        if problems.is_empty() { Ok(suite) } else { Err(SuiteError { problems }) }
    }

    /// Reads every `*.yaml` and `*.yml` that lies directly in a folder, in the order of their names.
    ///
    /// # Errors
    /// The problems of all files together.
    pub fn read_folder(folder: &Path) -> Result<Vec<Self>, SuiteError> {
        let files =
            files(folder).map_err(|error| SuiteError { problems: vec![format!("{}: {error}", folder.display())] })?;
        let (mut suites, mut problems) = (Vec::new(), Vec::new());
        for file in files {
            match Self::read(&file) {
                Ok(suite) => suites.push(suite),
                Err(error) => problems.extend(error.problems),
            }
        }
        if problems.is_empty() { Ok(suites) } else { Err(SuiteError { problems }) }
    }
}

/// Where the fixtures of a case are recorded: `recorded/<file's stem>/<case's name>.yaml`, beside the case's file.
pub fn recorded_path(case: &Case) -> PathBuf {
    let stem = case.file.file_stem().unwrap_or_default();
    let folder = case.file.parent().unwrap_or(Path::new("")).join(RECORDED_FOLDER).join(stem);
    folder.join(format!("{}.yaml", case.slug()))
}

fn read_recorded(path: &Path) -> Result<Option<Vec<Fixture>>, Vec<String>> {
    let text = match read_bounded(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(vec![error.to_string()]),
    };
    parse_recorded(&text).map(Some)
}

/// Fixtures as they are recorded.
pub(super) fn parse_recorded(text: &str) -> Result<Vec<Fixture>, Vec<String>> {
    let fixtures: Vec<Fixture> = yaml(text).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    check_fixtures(&fixtures, &mut problems);
    if problems.is_empty() { Ok(fixtures) } else { Err(problems) }
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml && path.is_file() {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            return Err(io::Error::other(format!("a folder must have at most {MAX_FILES} files of cases")));
        }
    }
    files.sort();
    // Recordings lie in a folder that is named after the stem.
    if let Some(pair) = files.windows(2).find(|pair| pair[0].file_stem() == pair[1].file_stem()) {
        let (one, another) = (pair[0].display(), pair[1].display());
        return Err(io::Error::other(format!("{one} and {another} differ only in their extension: rename one")));
    }
    Ok(files)
}

fn read_bounded(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("a file must have at most {MAX_FILE_BYTES} bytes")));
    }
    workway_document::decode(bytes).map_err(io::Error::other)
}

/// Reads YAML as strictly as the definition of a workflow is read.
fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    if text.len() > MAX_FILE_BYTES {
        return Err(format!("a file must have at most {MAX_FILE_BYTES} bytes"));
    }
    let document = Document::from_yaml(text, MAX_NESTING).map_err(|error| error.to_string())?;
    T::deserialize(document.value).map_err(|error| error.to_string().chars().take(MAX_MESSAGE_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        Suite::parse(Path::new("tests/a.yaml"), text).expect_err("is refused").problems
    }

    #[test]
    fn cases_are_read_in_order() {
        let suite = Suite::parse(
            Path::new("tests/a.yaml"),
            "connections:\n  slack: { account: acme }\ncases:\n  - { name: b, action: x }\n  - name: a\n    action: x\n    input: { on: yes, n: 1 }\n",
        )
        .expect("is a suite");
        let names: Vec<_> = suite.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        match &suite.cases[1].subject {
            super::super::case::Subject::Action { input, .. } => assert_eq!(input.get(), r#"{"n":1,"on":"yes"}"#),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn everything_that_is_wrong_is_listed_with_its_case() {
        let found = problems(
            "connections:\n  Slack: {}\n  github: { token: x }\ncases:\n  - { name: one, action: x, extra: 1 }\n  - { name: two }\n  - { name: same, action: x }\n  - { name: Same, action: x }\n  - { action: x }\n",
        );
        let parts = [
            "connections: Slack:",
            "connections: github: unknown field `token`",
            "case \"one\": unknown field `extra`",
            "case \"two\": must have exactly one",
            "case \"Same\": another case",
            "case 5: missing field `name`",
        ];
        assert_eq!(found.len(), parts.len(), "{found:#?}");
        for (problem, part) in found.iter().zip(parts) {
            assert!(problem.starts_with("tests/a.yaml: ") && problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn what_is_not_strict_yaml_is_refused_with_its_line() {
        for (text, part) in [
            ("cases: [", "line"),
            ("cases: []\ncases: []", "line 2, column 1: duplicate"),
            (
                "cases:\n  - { name: a, action: x, input: { zip: 01234 } }",
                "line 2, column 41: 01234 is a number for some",
            ),
            (
                "cases:\n  - { name: a, action: x, input: { mode: 0755 } }",
                "line 2, column 42: 0755 is a number for some",
            ),
            (
                "cases:\n  - { name: a, action: x, input: { n: 1_000 } }",
                "line 2, column 39: 1_000 is a number for some",
            ),
            ("cases:\n  - { name: a, action: x, input: { n: 12345678901234567890123 } }", "does not fit 64 bits"),
            ("cases:\n  - { name: a, action: x, input: &x { n: 1 } }", "anchors"),
            ("cases: []\nother: 1", "unknown field"),
            ("- { name: a, action: x }", "expected an object with `cases`"),
            ("", "the document is empty"),
        ] {
            let found = problems(text);
            assert!(found.len() == 1 && found[0].contains(part), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn files_in_other_encodings_are_named_as_such() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.yaml");
        let utf_16: Vec<u8> = "\u{feff}cases: []".encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(&file, utf_16).expect("is written");
        assert!(Suite::read(&file).expect_err("is refused").to_string().contains("UTF-16"));
        std::fs::write(&file, b"cases: [] # caf\xe9").expect("is written");
        assert!(
            Suite::read(&file)
                .expect_err("is refused")
                .to_string()
                .contains("line 1, column 16: the text is not in UTF-8")
        );
        std::fs::write(&file, "\u{feff}cases: []").expect("is written");
        assert_eq!(Suite::read(&file).expect("is a suite").cases.len(), 0);
    }

    #[test]
    fn files_and_their_number_of_cases_are_bounded() {
        let many = format!("cases: [{}]", "{name: a, action: x},".repeat(MAX_CASES + 1));
        assert!(problems(&many)[0].contains("at most 200 cases"));
        assert!(problems(&"#".repeat(MAX_FILE_BYTES + 1))[0].contains("at most 1048576 bytes"));
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let deepest = MAX_NESTING - 3;
        let nested = |depth: usize| format!("cases: [{{ name: a, action: x, input: {} }}]", deep(depth));
        Suite::parse(Path::new("a.yaml"), &nested(deepest)).expect("as deep as may be");
        assert!(problems(&nested(deepest + 1))[0].contains("at most 120 levels deep"));
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ncases: [*f,*f,*f,*f,*f,*f,*f,*f,*f]";
        assert_eq!(problems(bomb).len(), 1);
    }

    #[test]
    fn the_files_of_a_folder_are_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..=MAX_FILES {
            std::fs::write(folder.path().join(format!("{number}.yaml")), "cases: []").expect("is written");
        }
        let error = Suite::read_folder(folder.path()).expect_err("too many files").to_string();
        assert!(error.contains(&format!("at most {MAX_FILES} files")), "{error}");
        std::fs::remove_file(folder.path().join("0.yaml")).expect("is removed");
        assert_eq!(Suite::read_folder(folder.path()).expect("are suites").len(), MAX_FILES);
    }

    #[test]
    fn two_files_that_would_share_their_recordings_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a.yaml", "a.yml"] {
            std::fs::write(folder.path().join(name), "cases: []").expect("is written");
        }
        let error = Suite::read_folder(folder.path()).expect_err("alike").to_string();
        assert!(error.contains("differ only in their extension"), "{error}");
    }

    #[test]
    fn a_folder_is_read_whole_and_recordings_go_with_their_cases() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("is written");
        std::fs::create_dir_all(folder.path().join("recorded/b")).expect("a folder");
        write("b.yaml", "cases:\n  - { name: Gets it, action: x }\n  - { name: own, action: x, fixtures: [] }\n");
        write("a.yml", "cases: []");
        write("notes.txt", "none of ours");
        write("recorded/b/gets-it.yaml", "- request: { url: 'https://a.example' }\n  response: { text: hi }\n");
        write("recorded/b/own.yaml", "this is not looked at");
        let suites = Suite::read_folder(folder.path()).expect("are suites");
        assert_eq!(suites.len(), 2);
        let counts: Vec<_> = suites[1].cases.iter().map(|case| case.fixtures.as_ref().map(Vec::len)).collect();
        assert_eq!(counts, [Some(1), Some(0)]);
        write("recorded/b/gets-it.yaml", "- request: {}");
        write("a.yml", "cases: 1");
        let problems = Suite::read_folder(folder.path()).expect_err("is refused").problems;
        assert!(problems.len() == 2 && problems[1].contains("gets-it.yaml"), "{problems:?}");
    }
}
