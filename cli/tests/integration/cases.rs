//! `workway integration test` and what comes before it: exit codes, JUnit's XML, and refusals. That a project from `init`
//! and `generate` builds and passes is what the guides' test shows.

use std::{fs, net::Ipv4Addr};

use tokio::net::TcpListener;
use workway_tests::plugin;

use crate::{build_begins, build_is_ended, endless, process::Ended, project::Project};

const PASSES: &str = "cases:\n  - name: a message without a text\n    action: post-message\n    input: { channel: C1 }\n    \
                      expect: { failure: { kind: invalid-input }, requests: [] }\n";
const FAILS: &str = "  - name: a message & <hope>\n    action: post-message\n    input: { channel: C1 }\n    \
                     expect: { output: { ok: true } }\n";

async fn test(project: &Project, words: &[&str]) -> Ended {
    project.integration(&[&["test", "probe"], words].concat()).ended().await
}

/// Tests slack's component, which is built.
async fn of_slack(project: &Project, words: &[&str]) -> Ended {
    let component = plugin("slack").to_string_lossy().into_owned();
    test(project, &[&["--component", &component], words].concat()).await
}

#[track_caller]
fn refused(ended: &Ended, code: i32, part: &str) {
    assert_eq!(ended.status.code(), Some(code), "{ended:?}");
    assert!(ended.stderr.contains(part), "{ended:?} does not say {part:?}");
}

#[tokio::test]
async fn cases_that_pass_end_with_0_and_one_that_fails_with_1() {
    let project = Project::on_nothing();
    project.write("probe/tests/messages.yaml", PASSES);
    let ended = of_slack(&project, &[]).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("ok     messages: a message without a text ("), "{lines:?}");
    assert!(lines[0].contains(" ms, CPU ") && lines[0].contains(", memory ") && lines[0].ends_with("0 requests)"));
    assert_eq!(lines[1], "1 passed, 0 failed");

    project.write("probe/tests/messages.yaml", format!("{PASSES}{FAILS}"));
    let ended = of_slack(&project, &["--junit", "report.xml"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stdout.ends_with("1 passed, 1 failed\n") && ended.stdout.contains("FAILED messages: "), "{ended:?}");
    let report = fs::read_to_string(project.path("report.xml")).expect("a report");
    for part in ["tests=\"2\"", "failures=\"1\"", "a message &amp; &lt;hope&gt;", "<failure"] {
        assert!(report.contains(part), "{report} has no {part}");
    }

    let ended = of_slack(&project, &["--filter", "without"]).await;
    assert_eq!((ended.status.code(), ended.stdout.lines().count()), (Some(0), 2), "{ended:?}");
}

#[tokio::test]
async fn what_cannot_be_run_ends_with_2_and_says_why() {
    let project = Project::on_nothing();
    refused(&of_slack(&project, &[]).await, 2, "no cases in probe/tests: write probe/tests/NAME.yaml");
    project.write("probe/tests/messages.yaml", "cases:\n  - name: a\n    acton: post-message\n");
    refused(&of_slack(&project, &[]).await, 2, "acton");
    project.write("probe/tests/messages.yaml", PASSES.replace("post-message", "post-massage"));
    refused(&of_slack(&project, &[]).await, 2, "integration \"slack\" has no action \"post-massage\": it has ");
    project.write("probe/tests/messages.yaml", PASSES);
    refused(&of_slack(&project, &["--filter", "elsewhere"]).await, 2, "no case has \"elsewhere\"");
    refused(&of_slack(&project, &["--live", "--mock"]).await, 2, "--mock");
    refused(&of_slack(&project, &["--save"]).await, 2, "--live");
    refused(&of_slack(&project, &["--live", "--data", "nowhere"]).await, 2, "no data folder at `nowhere`");
    refused(&test(&project, &["--component", "nowhere.wasm"]).await, 2, "nowhere.wasm");
    refused(&project.integration(&["test", "nowhere"]).ended().await, 2, "nowhere");
}

#[tokio::test]
async fn what_is_not_built_ends_with_3() {
    let project = Project::on_nothing();
    project.write("probe/tests/messages.yaml", PASSES);
    project.write("probe/src/lib.rs", "pub fn broken() -> u8 { \"text\" }");
    let ended = test(&project, &[]).await;
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(ended.stderr.contains("error[E0308]") && ended.stdout.contains("build failed after "), "{ended:?}");
    // A module that is no component is as good as none.
    project.write("module.wasm", b"\0asm\x01\0\0\0");
    refused(&test(&project, &["--component", "module.wasm"]).await, 3, "component");
}

#[tokio::test]
async fn a_project_is_not_made_over_another_nor_under_an_odd_name() {
    let project = Project::on_nothing();
    let init = async |words: &[&str]| project.integration(&[&["init"], words].concat()).ended().await;
    for name in ["Weather", "1st", "a_b", "a/b", "..", "", "-x"] {
        let ended = init(&["--", name]).await;
        assert_eq!(ended.status.code(), Some(2), "{name:?}: {ended:?}");
        assert!(ended.stderr.contains("[a-z][a-z0-9-]*"), "{name:?}: {ended:?}");
    }
    refused(&init(&["probe"]).await, 1, "not empty");
    refused(&init(&["weather", "--sdk", "plugins"]).await, 1, "not the folder of workway-sdk");
    assert!(!project.path("weather").exists());
    let ended = init(&["weather"]).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.contains("cd weather") && project.path("weather/src/lib.rs").exists(), "{ended:?}");
}

#[tokio::test]
async fn what_cannot_be_generated_changes_nothing() {
    let project = Project::on_nothing();
    let generate = async |words: &[&str]| project.integration(&[&["generate"], words].concat()).ended().await;
    refused(&generate(&["action", "ask", "--path", "nowhere"]).await, 1, "no file nowhere/Cargo.toml");
    let source = "pub fn nothing() {}\n";
    project.write("probe/src/lib.rs", source);
    let ended = generate(&["trigger", "asked", "--webhook", "--path", "probe"]).await;
    refused(&ended, 1, "cannot edit src/lib.rs: it must have exactly one `integration! { … }`");
    assert!(ended.stderr.contains("triggers: [triggers::asked::asked]"), "{ended:?}");
    assert_eq!(fs::read_to_string(project.path("probe/src/lib.rs")).expect("the source"), source);
    assert!(!project.path("probe/src/triggers").exists() && !project.path("probe/tests").exists());
    refused(&generate(&["action", "Ask", "--path", "probe"]).await, 2, "[a-z][a-z0-9-]*");
    refused(&generate(&["trigger", "asked", "--poll", "--webhook", "--path", "probe"]).await, 2, "--webhook");
}

#[tokio::test]
async fn a_test_that_is_interrupted_ends_its_build_and_ends_with_130() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let project = Project::on_nothing();
    project.write("probe/build.rs", endless(port));
    project.write("probe/tests/messages.yaml", PASSES);
    let test = project.integration(&["test", "probe"]);
    let build = build_begins(&listener).await;
    test.interrupt();
    assert_eq!(test.ended().await.status.code(), Some(130));
    build_is_ended(build).await;
}
