//! Holds the sources to rules that no compiler checks: who may use whom, how files open and how long they get. It
//! reads files and never builds or changes anything. The table of who may use whom is the one in docs/architecture.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MOST_LINES: usize = 600;
const CRATES: [&str; 6] = ["host", "cli", "sdk-guest", "tests", "xtask", "plugins"];
const SOURCES: [&str; 11] = ["rs", "toml", "sh", "js", "py", "sql", "wit", "yml", "yaml", "html", "css"];
const NOT_OURS: [&str; 5] = ["target", ".git", "node_modules", "data", "__pycache__"];
const UNFINISHED: [&str; 4] = ["TODO", "FIXME", "todo!", "unimplemented!"];

#[test]
fn modules_of_the_host_use_only_what_the_table_allows() {
    let table = read_table();
    let mut offences = Vec::new();
    for file in host_sources() {
        let Some(module) = module_path(&file).into_iter().next() else {
            continue;
        };
        let Some(allowed) = table.get(&module) else {
            offences.push(format!("{}: docs/architecture.md's table has no row for `{module}`", show(&file)));
            continue;
        };
        for (line, used) in uses_of(&file, &table) {
            if used != module && !allowed.contains(&used) {
                offences.push(format!("{}:{line}: `{module}` may not use `{used}`", show(&file)));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn every_source_file_opens_by_saying_what_it_is_for() {
    let opens = |file: &PathBuf| {
        read(file).lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//!"))
    };
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| !opens(file))
        .map(|file| format!("{}: no `//!` first", show(file)))
        .collect();
    assert_none(&offences);
}

#[test]
fn no_source_file_is_too_long_to_read() {
    let lengths = rust_sources().into_iter().map(|file| (read(&file).lines().count(), file));
    let offences: Vec<_> = lengths
        .filter(|(length, _)| *length > MOST_LINES)
        .map(|(length, file)| format!("{}: {length} lines, more than {MOST_LINES}", show(&file)))
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
fn one_file_alone_sees_the_engines_configuration() {
    let mut offences = Vec::new();
    for file in host_sources().into_iter().filter(|file| !file.ends_with("runtime/engine.rs")) {
        for (line, name) in names_after(&code_of(&file), "wasmtime::") {
            if name == "Config" {
                offences.push(format!("{}:{line}: wasmtime::Config", show(&file)));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn names_are_found_in_paths_and_in_groups() {
    let code = "use crate::{account::{User, token}, db};\nlet a = crate::oauth::flow(my_crate::http);";
    let found: Vec<_> = names_after(code, "crate::").into_iter().map(|(line, name)| format!("{line} {name}")).collect();
    assert_eq!(found, ["1 account", "1 db", "2 oauth"]);
}

/// Module to the modules that it may use, from the table under the heading row `| module | may use |`.
fn read_table() -> BTreeMap<String, BTreeSet<String>> {
    let page = read(&root().join("docs/architecture.md"));
    let rows: Vec<(Vec<String>, String)> = page
        .lines()
        .map(|line| line.replace('`', ""))
        .skip_while(|line| cells(line) != ["module", "may use"])
        .skip(2)
        .map_while(|line| match cells(&line).as_slice() {
            [modules, may_use] => Some((list(modules), (*may_use).to_owned())),
            _ => None,
        })
        .collect();
    assert!(!rows.is_empty(), "docs/architecture.md has no table that begins with `| module | may use |`");
    let known: BTreeSet<String> = rows.iter().flat_map(|(modules, _)| modules.clone()).collect();
    let mut table = BTreeMap::new();
    for (modules, may_use) in rows {
        let allowed: BTreeSet<String> = match may_use.as_str() {
            "nothing of ours" => BTreeSet::new(),
            "all" => known.clone(),
            names => list(names).into_iter().collect(),
        };
        let strangers: Vec<_> = allowed.difference(&known).collect();
        assert!(
            strangers.is_empty(),
            "docs/architecture.md: the row of {modules:?} names no module with {strangers:?}"
        );
        table.extend(modules.into_iter().map(|module| (module, allowed.clone())));
    }
    table
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inner.map(|inner| inner.split('|').map(str::trim).collect()).unwrap_or_default()
}

fn list(cell: &str) -> Vec<String> {
    cell.split(',').map(|name| name.trim().to_owned()).collect()
}

/// Which of the host's modules a file names, by `crate::` or by climbing to the crate's root with `super::`.
fn uses_of(file: &Path, table: &BTreeMap<String, BTreeSet<String>>) -> Vec<(usize, String)> {
    let code = code_of(file);
    let mut used = names_after(&code, "crate::");
    let climb = "super::".repeat(module_path(file).len());
    // Inside a `mod tests { … }` the same path ends one lower and names an item of this module: only modules count.
    used.extend(names_after(&code, &climb).into_iter().filter(|(_, name)| table.contains_key(name)));
    used
}

/// The names that directly follow `prefix`, each with its line: of `crate::{a::b, c}` these are `a` and `c`.
fn names_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(|before: char| is_name(before) || before == ':') {
            continue;
        }
        let line = code[..at].lines().count().max(1);
        let rest = code[at + prefix.len()..].trim_start();
        let names = match rest.strip_prefix('{') {
            Some(group) => names_in_group(group),
            None => vec![name_at(rest)],
        };
        found.extend(names.into_iter().filter(|name| !name.is_empty()).map(|name| (line, name)));
    }
    found
}

fn names_in_group(group: &str) -> Vec<String> {
    let mut names = vec![name_at(group)];
    let mut depth = 1;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name_at(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn name_at(code: &str) -> String {
    code.trim_start().chars().take_while(|character| is_name(*character)).collect()
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// A file's text without its line comments, lines kept: documentation may name any module.
fn code_of(file: &Path) -> String {
    let text = read(file);
    let lines: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    lines.join("\n")
}

/// `host/src/http/error.rs` is `["http", "error"]`; `lib.rs`, which may use everything, is `[]`.
fn module_path(file: &Path) -> Vec<String> {
    let inner = file.strip_prefix(root().join("host/src")).expect("a source of the host").with_extension("");
    let names = inner.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "mod" && name != "lib").collect()
}

fn host_sources() -> Vec<PathBuf> {
    files_under(&root().join("host/src")).into_iter().filter(|file| has_extension(file, &["rs"])).collect()
}

fn rust_sources() -> Vec<PathBuf> {
    let files = CRATES.iter().flat_map(|name| files_under(&root().join(name)));
    files.filter(|file| has_extension(file, &["rs"])).collect()
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
