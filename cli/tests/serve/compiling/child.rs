//! The program at the other end of two pipes, with a test in the place of the host.

use std::{
    fs::File,
    io::Write,
    process::{Child, Command, Output, Stdio},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;
use workway_tests::bomb;

fn start(stdin: Stdio) -> Child {
    let folder = std::env::temp_dir();
    let mut command = Command::new(env!("CARGO_BIN_EXE_workway"));
    command.arg("compile-worker").env_clear().current_dir(folder);
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

fn frame(content: &[u8]) -> Vec<u8> {
    let length = u64::try_from(content.len()).expect("a length");
    [&length.to_le_bytes(), content].concat()
}

fn request() -> Vec<u8> {
    let request = json!({
        "compiler": "cranelift", "one_thread": true, "memory_bytes": 1 << 30, "code_bytes": 1 << 20,
        "cpu_seconds": 1_000, "cache_bytes": 1 << 20,
    });
    frame(request.to_string().as_bytes())
}

/// Sends all of it, ends the input, and waits for the end of the program.
fn after(input: &[u8]) -> Output {
    let mut child = start(Stdio::piped());
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may end before it has read everything.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

#[test]
fn a_worker_without_a_host_ends_in_order() {
    let output = after(b"");
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_worker_ends_with_its_host_whatever_it_compiles() {
    // More than a pipe holds: the worker has read nearly all of it when the input ends, and would compile for minutes.
    let bomb = bomb::endless();
    let output = after(&[request(), frame(&bomb)].concat());
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"".as_slice()), "{output:?}");
}

#[test]
fn a_worker_that_is_sent_nonsense_says_so() {
    let too_long = u64::MAX.to_le_bytes();
    let component_too_long = [request(), ((64_u64 << 20) + 1).to_le_bytes().to_vec()].concat();
    for (input, part) in [
        (b"GET / HTTP/1.1\r\n\r\n".as_slice(), "must have at most 65536 bytes"),
        (&too_long, "must have at most 65536 bytes"),
        (&frame(b"{}"), "missing field"),
        (&frame(b""), "EOF"),
        (&request()[..30], "fill whole buffer"),
        (&request(), "unexpected end of file"),
        (&component_too_long, "must have at most 67108864 bytes (got 67108865)"),
    ] {
        let output = after(input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.starts_with("the host's request cannot be read: ") && said.contains(part), "{output:?}");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()), "{output:?}");
    }
}

#[test]
fn at_a_terminal_it_says_who_starts_it() {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("the terminal is granted");
    unlockpt(&terminal).expect("the terminal is unlocked");
    let path = ptsname(&terminal, Vec::new()).expect("the terminal has a name").into_string().expect("a path");
    let other_end = File::options().read(true).write(true).open(path).expect("the terminal is opened");
    let output = start(other_end.into()).wait_with_output().expect("the program ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{output:?}");
    assert!(said.contains("`workway serve` starts it"), "{said}");
}

#[test]
fn the_command_is_no_part_of_the_help() {
    for arguments in [["--help"], ["help"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_workway")).args(arguments).output().expect("the program runs");
        let help = String::from_utf8_lossy(&output.stdout);
        assert!(help.contains("serve") && !help.contains("compile-worker"), "{help}");
    }
}
