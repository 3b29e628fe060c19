//! Paths of steps as text.

use workway_workflow::{StepId, bounds::MAX_DEPTH};

use super::*;

#[test]
fn paths_are_written_as_they_are_read() {
    for text in [
        "",
        "find",
        "each[3]/note",
        "each[9999]/note",
        "route/notify",
        "both[0]/tell",
        "on-failure/sorry",
        "a[0]/b[1]/c",
    ] {
        let path: StepPath = text.parse().expect(text);
        assert_eq!((path.to_string().as_str(), path.is_run()), (text, text.is_empty()));
        assert_eq!(serde_json::from_value::<StepPath>(json!(text)).unwrap(), path);
        assert_eq!(serde_json::to_value(&path).unwrap(), json!(text));
        assert_eq!(path.id().map(StepId::as_str).unwrap_or_default(), text.rsplit('/').next().unwrap_or_default());
    }
}

#[test]
fn a_path_has_one_spelling() {
    for text in [
        "/",
        "a/",
        "/a",
        "a//b",
        "A",
        "a b",
        "a[]",
        "a[01]",
        "a[+1]",
        "a[-1]",
        "a[1",
        "a1]",
        "[1]",
        "a[1][2]",
        "a[1]b",
        "a[10000]",
        "a[99999999999]",
        "a[1] ",
        "a.b",
        "é",
    ] {
        let refused = text.parse::<StepPath>().expect_err(text).to_string();
        assert!(refused.starts_with("a path must have at most 9 steps"), "{refused}");
        assert!(refused.ends_with(&format!("(got {text:?})")), "{refused}");
    }
    let deep = |levels: usize| vec!["a"; levels].join("/").parse::<StepPath>();
    assert!(deep(MAX_DEPTH + 1).is_ok() && deep(MAX_DEPTH + 2).is_err());
    assert!("a/".repeat(100_000).parse::<StepPath>().unwrap_err().to_string().len() < 1_000);
}

#[test]
fn paths_are_ordered_as_a_tree() {
    let ordered =
        ["", "each", "each[0]", "each[0]/a", "each[2]/a", "each[2]/b", "each[10]/a", "route", "route/a", "route-b"];
    let mut paths: Vec<StepPath> = ordered.iter().rev().map(|text| text.parse().unwrap()).collect();
    paths.sort();
    assert_eq!(paths.iter().map(ToString::to_string).collect::<Vec<_>>(), ordered);
}
