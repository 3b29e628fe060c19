//! Secret inputs: which properties of a workflow's `inputs` are marked `format: secret`, and where a schema marks or holds
//! something secret that it must not. A definition is public, so it never holds the value of one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value};
use workway_model::local_pointer;

use super::problem::{Problems, child};

/// The `format` of a secret.
pub(super) const FORMAT: &str = "secret";

/// Schemas that are looked at for secrets in one definition, each as often as references lead to it for another input: some
/// milliseconds.
const MAX_LOOKS: usize = 20_000;

/// Keywords that hold values, and could hold the secret itself.
const VALUES: [&str; 4] = ["const", "enum", "default", "examples"];
/// Keywords that are not looked into: values, remarks, and schemas that only count where something refers to them.
const SKIPPED: [&str; 9] =
    ["const", "enum", "default", "examples", "$comment", "title", "description", "$defs", "definitions"];
/// Keywords whose schemas see the same value as the schema that they stand in.
const IN_PLACE: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/// As [`IN_PLACE`], by names.
const IN_PLACE_NAMED: [&str; 2] = ["dependentSchemas", "dependencies"];

/// The names of the properties of `inputs` that are secret.
pub(super) fn secret_inputs(inputs: &Value) -> BTreeSet<&str> {
    marked(inputs, &mut MAX_LOOKS.clone()).into_keys().collect()
}

/// Adds what is wrong with the secrets of a workflow's `inputs`.
pub(super) fn check_inputs(inputs: &Value, at: &str, problems: &mut Problems) {
    let mut looks = MAX_LOOKS;
    let secrets = marked(inputs, &mut looks);
    for (name, schemas) in &secrets {
        let types: Vec<&Value> = schemas.iter().filter_map(|schema| schema.get("type")).collect();
        if types.is_empty() || types.iter().any(|kind| kind.as_str() != Some("string")) {
            let pointer = child(&child(at, "properties"), name);
            problems.add(&pointer, "a secret input must be a text: write `type: string` beside `format: secret`");
        }
    }
    walk(inputs, at, Place::Whole, &secrets, &mut looks, problems);
}

/// Adds where a schema of something else marks a secret.
pub(super) fn check_other(schema: &Value, at: &str, problems: &mut Problems) {
    walk(schema, at, Place::Below, &BTreeMap::new(), &mut MAX_LOOKS.clone(), problems);
}

/// The secret properties of `inputs`, each with the schemas that hold of it: its own, and those of `allOf` and `$ref`.
fn marked<'a>(inputs: &'a Value, looks: &mut usize) -> BTreeMap<&'a str, Vec<&'a Map<String, Value>>> {
    let properties = inputs.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .map(|(name, schema)| (name.as_str(), all_of(inputs, schema, looks)))
        .filter(|(_, schemas)| schemas.iter().any(|schema| is_marked(schema)))
        .collect()
}

fn is_marked(schema: &Map<String, Value>) -> bool {
    schema.get("format").and_then(Value::as_str) == Some(FORMAT)
}

fn all_of<'a>(root: &'a Value, schema: &'a Value, looks: &mut usize) -> Vec<&'a Map<String, Value>> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![schema];
    while let Some(next) = open.pop() {
        let Value::Object(keywords) = next else { continue };
        if *looks == 0 {
            break;
        }
        *looks -= 1;
        if !seen.insert(std::ptr::from_ref(keywords)) {
            continue;
        }
        found.push(keywords);
        open.extend(target(root, keywords));
        open.extend(keywords.get("allOf").and_then(Value::as_array).into_iter().flatten());
    }
    found
}

/// What a schema's `$ref` leads to.
fn target<'a>(root: &'a Value, keywords: &Map<String, Value>) -> Option<&'a Value> {
    root.pointer(&local_pointer(keywords.get("$ref")?.as_str()?)?)
}

/// Which value a schema is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place<'a> {
    /// All inputs.
    Whole,
    /// One input.
    Input(&'a str),
    /// A part of an input, or something that is no input.
    Below,
}

/// A schema that is still to be looked at.
struct Open<'a> {
    schema: &'a Value,
    place: Place<'a>,
    /// Where it stands, or the first reference that leads to it.
    at: String,
    is_referred: bool,
}

