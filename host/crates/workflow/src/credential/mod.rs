//! Finds credentials in a definition. A definition is public: tokens belong into connections, and what only an installer
//! knows into inputs. What was found is never repeated.
//!
//! A text is compared with the table of token shapes (`table/`) and searched for URLs with passwords. A random text that no
//! shape describes counts only where a name such as `api_key` says that it is secret (`named`), because ids and checksums
//! are random too. Texts that were escaped, wrapped over lines or encoded in base64 are searched in their plain form as
//! well (`text`). All of it takes time in proportion to the size of the definition.

mod check;
mod kind;
mod named;
mod scan;
mod table;
mod text;
mod url;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::problem::{Problem, Problems, child};
use named::Named;
use scan::looks_like;

/// Members whose value belongs to what the object around them is called, as in a schema's `default`.
const VALUES_OF_PARENT: [&str; 7] = ["default", "const", "enum", "example", "examples", "value", "values"];
/// Members that name the `value` beside them, as in a list of headers.
const NAMES_OF_VALUE: [&str; 4] = ["name", "key", "header", "field"];

const REMEDY: &str = "workflows are public, so use an account connection or an input marked `format: secret`, and revoke \
                      this one";

/// Texts and names of members that look like credentials, each with its pointer, at most
/// [`MAX_PROBLEMS`](super::bounds::MAX_PROBLEMS). A name that looks like one is reported with the pointer of its object. A
/// text of its own, such as the author's YAML, may be passed as a string.
pub fn credential_problems(value: &Value) -> Vec<Problem> {
    let mut problems = Problems::default();
    // Each value with its pointer and what it is called.
    let mut open = vec![(value, String::new(), "")];
    while let Some((value, pointer, called)) = open.pop() {
        match value {
            Value::String(text) => {
                let is_secret = || Named::by(called).is_some_and(|named| named.is_secret(text));
                if let Some(what) = looks_like(text).or_else(|| is_secret().then_some(named::WHAT)) {
                    problems.add(&pointer, format_args!("looks like {what}: {REMEDY}"));
                }
            }
            Value::Array(items) => {
                let items = items.iter().enumerate().rev();
                open.extend(items.map(|(place, item)| (item, child(&pointer, place), called)));
            }
            Value::Object(members) => {
                if is_private_jwk(members) {
                    problems.add(&pointer, format_args!("looks like a private key: {REMEDY}"));
                }
                for (name, member) in members.iter().rev() {
                    let called = called_in(members, name, called);
                    if let Some(what) = looks_like(name) {
                        problems.add(&pointer, format_args!("the name of a member looks like {what}: {REMEDY}"));
                        open.push((member, pointer.clone(), called));
                    } else {
                        open.push((member, child(&pointer, name), called));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    problems.into_list()
}

/// What the value of a member is called: by its own name, by that of its parent, or by a text beside it.
fn called_in<'a>(members: &'a Map<String, Value>, name: &'a str, parent: &'a str) -> &'a str {
    let beside = || NAMES_OF_VALUE.iter().find_map(|name| members.get(*name).and_then(Value::as_str));
    match name {
        "value" => beside().unwrap_or(parent),
        _ if VALUES_OF_PARENT.contains(&name) => parent,
        _ => name,
    }
}

/// Whether an object is a key with its private part: `d`, or `k` for symmetric keys (RFC 7518, section 6).
fn is_private_jwk(members: &Map<String, Value>) -> bool {
    let has = |name: &str| members.get(name).is_some_and(Value::is_string);
    has("kty") && (has("d") || has("k"))
}
