//! Credentials in definitions: where they are reported, and that no definition in this repository counts as having one.

use std::{fs, path::Path};

use serde_json::json;

use super::*;
use crate::{bounds::MAX_PROBLEMS, comment_credential_problems, credential_problems};

#[test]
fn credentials_are_reported_with_a_remedy_and_not_repeated() {
    let secret = format!("xoxb-{}", "1234567890-abcdefghij");
    let value = json!({"inputs": {"properties": {"a": {"default": secret}}}, "steps": [{"with": {secret.clone(): 1}}]});
    let told: Vec<_> = credential_problems(&value).iter().map(ToString::to_string).collect();
    let remedy =
        "workflows are public, so use an account connection or an input marked `format: secret`, and revoke this one";
    let expected = [
        format!("/inputs/properties/a/default: looks like a Slack token: {remedy}"),
        format!("/steps/0/with: the name of a member looks like a Slack token: {remedy}"),
    ];
    assert_eq!(told, expected);
    let many = vec![secret; 2 * MAX_PROBLEMS];
    assert_eq!(credential_problems(&json!(many)).len(), MAX_PROBLEMS);
}

#[test]
fn credentials_in_comments_of_yaml_are_reported_with_their_line() {
    let secret = format!("ghp_{}", "q7Zk2Xv9Lm4Tb8Wc1Rf6Hn3Yp5Gd0Jsq7Zk2");
    let yaml = format!("# the team's channel: #ops\nname: a # {secret}\n#token={secret}\nsteps: []\n");
    let told: Vec<_> = comment_credential_problems(&yaml).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("line 2, column 9: (root): a comment looks like it has a GitHub token: "), "{told:?}");
    assert!(told[1].starts_with("line 3, column 1: ") && !told.concat().contains(&secret), "{told:?}");
    let many = format!("# {secret}\n").repeat(2 * MAX_PROBLEMS);
    assert_eq!(comment_credential_problems(&many).len(), MAX_PROBLEMS);
}

#[test]
fn no_definition_in_the_repository_has_a_credential() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut texts = vec![EXAMPLE.to_owned()];
    for page in fs::read_dir(root.join("docs")).expect("docs/ is there") {
        let page = page.expect("is a file").path();
        if page.extension().is_some_and(|extension| extension == "md") {
            let page = read(&page);
            let blocks = page.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
            texts.extend(blocks.map(|(_, block)| block.to_owned()));
        }
    }
    for folder in ["plugins/slack/tests", "plugins/github/tests", "tests/guests/cases"] {
        for case in fs::read_dir(root.join(folder)).expect("the folder is there") {
            texts.push(read(&case.expect("is a file").path()));
        }
    }
    assert!(texts.len() > 30, "{}", texts.len());
    for text in texts {
        assert_eq!(credential_problems(&json!(text)), [], "{text}");
        assert_eq!(comment_credential_problems(&text), [], "{text}");
        if let Ok(definition) = WorkflowDefinition::from_yaml(&text) {
            assert_eq!(credential_problems(&definition.to_value()), [], "{text}");
        }
    }
}
