//! What is suggested for names that nothing has: actions, triggers, integrations, steps, inputs and members.

use serde_json::json;

use super::catalogue::{found, found_with};

#[test]
fn unknown_actions_and_triggers_get_a_suggestion() {
    for (uses, expected) in [
        ("slack.pots-message", "unknown action \"slack.pots-message\": did you mean \"slack.post-message\"?"),
        ("slack.postmessage", "unknown action \"slack.postmessage\": did you mean \"slack.post-message\"?"),
        ("slak.post-message", "unknown action \"slak.post-message\": did you mean \"slack.post-message\"?"),
        ("git-hub.addlabel", "unknown action \"git-hub.addlabel\": did you mean \"github.add-label\"?"),
        (
            "slak.dance",
            "unknown action \"slak.dance\": the integration \"slak\" is not installed: did you mean \"slack\"?",
        ),
        (
            "gmail.send",
            "unknown action \"gmail.send\": the integration \"gmail\" is not installed: check which integrations are",
        ),
        ("slack.dance", "unknown action \"slack.dance\": slack has post-message"),
    ] {
        let lines = found(json!({"name": "a", "trigger": {"manual": {}}, "steps": [{"id": "a", "uses": uses}]}));
        assert_eq!(lines, [format!("/steps/0/uses: {expected}")]);
    }
    for (integration, trigger, expected) in [
        ("github", "new-isue", "unknown trigger \"github.new-isue\": did you mean \"github.new-issue\"?"),
        ("gitub", "new-issue", "unknown trigger \"gitub.new-issue\": did you mean \"github.new-issue\"?"),
        ("slack", "new-message", "unknown trigger \"slack.new-message\": slack has no triggers"),
    ] {
        let lines = found(json!({
            "name": "a", "trigger": {"integration": integration, "trigger": trigger},
            "steps": [{"id": "a", "sleep": "1s"}],
        }));
        assert_eq!(lines, [format!("/trigger/trigger: {expected}")]);
    }
}

#[test]
fn unknown_steps_inputs_and_members_get_a_suggestion() {
    let before = json!([{"id": "find-issue", "uses": "slack.post-message", "with": {"channel": "a", "text": "b"}},
                        {"id": "open_one", "sleep": "1s"}]);
    for (text, expected) in [
        ("{{ steps.open_on.output }}", "unknown step \"open_on\": did you mean \"open_one\"?"),
        ("{{ steps['find-isue'].output }}", "unknown step \"find-isue\": did you mean \"find-issue\"?"),
        ("{{ steps.other.output }}", "unknown step \"other\": use the id of a step of this workflow"),
        ("{{ inputs.lst }}", "`inputs` has no `lst`: did you mean `list`? It has any, list, n, s"),
        ("{{ trigger.titel }}", "`trigger` has no `titel`: did you mean `title`? It has labels, number, open, title"),
        ("{{ trigger.labels[0].nmae }}", "`trigger.labels[0]` has no `nmae`: did you mean `name`? It has name"),
        ("{{ steps['find-issue'].output.reply }}", "`steps['find-issue'].output` has no `reply`: it has replies, ts"),
        ("{{ run.startedAt }}", "`run` has no `startedAt`: did you mean `started_at`? It has id, started_at"),
    ] {
        let lines = found_with(before.clone(), json!({"channel": "a", "text": text}));
        assert_eq!(lines, [format!("/steps/2/with/text: {expected}")], "{text}");
    }
}

#[test]
fn members_of_an_input_get_a_suggestion() {
    let lines = found_with(json!([]), json!({"chanel": "a", "text": "b"}));
    assert_eq!(
        lines,
        [
            "/steps/0/with: `channel` is missing: write `channel` instead of `chanel`",
            "/steps/0/with/chanel: unknown field: the schema has no `chanel`: did you mean `channel`? It has blocks, \
             channel, count, mode, options, ratio, text",
        ]
    );
}
