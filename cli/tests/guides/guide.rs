//! A guide as data: files to write and commands to run, in their order. Reads text and does nothing.

use std::{iter::Peekable, str::Lines};

/// Stands for anything: alone on a line for any number of lines, else for any text within one.
const ANYTHING: &str = "…";

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Write { path: String, content: String },
    Run { command: String, prints: Vec<String> },
}

/// The steps of a guide.
pub fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match info.split_once(' ') {
            Some((_, file)) if file.starts_with("file=") => {
                let path = file.trim_start_matches("file=").to_owned();
                steps.push(Step::Write { path, content: block.join("\n") + "\n" });
            }
            None if info == "console" => steps.extend(commands(block.join("\n").lines().peekable())),
            _ => panic!("a block ```{info} is neither a file nor console: it would go untested"),
        }
    }
    steps
}

fn commands(mut lines: Peekable<Lines<'_>>) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(line) = lines.next() {
        let command = line.strip_prefix("$ ").unwrap_or_else(|| panic!("output without a command: {line}"));
        let mut prints = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            prints.push(line.to_owned());
        }
        steps.push(Step::Run { command: command.to_owned(), prints });
    }
    steps
}

/// Whether what was printed is what the guide shows.
pub fn fits(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == ANYTHING => (0..=printed.len()).any(|skipped| fits(rest, &printed[skipped..])),
        Some((first, rest)) => {
            printed.split_first().is_some_and(|(line, others)| line_fits(first, line) && fits(rest, others))
        }
    }
}

fn line_fits(shown: &str, printed: &str) -> bool {
    let parts: Vec<&str> = shown.split(ANYTHING).collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    if parts.len() == 1 {
        return shown == printed;
    }
    let Some(mut rest) = printed.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    for part in &parts[1..parts.len() - 1] {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

#[test]
fn a_guide_is_read_in_order() {
    let text = "# A\n```console\n$ cd x\n$ ls\na\n…\n```\nwords\n```rust file=src/lib.rs\nfn f() {}\n```\n";
    let run = |command: &str, prints: &[&str]| Step::Run {
        command: command.to_owned(),
        prints: prints.iter().map(ToString::to_string).collect(),
    };
    let write = Step::Write { path: "src/lib.rs".to_owned(), content: "fn f() {}\n".to_owned() };
    assert_eq!(steps(text), [run("cd x", &[]), run("ls", &["a", "…"]), write]);
}

#[test]
#[should_panic(expected = "untested")]
fn a_block_that_nobody_runs_is_an_error() {
    steps("```rust\nfn f() {}\n```\n");
}

#[test]
fn dots_stand_for_lines_and_for_texts() {
    let fits = |shown: &[&str], printed: &[&str]| {
        let shown: Vec<String> = shown.iter().map(ToString::to_string).collect();
        fits(&shown, printed)
    };
    assert!(fits(&["…", "2 passed"], &["a", "b", "2 passed"]));
    assert!(fits(&["…", "ok. 2 …; …", "…"], &["ok. 2 passed; 0 failed", "", "end"]));
    assert!(!fits(&["…", "2 passed"], &["a", "2 passed", "more"]));
    assert!(!fits(&["a"], &["a", "b"]) && !fits(&["a", "b"], &["a"]) && !fits(&["ab…"], &["aab"]));
}
