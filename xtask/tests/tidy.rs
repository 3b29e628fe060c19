//! Holds the workspace to rules that no compiler checks: which crate may depend on which, how files open and how long
//! they get. It reads files and asks cargo for the workspace's packages. It never builds or changes anything. The table of
//! who may use whom is in `docs/architecture.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const MAX_FILE_LINES: usize = 600;
/// Code and tests of one crate under `host/`.
const MAX_CRATE_LINES: usize = 9_000;
const FOLDERS: [&str; 6] = ["host", "cli", "sdk-guest", "tests", "xtask", "plugins"];
const SOURCES: [&str; 11] = ["rs", "toml", "sh", "js", "py", "sql", "wit", "yml", "yaml", "html", "css"];
const NOT_OURS: [&str; 5] = ["target", ".git", "node_modules", "data", "__pycache__"];
const UNFINISHED: [&str; 4] = ["TODO", "FIXME", "todo!", "unimplemented!"];

/// The crates that are databases, and what they share. There are two because a crate has [`MAX_CRATE_LINES`] at most, and runs
/// have a file of their own.
const DATABASES: &[&str] = &["sqlite", "db", "run-db"];
/// Libraries that only these crates of the host know.
const RESERVED: [(&str, &[&str]); 5] = [
    ("axum", &["host"]),
    ("axum-extra", &["host"]),
    ("sqlx", DATABASES),
    ("wasmtime", &["sandbox"]),
    ("wasmtime-wasi", &["sandbox"]),
];
/// Packages outside `host/` whose tests and benches may use the libraries of [`RESERVED`]: they read a host's database to
/// see what it stored, play an upstream service, and measure the host against bare wasmtime.
const TEST_PACKAGES: [&str; 2] = ["workway-tests", "workway-cli"];
/// Crates with tests that use a crate above them: those of the engine of runs run on the database of runs.
const TESTED_WITH: [(&str, &str); 1] = [("runs", "run-db")];

#[test]
fn host_crates_depend_only_on_crates_that_the_table_allows() {
    let table = table_of(&read(&root().join("docs/architecture.md")));
    let packages = host_packages();
    let ours: BTreeSet<&str> = packages.iter().map(Package::short_name).collect();
    let mut offences: Vec<String> = Vec::new();
    for package in &packages {
        let name = package.short_name();
        if !table.contains_key(name) {
            offences.push(format!("docs/architecture.md: the table has no row for the crate `{name}`"));
            continue;
        }
        let allowed = closure(&table, name);
        let is_exempt = |used: &Dependency| used.is_dev && TESTED_WITH.contains(&(name, short_name(&used.name)));
        let used = package.dependencies.iter().filter(|used| !is_exempt(used));
        let used: BTreeSet<&str> = used.map(|used| short_name(&used.name)).collect();
        for used in used.intersection(&ours).filter(|used| !allowed.contains(**used)) {
            offences.push(format!("{}: `{name}` may not use `{used}`", show(&package.manifest)));
        }
    }
    let rows_without_crate = table.keys().filter(|name| !ours.contains(name.as_str()));
    offences.extend(rows_without_crate.map(|name| format!("docs/architecture.md: host/ has no crate `{name}`")));
    assert_none(&offences);
}

