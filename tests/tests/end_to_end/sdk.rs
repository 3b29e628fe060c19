//! The SDK against the contract: every function is reached, and an action with it does what the same one does without.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use workway_host::{
    model::HostPattern,
    providers::Catalogue,
    testkit::{Kit, KitOptions, Suite},
};
use workway_tests::{guest, plugin};

fn in_guests(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests").join(name)
}

fn suite(name: &str) -> Suite {
    Suite::read(&in_guests("cases").join(name)).expect("cases")
}

/// The built-in providers and the one of the guests.
fn options() -> KitOptions {
    let hosts: [HostPattern; 1] = ["api.example.com".parse().expect("a pattern")];
    let example = ("example".parse().expect("an id"), hosts.into());
    let catalogue = Catalogue::new(None, &BTreeMap::from([example])).expect("a catalogue");
    KitOptions { catalogue: Some(catalogue), ..KitOptions::default() }
}

async fn run(component: &Path, suite: &Suite) {
    let kit = Kit::mock_with(&fs::read(component).expect("a file"), options()).await.expect("a kit");
    kit.check(suite).expect("cases of this component");
    for case in &suite.cases {
        let report = kit.run(case).await;
        assert!(report.passed(), "{}: {}", report.name, report.problems.join("\n"));
    }
}

/// Every function of the contract, as `<interface>.<function>` or `oauth.connection.<method>`.
fn functions_of_the_contract() -> BTreeSet<String> {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/integration.wit")).expect("the contract");
    let (mut interface, mut resource) = (String::new(), String::new());
    let mut functions = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("interface ").and_then(|rest| rest.strip_suffix(" {")) {
            (interface, resource) = (format!("{name}."), String::new());
        } else if let Some(name) = line.strip_prefix("world ").and_then(|rest| rest.strip_suffix(" {")) {
            (interface, resource) = (String::new(), String::new());
            assert!(name.starts_with("integration"), "a world that this test does not know: {name}");
        } else if let Some(name) = line.strip_prefix("resource ").and_then(|rest| rest.strip_suffix(" {")) {
            resource = format!("{name}.");
        } else if line == "}" {
            resource.clear();
        } else if let Some((name, _)) = line.split_once(": func(") {
            let name = name.trim_start_matches("export ").trim_start_matches('%');
            functions.insert(format!("{interface}{resource}{name}"));
        }
    }
    functions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn contract_probe() {
    let suite = suite("contract-probe.yaml");
    let named: BTreeSet<String> = suite.cases.iter().map(|case| case.name.clone()).collect();
    assert_eq!(named, functions_of_the_contract(), "a case for every function, and no other");
    run(&guest("contract-probe").expect("it is built"), &suite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn slack_sdk() {
    run(&guest("slack-sdk").expect("it is built"), &suite("slack.yaml")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn slack_raw() {
    run(&guest("slack-raw").expect("it is built"), &suite("slack.yaml")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plugins_pass_their_cases() {
    for name in ["github", "slack"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(name).join("tests");
        let suites = Suite::read_folder(&folder).expect("cases");
        assert!(!suites.is_empty(), "{name} has no cases");
        for suite in suites {
            run(&plugin(name), &suite).await;
        }
    }
}

/// Lines that somebody writes: neither empty nor a comment.
fn written_lines(example: &str) -> usize {
    let text = fs::read_to_string(in_guests("examples").join(example)).expect("the source");
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn the_same_action_takes_at_most_half_the_lines() {
    let (with, without) = (written_lines("slack_sdk.rs"), written_lines("slack_raw.rs"));
    assert!(with * 2 <= without, "{with} lines with the SDK, {without} without");
}
