//! Reports credentials in a definition. A definition is public: tokens belong into connections, and what only an installer
//! knows into inputs.

use serde_json::Value;
use workway_document::Position;

use super::{bounds::MAX_PROBLEMS, check::VERIFY_SECRET, problem::Problem};

const REMEDY: &str = "workflows are public, so use an account connection or an input marked `format: secret`, and revoke \
                      this one";

/// Texts and names of members that look like credentials, each with its pointer, at most [`MAX_PROBLEMS`]. A name that looks
/// like one is reported with the pointer of its object, and what was found is never repeated. A text of its own, such as the
/// author's YAML, may be passed as a string.
pub fn credential_problems(value: &Value) -> Vec<Problem> {
    let mut found = workway_credential::find(value, MAX_PROBLEMS);
    found.retain(|found| found.is_name || !is_name_of_input(value, &found.pointer));
    let problem = |found: workway_credential::Credential| {
        let subject = if found.is_name { "the name of a member " } else { "" };
        Problem::new(&found.pointer, format_args!("{subject}looks like {}: {REMEDY}", found.what))
    };
    found.into_iter().map(problem).collect()
}

/// Whether `secret` of a webhook's `verify` names an input. Such a name is no credential, though it may look random under
/// that name; names of inputs are searched where they are declared.
fn is_name_of_input(definition: &Value, pointer: &str) -> bool {
    let name = (pointer == VERIFY_SECRET).then(|| definition.pointer(pointer)?.as_str()).flatten();
    name.is_some_and(|name| definition.pointer("/inputs/properties").and_then(|inputs| inputs.get(name)).is_some())
}

/// Credentials in the comments of the author's YAML, which is published as it is. Each has the position of its comment and
/// the pointer of the whole definition; at most [`MAX_PROBLEMS`].
pub fn comment_credential_problems(yaml: &str) -> Vec<Problem> {
    let comments = (1..).zip(yaml.lines()).filter_map(|(line, text)| {
        // A `#` within a text is no comment, and no harm: such a text is searched anyway.
        let (before, comment) = text.split_once('#')?;
        let column = u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX);
        Some((Position { line, column }, Value::from(comment)))
    });
    let problems = comments.flat_map(|(position, comment)| {
        let found = workway_credential::find(&comment, 1);
        found.into_iter().map(move |found| Problem {
            position: Some(position),
            ..Problem::new("", format_args!("a comment looks like it has {}: {REMEDY}", found.what))
        })
    });
    problems.take(MAX_PROBLEMS).collect()
}
