//! Finds credentials in JSON that is about to become public, such as the definition of a workflow. What it finds is never
//! repeated. It knows shapes, and never whether a token is valid; it opens no file and asks no vendor.
//!
//! A text is compared with the table of token shapes (`table/`) and searched for URLs with passwords. A random text that no
//! shape describes counts only where a name such as `api_key` says that it is secret (`named`), because ids and checksums
//! are random too. Texts that were escaped, wrapped over lines or encoded in base64 are searched in their plain form as
//! well (`text`). All of it takes time in proportion to the size of the value.

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

use named::Named;
use scan::looks_like;

/// Members whose value belongs to what the object around them is called, as in a schema's `default`.
const VALUES_OF_PARENT: [&str; 7] = ["default", "const", "enum", "example", "examples", "value", "values"];
/// Members that name the `value` beside them, as in a list of headers.
const NAMES_OF_VALUE: [&str; 4] = ["name", "key", "header", "field"];

/// A credential in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Where, as an RFC 6901 pointer. It leaves out names that are credentials.
    pub pointer: String,
    /// What it looks like, with an article: `a Slack token`.
    pub what: &'static str,
    /// Whether it is the name of a member of what the pointer names.
    pub is_name: bool,
}

/// Finds the first `most` texts, names of members and private keys that look like credentials. A text that has several is
/// reported once. A document that is no JSON, such as the author's YAML, may be passed as a string.
pub fn find(value: &Value, most: usize) -> Vec<Credential> {
    let mut search = Search { most, found: Vec::new() };
    search.value(value, &Place::Root, "");
    search.found
}

/// Where in a value the search is.
#[derive(Clone, Copy)]
enum Place<'p> {
    Root,
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn pointer(self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                format!("{}/{}", parent.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Item(parent, place) => format!("{}/{place}", parent.pointer()),
        }
    }
}

struct Search {
    most: usize,
    found: Vec<Credential>,
}

impl Search {
    fn add(&mut self, place: &Place<'_>, what: &'static str, is_name: bool) {
        if self.found.len() < self.most {
            self.found.push(Credential { pointer: place.pointer(), what, is_name });
        }
    }

    /// Searches a value that is called so. Callers bound how deep it nests.
    fn value<'a>(&mut self, value: &'a Value, place: &Place<'_>, called: &'a str) {
        if self.found.len() == self.most {
            return;
        }
        match value {
            Value::String(text) => {
                let is_secret = || Named::by(called).is_some_and(|named| named.is_secret(text));
                if let Some(what) = looks_like(text).or_else(|| is_secret().then_some(named::WHAT)) {
                    self.add(place, what, false);
                }
            }
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    self.value(item, &Place::Item(place, number), called);
                }
            }
            Value::Object(members) => self.members(members, place, called),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn members<'a>(&mut self, members: &'a Map<String, Value>, place: &Place<'_>, called: &'a str) {
        if is_private_jwk(members) {
            self.add(place, "a private key", false);
        }
        for (name, member) in members {
            let called = called_in(members, name, called);
            match looks_like(name) {
                Some(what) => {
                    self.add(place, what, true);
                    self.value(member, place, called);
                }
                None => self.value(member, &Place::Member(place, name), called),
            }
        }
    }
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
