//! Finds text that looks like a credential. A definition is public: tokens belong into connections, and what an
//! installer alone knows into inputs. What was found is never repeated.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::problem::{Problem, Problems, child};

/// What credentials look like: what it is called, the pattern, and whether it must have a digit in it, so that long
/// ordinary words are not taken for one.
const PATTERNS: [(&str, &str, bool); 9] = [
    ("a Slack token", r"\b(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{8,}", false),
    ("a GitHub token", r"\b(?:gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})", false),
    ("a Stripe key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{8,}", false),
    ("an API key", r"\bsk-[A-Za-z0-9_-]{20,}", true),
    ("an AWS key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", false),
    ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}", false),
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY", false),
    ("a bearer token", r"(?i)\bbearer\s+[A-Za-z0-9._~+/=-]{16,}", true),
    ("a JSON Web Token", r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}", false),
];

struct Pattern {
    what: &'static str,
    regex: Regex,
    needs_digit: bool,
}

static COMPILED: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let compile = |(what, regex, needs_digit)| Some(Pattern { what, regex: Regex::new(regex).ok()?, needs_digit });
    PATTERNS.into_iter().filter_map(compile).collect()
});

/// Texts and names of members that look like credentials, each with its pointer, at most
/// [`MAX_PROBLEMS`](super::bounds::MAX_PROBLEMS). A name that looks like one is told with the pointer of its object.
pub fn credential_problems(value: &Value) -> Vec<Problem> {
    let mut problems = Problems::default();
    let mut open = vec![(value, String::new())];
    while let Some((value, pointer)) = open.pop() {
        match value {
            Value::String(text) => {
                if let Some(what) = looks_like(text) {
                    problems.add(
                        &pointer,
                        format_args!("looks like {what}: workflows are public, use a connection or an input instead"),
                    );
                }
            }
            Value::Array(items) => {
                open.extend(items.iter().enumerate().rev().map(|(place, item)| (item, child(&pointer, place))));
            }
            Value::Object(members) => {
                for (name, member) in members.iter().rev() {
                    if let Some(what) = looks_like(name) {
                        let message =
                            format_args!("a member's name looks like {what}: workflows are public, remove it");
                        problems.add(&pointer, message);
                        open.push((member, pointer.clone()));
                    } else {
                        open.push((member, child(&pointer, name)));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    problems.into_list()
}

fn looks_like(text: &str) -> Option<&'static str> {
    let is_one = |pattern: &&Pattern| {
        pattern
            .regex
            .find_iter(text)
            .any(|found| !pattern.needs_digit || found.as_str().bytes().any(|byte| byte.is_ascii_digit()))
    };
    COMPILED.iter().find(is_one).map(|pattern| pattern.what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Put together here, so that no file of this repository holds what scanners look for.
    fn looking_like_credentials() -> Vec<String> {
        let long = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
        vec![
            format!("xoxb-{long}"),
            format!("token=xoxp-{long}"),
            format!("xapp-1-{long}"),
            format!("ghp_{long}"),
            format!("gho_{long}"),
            format!("github_pat_{long}"),
            format!("sk_live_{long}"),
            format!("rk_live_{long}"),
            format!("sk-{long}"),
            format!("AKIA{}", "Z234567890ABCDEF"),
            format!("AIza{}", &long[..35]),
            format!("-----BEGIN {}PRIVATE KEY-----\nMII", ""),
            format!("-----BEGIN {}PRIVATE KEY-----\nMII", "RSA "),
            format!("-----BEGIN {}PRIVATE KEY-----\nMII", "OPENSSH "),
            format!("Authorization: Bearer {long}"),
            format!("bearer  {long}"),
            format!("eyJ{}.eyJ{}.{long}", "hbGciOiJIUzI1NiJ9", "zdWIiOiIxIn0"),
        ]
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn credentials_are_found_anywhere_and_not_repeated() {
        for secret in looking_like_credentials() {
            let problems = credential_problems(&json!({"a/b": [0, {"c": format!("x {secret}")}]}));
            assert_eq!(problems.len(), 1, "{secret}");
            assert_eq!(problems[0].pointer, "/a~1b/1/c");
            assert!(!problems[0].message.contains(&secret[..8]), "{problems:?}");
            let problems = credential_problems(&json!({"a": {secret.clone(): {"b": secret}}}));
            let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
            assert_eq!(pointers, ["/a", "/a/b"], "names are looked at, and do not stand in pointers");
        }
    }

    #[test]
    fn ordinary_text_is_no_credential() {
        for text in [
            "the bearer of news",
            "Bearer of internationalisation-and-localisation",
            "AKIA",
            "AIza",
            "sk-learn-and-other-libraries-of-python",
            "xoxb-",
            "ghp_",
            "an eyJ is no token",
            "-----BEGIN CERTIFICATE-----",
            "{{ inputs.token }}",
            "Bearer {{ inputs.token }}",
            "flask_live_demo",
        ] {
            assert_eq!(credential_problems(&json!([text, {text: 1}])), [], "{text}");
        }
    }
}
