//! What `integration init` and `integration generate` write, as it is: rustfmt and clippy find nothing in it, and it
//! passes its tests, natively and in the sandbox.

use std::fs;

use crate::{process::Ended, project::Project};

/// The longest names that are taken, so that no line is longer than any can be.
const ACTION: &str = "aa-an-action-whose-name-is-quite-long-10";
const POLL: &str = "polled-and-its-name-is-the-longest-there";
const WEBHOOK: &str = "called-by-an-upstream-with-a-long-name-9";

#[track_caller]
fn passed(ended: &Ended) {
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

/// Whether rustfmt formatted what was generated.
async fn generate(project: &Project, words: &[&str]) -> bool {
    let ended = project.integration(&[&["generate"], words, &["--path", "weather"]].concat()).ended().await;
    passed(&ended);
    !ended.stderr.contains("not formatted")
}

/// Whether there is such a cargo command: rustup installs them apart.
async fn has(project: &Project, command: &str) -> bool {
    let is_there = project.cargo("", &[command, "--version"]).ended().await.status.success();
    if !is_there {
        workway_tests::skip("what_is_generated_is_well_formed_and_passes", &format!("cargo {command}"));
    }
    is_there
}

#[tokio::test]
async fn what_is_generated_is_well_formed_and_passes() {
    let project = Project::on_the_sdk();
    passed(&project.integration(&["init", "weather"]).ended().await);
    project.lock("weather");
    let mut is_formatted = true;
    for words in [
        ["action", ACTION].as_slice(),
        &["action", "get-report"],
        &["trigger", "warned"],
        &["trigger", POLL, "--poll"],
        &["trigger", WEBHOOK, "--webhook"],
    ] {
        is_formatted &= generate(&project, words).await;
    }
    let source = fs::read_to_string(project.path("weather/src/lib.rs")).expect("the source");
    for part in ["mod actions;\nmod triggers;\n", "actions::get_report::get_report,", "triggers::warned::warned,"] {
        assert!(source.contains(part), "{source}");
    }
    let again = project.integration(&["generate", "trigger", "get-report", "--path", "weather"]).ended().await;
    assert_eq!(again.status.code(), Some(1), "{again:?}");

    if is_formatted && has(&project, "fmt").await {
        passed(&project.cargo("weather", &["fmt", "--check"]).ended().await);
    }
    if has(&project, "clippy").await {
        passed(&project.cargo("weather", &["clippy", "--all-targets", "--", "-D", "warnings"]).ended().await);
    }
    let natively = project.cargo("weather", &["test"]).ended().await;
    passed(&natively);
    assert!(natively.stdout.contains("test result: ok. 7 passed; 0 failed"), "{natively:?}");
    let in_the_sandbox = project.integration(&["test", "weather"]).ended().await;
    passed(&in_the_sandbox);
    assert!(in_the_sandbox.stdout.ends_with("\n9 passed, 0 failed\n"), "{in_the_sandbox:?}");
}
