//! Files that are no integration: each is refused with a message that says what it is and what to do, and the host keeps
//! running. How a file that is one takes another's place is in `reloading`.

use std::{fs::File, os::unix::fs::symlink, process::Command};

use wasmtime::Engine;
use workway_host::registry::Activated;
use workway_tests::{TestHost, guest};

use crate::support::{assert_alive, bytes_of, detail, failure, register};

/// What a message may tell somebody to do.
const ADVICE: [&str; 6] =
    ["build it", "build the integration again", "copy or build", "install the .wasm", "convert it", "remove the code"];

/// Starts a host with `hello` and these files, and returns why each was refused.
async fn refusals(files: Vec<(String, Vec<u8>)>) -> Vec<String> {
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let builder = TestHost::builder().guest("hello");
    let builder = files.into_iter().fold(builder, |builder, (name, bytes)| builder.bytes(&name, bytes));
    let host = builder.start().await;
    let stats = host.get("/registry/stats").await;
    let messages = names.iter().map(|name| failure(&stats, name).to_owned()).collect();
    assert_eq!(stats.body["integrations"]["total"], 1, "{:#}", stats.body);
    assert_alive(&host).await;
    host.finish().await;
    messages
}

async fn refusal_of(bytes: impl Into<Vec<u8>>) -> String {
    let mut messages = refusals(vec![("odd.wasm".to_owned(), bytes.into())]).await;
    messages.pop().expect("one file, one message")
}