#[test]
fn reserved_libraries_are_used_by_their_crates_only() {
    let mut offences = Vec::new();
    for package in packages() {
        for used in &package.dependencies {
            let Some((library, owners)) = RESERVED.iter().find(|(library, _)| *library == used.name) else {
                continue;
            };
            let is_owner = package.is_in_host() && owners.contains(&package.short_name());
            let is_test = used.is_dev && TEST_PACKAGES.contains(&package.name.as_str());
            if !is_owner && !is_test {
                offences.push(format!("{}: only {owners:?} may use {library}", show(&package.manifest)));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn host_crates_are_at_most_9000_lines_long() {
    let mut offences = Vec::new();
    for package in host_packages() {
        let folder = package.folder();
        // The other crates lie in the folder of `host`.
        let inner = folder.join("crates");
        let own = rust_files(folder).into_iter().filter(|file| !file.starts_with(&inner));
        let lines: usize = own.map(|file| read(&file).lines().count()).sum();
        if lines > MAX_CRATE_LINES {
            offences
                .push(format!("{}: the crate must have at most {MAX_CRATE_LINES} lines (has {lines})", show(folder)));
        }
    }
    assert_none(&offences);
}

#[test]
fn one_file_alone_sees_the_engines_configuration() {
    let mut offences = Vec::new();
    let sources = rust_files(&root().join("host/crates/sandbox/src"));
    for file in sources.into_iter().filter(|file| !file.ends_with("engine.rs")) {
        for (number, line) in read(&file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let mut words = code.split(|character: char| !character.is_alphanumeric() && character != '_');
            if words.any(|word| word == "Config") {
                offences.push(format!("{}:{}: only engine.rs may use wasmtime::Config", show(&file), number + 1));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn the_host_reads_the_wall_clock_as_a_timestamp() {
    // The cache of compiled code sets the times of its files, which have the system's own type.
    let allowed = ["model/src/timestamp.rs", "sandbox/src/cache/folder.rs"];
    let is_allowed = |file: &PathBuf| allowed.iter().any(|path| file.ends_with(path));
    let mut offences = Vec::new();
    for file in rust_files(&root().join("host")).into_iter().filter(|file| !is_allowed(file)) {
        for (number, line) in read(&file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if ["SystemTime::now", "Utc::now", "Local::now"].iter().any(|call| code.contains(call)) {
                offences.push(format!("{}:{}: use `Timestamp::now()`", show(&file), number + 1));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn source_files_open_with_a_doc_comment() {
    let opens = |file: &PathBuf| {
        read(file).lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//!"))
    };
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| !opens(file))
        .map(|file| format!("{}: the first line must be a `//!` comment", show(file)))
        .collect();
    assert_none(&offences);
}

#[test]
fn source_files_are_at_most_600_lines_long() {
    let lengths = rust_sources().into_iter().map(|file| (read(&file).lines().count(), file));
    let offences: Vec<_> = lengths
        .filter(|(length, _)| *length > MAX_FILE_LINES)
        .map(|(length, file)| {
            format!("{}: a file must have at most {MAX_FILE_LINES} lines (has {length})", show(&file))
        })
        .collect();
    assert_none(&offences);
}

#[test]
fn nothing_is_left_unfinished() {
    let mut offences = Vec::new();
    for file in files_under(root()).into_iter().filter(|file| has_extension(file, &SOURCES)) {
        if file.ends_with("xtask/tests/tidy.rs") {
            continue;
        }
        for (number, line) in read(&file).lines().enumerate() {
            if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
                offences.push(format!("{}:{}: {word}", show(&file), number + 1));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn a_crate_may_use_what_the_crates_of_its_row_may_use() {
    let page =
        "| crate | may use |\n| --- | --- |\n| `a` | nothing of ours |\n| `b` | a |\n| `c` | b |\n| `d` | all |\n\n";
    let table = table_of(page);
    let allowed = |name| closure(&table, name).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(["a", "b", "c", "d"].map(allowed), ["", "a", "a b", "a b c d"]);
}

/// A package of the workspace, as `cargo metadata` describes it.
struct Package {
    name: String,
    manifest: PathBuf,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    is_dev: bool,
}

impl Package {
    /// `oauth` for `workway-oauth`: the name in the table, and of the crate's folder.
    fn short_name(&self) -> &str {
        short_name(&self.name)
    }

    fn folder(&self) -> &Path {
        self.manifest.parent().expect("a manifest lies in a folder")
    }

    fn is_in_host(&self) -> bool {
        self.manifest.starts_with(root().join("host"))
    }
}

fn short_name(package: &str) -> &str {
    package.strip_prefix("workway-").unwrap_or(package)
}

fn host_packages() -> Vec<Package> {
    packages().into_iter().filter(Package::is_in_host).collect()
}

fn packages() -> Vec<Package> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("the metadata is JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let dependency = |value: &Value| Dependency { name: text(&value["name"]), is_dev: value["kind"] == "dev" };
    let package = |value: &Value| Package {
        name: text(&value["name"]),
        manifest: text(&value["manifest_path"]).into(),
        dependencies: value["dependencies"].as_array().expect("a list").iter().map(dependency).collect(),
    };
    metadata["packages"].as_array().expect("a list").iter().map(package).collect()
}

/// Reads the table under the heading row `| crate | may use |`: each crate, with the crates that its row names.
fn table_of(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows: Vec<(String, String)> = page
        .lines()
        .map(|line| line.replace('`', ""))
        .skip_while(|line| cells(line) != ["crate", "may use"])
        .skip(2)
        .map_while(|line| match cells(&line).as_slice() {
            [name, may_use] => Some(((*name).to_owned(), (*may_use).to_owned())),
            _ => None,
        })
        .collect();
    assert!(!rows.is_empty(), "docs/architecture.md has no table that begins with `| crate | may use |`");
    let known: BTreeSet<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    let named = |may_use: &str| match may_use {
        "nothing of ours" => BTreeSet::new(),
        "all" => known.clone(),
        names => names.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    let table: BTreeMap<_, _> = rows.iter().map(|(name, may_use)| (name.clone(), named(may_use))).collect();
    for (name, used) in &table {
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "docs/architecture.md: the row of `{name}` names {unknown:?}, which have no row");
    }
    table
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inner.map(|inner| inner.split('|').map(str::trim).collect()).unwrap_or_default()
}

/// Returns the crates that `name` may use: those of its row, and those that they may use.
fn closure<'a>(table: &'a BTreeMap<String, BTreeSet<String>>, name: &str) -> BTreeSet<&'a str> {
    let mut allowed = BTreeSet::new();
    let mut open: Vec<&str> = table[name].iter().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if allowed.insert(next) {
            open.extend(table[next].iter().map(String::as_str));
        }
    }
    allowed
}

fn rust_sources() -> Vec<PathBuf> {
    FOLDERS.iter().flat_map(|name| rust_files(&root().join(name))).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files_under(folder).into_iter().filter(|file| has_extension(file, &["rs"])).collect()
}

fn has_extension(file: &Path, extensions: &[&str]) -> bool {
    file.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| extensions.contains(&extension))
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.map(|entry| entry.expect("a folder's entry").path()) {
        let is_ours = entry.file_name().is_some_and(|name| NOT_OURS.iter().all(|other| name != *other));
        if entry.is_dir() && is_ours {
            files.extend(files_under(&entry));
        } else if entry.is_file() {
            files.push(entry);
        }
    }
    files.sort();
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn show(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

#[track_caller]
fn assert_none(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}
