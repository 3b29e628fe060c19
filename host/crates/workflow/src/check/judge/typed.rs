//! Keywords that look into a value which an expression gives: what its own schema says of its members decides.

use serde_json::{Map, Value};
use workway_model::Pointer;

use super::{
    super::{
        document::Document,
        given::Given,
        kinds::Kinds,
        shape::{NoMember, Type},
    },
    Judge, list, object,
    verdict::{About, Finding, Verdict},
};

impl Judge {
    pub(super) fn typed<'a>(
        &mut self,
        document: Document<'a>,
        keywords: &'a Map<String, Value>,
        given: &Type<'a>,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let has = |looked_at: &[&str]| looked_at.iter().any(|keyword| keywords.contains_key(*keyword));
        let kinds = given.kinds();
        let looks_at_items = kinds.meets(Kinds::ARRAY) && has(&list::KEYWORDS);
        if !kinds.meets(Kinds::OBJECT) || !has(&object::KEYWORDS) {
            return if looks_at_items { Verdict::Maybe } else { Verdict::Holds };
        }
        if kinds != Kinds::OBJECT {
            return Verdict::Maybe;
        }
        let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        let mut certain = given.required();
        certain.retain(|name| !required.contains(name));
        let properties = keywords.get("properties").and_then(Value::as_object);
        let is_closed = keywords.get("additionalProperties") == Some(&Value::Bool(false))
            && !keywords.contains_key("patternProperties");
        let mut verdict = Verdict::Maybe;
        for name in required.into_iter().chain(certain) {
            if !document.steps.take(super::STEPS) {
                return verdict;
            }
            let schema = properties.and_then(|properties| properties.get(name));
            let below = match (given.member(name), schema) {
                (None, _) => {
                    let about = About::Missing { names: vec![name], strangers: Vec::new() };
                    verdict = verdict.and(Verdict::fails(place, about));
                    continue;
                }
                (Some(member), Some(schema)) => self.node(document, schema, &Given::Of(member), place),
                (Some(_), None) if is_closed => {
                    let known = properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
                    let about = About::Stranger(NoMember::Unknown { name: name.to_owned(), known });
                    Verdict::fails(place, about)
                }
                (Some(_), None) => Verdict::Maybe,
            };
            if let Verdict::Fails(findings) = below {
                let of_member = |finding: Finding<'a>| Finding {
                    pointer: finding.pointer,
                    about: About::Below { name, about: Box::new(finding.about) },
                };
                verdict = verdict.and(Verdict::Fails(findings.into_iter().map(of_member).collect()));
            }
        }
        verdict
    }
}