#[track_caller]
fn assert_advises(message: &str) {
    assert!(ADVICE.iter().any(|advice| message.contains(advice)), "this message does not say what to do: {message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_core_module_is_named_as_one() {
    let message = refusal_of(b"\0asm\x01\0\0\0").await;
    assert!(message.contains("core WebAssembly module") && message.contains("cargo component build"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_precompiled_artifact_is_never_loaded() {
    let artifact = Engine::default().precompile_component(&bytes_of("hello")).expect("the guest compiles");
    let message = refusal_of(artifact).await;
    assert!(message.contains(".cwasm") && message.contains("install the .wasm that it was made from"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_and_nothing_are_told_apart() {
    let files = [
        ("empty.wasm", &b""[..], "empty"),
        ("elf.wasm", b"\x7fELF\x02\x01\x01\0", "not a WebAssembly component"),
        ("readme.wasm", b"# An integration\n", "not a WebAssembly component"),
        ("text.wasm", b";; by hand\n(component)", "text form"),
        ("zeros.wasm", &[0; 4_096], "not a WebAssembly component"),
    ];
    let messages = refusals(files.map(|(name, bytes, _)| (name.to_owned(), bytes.to_vec())).into()).await;
    for ((name, _, part), message) in files.iter().zip(messages) {
        assert!(message.contains(part), "{name}: {message}");
        assert_advises(&message);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_of_another_trade_is_told_which_world_to_build() {
    // The empty component: a sound file that speaks no contract.
    let message = refusal_of(b"\0asm\x0d\0\x01\0").await;
    assert!(message.contains("workway:integration@0.1.0") && message.contains("world `integration`"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_cut_off_anywhere_is_refused() {
    let whole = bytes_of("hello");
    let most = whole.len() - 1;
    let lengths = [1, 4, 7, 9, 100, 1_000, most / 4, most / 2, most - most / 8, most - 100, most - 1, most];
    let cut = lengths.map(|length| (format!("cut-{length}.wasm"), whole[..length].to_vec()));
    for (length, message) in lengths.iter().zip(refusals(cut.into()).await) {
        assert!(!message.is_empty(), "{length} bytes");
        assert_advises(&message);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flipped_bits_are_refused_or_harmless() {
    const FLIPS: usize = 16;
    let whole = bytes_of("counter");
    let mut builder = TestHost::builder().guest("hello");
    for flip in 0..FLIPS {
        let mut bytes = whole.clone();
        // Spread over the file, the header included, and over the bits of a byte.
        let place = flip * (bytes.len() - 1) / (FLIPS - 1);
        bytes[place] ^= 1 << (flip % 8);
        builder = builder.bytes(&format!("flip-{flip:02}.wasm"), bytes);
    }
    let host = builder.start().await;
    let stats = host.get("/registry/stats").await;
    let failures = stats.body["failures"].as_object().expect("failures by file");
    // Some bits mean nothing. One file that still is the counter may load, every other one then is a duplicate of it.
    assert!(failures.len() >= FLIPS - 1, "{:#}", stats.body);
    for (file, failure) in failures {
        let message = failure["message"].as_str().expect("a message");
        assert!(!message.is_empty() && message.len() < 20_000, "{file}: {message}");
    }
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outside_the_plugins_folder_is_read() {
    let host = TestHost::builder().guest("hello").start().await;
    let outside = guest("counter").expect("the guest is built");
    let beside = host.plugins().join("../counter.wasm");
    std::fs::copy(&outside, &beside).expect("the guest is copied");
    for (link, target) in [("absolute.wasm", outside.as_path()), ("relative.wasm", "../counter.wasm".as_ref())] {
        symlink(target, host.plugins().join(link)).expect("a link");
        let message = register(&host, link).await.expect_err("the link leads out of the folder");
        assert!(message.contains("cannot be read"), "{message}");
        assert!(failure(&host.get("/registry/stats").await, link).contains("cannot be read"));
    }
    for name in ["../counter.wasm", "/etc/passwd", "..", "a/b.wasm", ".hidden.wasm", "counter.wasm\0"] {
        assert!(name.parse::<workway_host::model::FileName>().is_err(), "{name:?} was taken");
    }
    assert_eq!(host.get("/registry/integrations/counter").await.status, 404);
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_file_of_the_folder_is_passed_over_at_start() {
    let host = TestHost::builder().guest("hello").start().await;
    symlink(guest("counter").expect("the guest is built"), host.plugins().join("link.wasm")).expect("a link");
    symlink("nowhere.wasm", host.plugins().join("dangling.wasm")).expect("a link");
    std::fs::create_dir(host.plugins().join("folder.wasm")).expect("a folder");
    let pipe = Command::new("mkfifo").arg(host.plugins().join("pipe.wasm")).status().expect("mkfifo runs");
    assert!(pipe.success(), "no pipe was made");
    std::fs::write(host.plugins().join("notes.txt"), "not looked at").expect("a file");
    std::fs::write(host.plugins().join(".hidden.wasm"), "half-written").expect("a file");
    let host = TestHost::builder().start_in(host.finish_keeping().await).await;
    let stats = host.get("/registry/stats").await;
    for (file, part) in [
        ("link.wasm", "cannot be read"),
        ("dangling.wasm", "cannot be read"),
        ("folder.wasm", "is not a regular file"),
        ("pipe.wasm", "is not a regular file"),
    ] {
        assert!(failure(&stats, file).contains(part), "{file}: {:#}", stats.body);
    }
    assert_eq!(stats.body["failures"].as_object().map(serde_json::Map::len), Some(4), "{:#}", stats.body);
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_beyond_all_measure_is_not_read_to_its_end() {
    let host = TestHost::builder().guest("hello").start().await;
    let file = File::create(host.plugins().join("huge.wasm")).expect("a file");
    // Sparse: it takes no room on the disk.
    file.set_len(1 << 40).expect("a length");
    let message = register(&host, "huge.wasm").await.expect_err("it is too large");
    assert!(message.contains("must have at most 67108864 bytes"), "{message}");
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_file_is_loaded_once_it_is_sound() {
    let host = TestHost::builder().guest("hello").bytes("counter.wasm", "half").start().await;
    assert!(failure(&host.get("/registry/stats").await, "counter.wasm").contains("not a WebAssembly component"));
    host.drop_in("counter.wasm", &guest("counter").expect("the guest is built"));
    assert!(matches!(register(&host, "counter.wasm").await, Ok(Activated::Serving(_))));
    assert_eq!(host.get("/registry/stats").await.body["failures"], serde_json::json!({}));
    assert_eq!(detail(&host, "counter").await["file"], "counter.wasm");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_folder_serves_nothing_and_is_ready() {
    let host = TestHost::builder().start().await;
    assert_eq!(host.get("/readyz").await.status, 200);
    assert_eq!(host.get("/registry/integrations").await.body["total"], 0);
    host.finish().await;
}
