//! Reports credentials in a definition. A definition is public: tokens belong into connections, and what only an installer
//! knows into inputs.

use serde_json::Value;

use super::{bounds::MAX_PROBLEMS, problem::Problem};

const REMEDY: &str = "workflows are public, so use an account connection or an input marked `format: secret`, and revoke \
                      this one";

/// Texts and names of members that look like credentials, each with its pointer, at most [`MAX_PROBLEMS`]. A name that looks
/// like one is reported with the pointer of its object, and what was found is never repeated. A text of its own, such as the
/// author's YAML, may be passed as a string.
pub fn credential_problems(value: &Value) -> Vec<Problem> {
    let found = workway_credential::find(value, MAX_PROBLEMS);
    let problem = |found: workway_credential::Credential| {
        let subject = if found.is_name { "the name of a member " } else { "" };
        Problem::new(&found.pointer, format_args!("{subject}looks like {}: {REMEDY}", found.what))
    };
    found.into_iter().map(problem).collect()
}
