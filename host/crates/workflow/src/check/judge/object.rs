//! Keywords that look at the members of an object. Their names are always known: none holds an expression.

use serde_json::{Map, Value};
use workway_model::Pointer;

use super::{
    super::{
        document::{Document, Draft},
        evaluated::may_evaluate,
        given::{Answer, Given},
        shape::{NoMember, Shape, Type},
    },
    Judge,
    verdict::{About, Verdict},
};

/// Keywords that look at members.
pub(super) const KEYWORDS: [&str; 9] = [
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
];

impl Judge {
    /// `given` is the object as a whole.
    pub(super) fn object<'a>(
        &mut self,
        document: Document<'a>,
        node: &'a Value,
        keywords: &'a Map<String, Value>,
        members: &[(&'a str, Given<'a>)],
        given: &Given<'a>,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let required = keywords.get("required").and_then(Value::as_array);
        let mut verdict = self.required(document, keywords, required, members, place);
        for (name, member) in members {
            let here = Pointer::Member(place, name);
            verdict = verdict.and(self.member(document, node, keywords, name, member, &here));
            if let Some(names) = keywords.get("propertyNames") {
                verdict = verdict.and(self.name(document, names, name, &here));
            }
        }
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            let is_known = keyword == "dependencies" || document.draft >= Draft::Of2019;
            let dependent = keywords.get(keyword).and_then(Value::as_object).filter(|_| is_known);
            for (_, needed) in dependent.into_iter().flatten().filter(|(name, _)| has(members, name)) {
                verdict = verdict.and(match needed {
                    Value::Array(_) => self.required(document, keywords, needed.as_array(), members, place),
                    schema => self.node(document, schema, given, place),
                });
            }
        }
        verdict
    }

    fn required<'a>(
        &mut self,
        document: Document<'a>,
        keywords: &'a Map<String, Value>,
        required: Option<&'a Vec<Value>>,
        members: &[(&'a str, Given<'a>)],
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let names = required.into_iter().flatten().filter_map(Value::as_str);
        names.filter(|name| !has(members, name)).fold(Verdict::Holds, |verdict, name| {
            if !document.steps.take(super::STEPS) {
                return verdict.and(Verdict::Maybe);
            }
            // A misspelt one may be there instead, where the schema says which members it knows.
            let known = keywords.get("properties").and_then(Value::as_object);
            let is_stranger = |name: &&str| known.is_some_and(|known| !known.contains_key(*name));
            let strangers = members.iter().map(|(name, _)| *name).filter(is_stranger).take(MAX_STRANGERS).collect();
            verdict.and(Verdict::fails(place, About::Missing { names: vec![name], strangers }))
        })
    }

    fn member<'a>(
        &mut self,
        document: Document<'a>,
        node: &'a Value,
        keywords: &'a Map<String, Value>,
        name: &'a str,
        member: &Given<'a>,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let mut verdict = Verdict::Holds;
        let mut is_declared = Answer::No;
        let properties = keywords.get("properties").and_then(Value::as_object);
        if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
            is_declared = Answer::Yes;
            verdict = verdict.and(self.node(document, schema, member, place));
        }
        for (pattern, schema) in keywords.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
            match self.leaves.matches(document, pattern, name) {
                Answer::Yes => {
                    is_declared = Answer::Yes;
                    verdict = verdict.and(self.node(document, schema, member, place));
                }
                Answer::Maybe => {
                    is_declared = if is_declared == Answer::Yes { Answer::Yes } else { Answer::Maybe };
                    verdict = verdict.and(Verdict::Maybe);
                }
                Answer::No => {}
            }
        }
        let stranger = |known: Vec<&'a str>| {
            let about = About::Stranger(NoMember::Unknown { name: name.to_owned(), known });
            Verdict::fails(place, about)
        };
        let additional = keywords.get("additionalProperties");
        let unevaluated = keywords.get("unevaluatedProperties").filter(|_| document.draft >= Draft::Of2019);
        verdict.and(match (is_declared, additional, unevaluated) {
            (Answer::Yes, ..) | (_, None, None | Some(Value::Bool(true))) => Verdict::Holds,
            (Answer::No, Some(Value::Bool(false)), _) => {
                stranger(properties.into_iter().flat_map(Map::keys).map(String::as_str).collect())
            }
            (Answer::No, Some(schema), _) => self.node(document, schema, member, place),
            (Answer::No, None, Some(schema)) if !may_evaluate(document, node, name) => {
                if *schema == Value::Bool(false) {
                    let known = Shape::all_of(document, vec![node]).0.iter().flat_map(Type::known_members).collect();
                    stranger(sorted(known))
                } else {
                    self.node(document, schema, member, place)
                }
            }
            (Answer::No | Answer::Maybe, ..) => Verdict::Maybe,
        })
    }

    fn name<'a>(&mut self, document: Document<'_>, names: &Value, name: &str, place: &Pointer<'_>) -> Verdict<'a> {
        let name = Value::String(name.to_owned());
        match self.node(document, names, &Given::Literal(&name), place) {
            Verdict::Holds => Verdict::Holds,
            Verdict::Maybe => Verdict::Maybe,
            Verdict::Fails(findings) => {
                let why = findings.into_iter().find_map(|finding| match finding.about {
                    About::Other(message) => Some(format!(": {message}")),
                    _ => None,
                });
                let message = format!("the schema allows no member of this name{}", why.unwrap_or_default());
                Verdict::fails(place, About::Other(message))
            }
        }
    }
}

/// Members that may be misspelt ones, for a message.
const MAX_STRANGERS: usize = 20;

fn has(members: &[(&str, Given<'_>)], name: &str) -> bool {
    members.binary_search_by_key(&name, |(member, _)| *member).is_ok()
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}