impl<'a> Open<'a> {
    fn child(&self, keyword: &str, schema: &'a Value, place: Place<'a>) -> Self {
        let at = if self.is_referred { self.at.clone() } else { child(&self.at, keyword) };
        Self { schema, place, at, is_referred: self.is_referred }
    }

    fn add(&self, keyword: &str, message: String, problems: &mut Problems) {
        let at = if self.is_referred { self.at.clone() } else { child(&self.at, keyword) };
        problems.add(&at, message);
    }
}

fn walk<'a>(
    root: &'a Value,
    at: &str,
    place: Place<'a>,
    secrets: &BTreeMap<&'a str, Vec<&'a Map<String, Value>>>,
    looks: &mut usize,
    problems: &mut Problems,
) {
    let mut seen = HashSet::new();
    // Not a recursion: references may lead deeper than a thread's small stack allows.
    let mut open = vec![Open { schema: root, place, at: at.to_owned(), is_referred: false }];
    while let Some(next) = open.pop() {
        let Value::Object(keywords) = next.schema else { continue };
        if *looks == 0 {
            let message = format!(
                "looking for secrets in this schema takes more than {MAX_LOOKS} steps: use fewer inputs and references"
            );
            return problems.add(at, message);
        }
        *looks -= 1;
        if !seen.insert((std::ptr::from_ref(keywords), next.place)) {
            continue;
        }
        check_schema(&next, keywords, secrets, problems);
        for (keyword, held) in keywords {
            let name = keyword.as_str();
            if SKIPPED.contains(&name) {
                continue;
            }
            let in_place = IN_PLACE.contains(&name) || IN_PLACE_NAMED.contains(&name);
            let place = if in_place { next.place } else { Place::Below };
            let of_keyword = next.child(name, held, place);
            match held {
                Value::Object(named) if name == "properties" || name == "patternProperties" => {
                    let is_input = next.place == Place::Whole && name == "properties";
                    open.extend(named.iter().map(|(member, schema)| {
                        let place = if is_input { Place::Input(member) } else { Place::Below };
                        of_keyword.child(member, schema, place)
                    }));
                }
                Value::Object(named) if IN_PLACE_NAMED.contains(&name) => {
                    open.extend(named.iter().map(|(member, schema)| of_keyword.child(member, schema, place)));
                }
                Value::Object(_) => open.push(of_keyword),
                Value::Array(schemas) => open.extend(
                    schemas.iter().enumerate().map(|(item, schema)| of_keyword.child(&item.to_string(), schema, place)),
                ),
                _ => {}
            }
        }
        open.extend(target(root, keywords).map(|schema| Open { schema, is_referred: true, ..next }));
    }
}

/// Adds what is wrong with one schema, apart from those that it holds.
fn check_schema<'a>(
    open: &Open<'a>,
    keywords: &'a Map<String, Value>,
    secrets: &BTreeMap<&'a str, Vec<&'a Map<String, Value>>>,
    problems: &mut Problems,
) {
    let secret = match open.place {
        Place::Input(name) => secrets.get(name).map(|schemas| (name, schemas)),
        Place::Whole | Place::Below => None,
    };
    let may_mark = secret.is_some_and(|(_, schemas)| schemas.iter().any(|schema| std::ptr::eq(*schema, keywords)));
    if is_marked(keywords) && !may_mark {
        let message = "only a property of `inputs` itself can be secret, and not in some cases only: write `format: secret` \
                       directly in its schema below /inputs/properties";
        open.add("format", message.to_owned(), problems);
    }
    for keyword in VALUES {
        let Some(held) = keywords.get(keyword) else { continue };
        let of_whole = || {
            let lists = matches!(keyword, "enum" | "examples");
            let values = if lists { held.as_array().into_iter().flatten().collect() } else { vec![held] };
            secrets.keys().find(|name| values.iter().any(|value| value.get(name).is_some())).copied()
        };
        let name = if open.place == Place::Whole { of_whole() } else { secret.map(|(name, _)| name) };
        if let Some(name) = name {
            let message = format!(
                "the input \"{name}\" is secret, and a definition is public: remove its value from `{keyword}`"
            );
            open.add(keyword, message, problems);
        }
    }
}
