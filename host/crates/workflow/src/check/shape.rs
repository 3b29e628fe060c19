//! What is known of a value before there is one: the types that an expression can have, from JSON Schemas. Where a schema says
//! more than this understands, the value may be any that the rest of the schema allows.

use serde_json::{Map, Value};

use super::{
    document::{Document, Draft},
    evaluated::may_evaluate,
    kinds::Kinds,
};
use crate::{Segment, suggest::Suggester};

/// Alternatives of one value, from `anyOf` and `oneOf`. A choice that would make more is not looked at.
const MAX_ALTERNATIVES: usize = 32;
/// Schemas that hold of one alternative. Those beyond are not looked at.
const MAX_NODES: usize = 64;
/// What looking at one schema costs.
const STEPS: u64 = 20;
/// Members that a message lists.
const MAX_LISTED: usize = 20;

/// What is known of a value: it is one of these, of which there is at least one.
#[derive(Clone, Debug)]
pub(super) struct Shape<'a>(pub(super) Vec<Type<'a>>);

/// One alternative.
#[derive(Clone, Debug)]
pub(super) enum Type<'a> {
    Of(Kinds),
    /// An object with these members only.
    Fields(&'static [(&'static str, Kinds)]),
    ListOf(Box<Shape<'a>>),
    /// All of these schemas hold. `anyOf`, `oneOf`, `allOf` and `$ref` in them are resolved.
    Schema {
        document: Document<'a>,
        nodes: Vec<&'a Value>,
    },
}

/// Why a value has no such member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoMember<'a> {
    Kinds { kinds: Kinds, what: &'static str },
    Unknown { name: String, known: Vec<&'a str> },
}

/// What is still to be looked at for one alternative.
#[derive(Clone)]
enum Open<'a> {
    Schema(&'a Value),
    OneOf(&'a [Value]),
}

impl<'a> Shape<'a> {
    pub(super) fn unknown() -> Self {
        Self::of(Kinds::ANY)
    }

    pub(super) fn of(kinds: Kinds) -> Self {
        Self(vec![Type::Of(kinds)])
    }

    pub(super) fn fields(fields: &'static [(&'static str, Kinds)]) -> Self {
        Self(vec![Type::Fields(fields)])
    }

    pub(super) fn list_of(item: Self) -> Self {
        Self(vec![Type::ListOf(Box::new(item))])
    }

    /// What a whole document describes.
    pub(super) fn whole(document: Document<'a>) -> Self {
        Self::all_of(document, vec![document.root])
    }

    /// What fits all of these schemas.
    pub(super) fn all_of(document: Document<'a>, schemas: Vec<&'a Value>) -> Self {
        let mut alternatives = Vec::new();
        let mut open = vec![(Vec::new(), schemas.into_iter().map(Open::Schema).collect::<Vec<_>>())];
        while let Some((mut nodes, mut rest)) = open.pop() {
            let mut is_possible = true;
            while let Some(next) = rest.pop() {
                if !document.steps.take(STEPS) {
                    return Self::unknown();
                }
                match next {
                    Open::Schema(Value::Bool(false)) => is_possible = false,
                    Open::Schema(node) => note(document, node, &mut nodes, &mut rest),
                    Open::OneOf(branches) if alternatives.len() + open.len() + branches.len() > MAX_ALTERNATIVES => {}
                    Open::OneOf(branches) => {
                        let [first, others @ ..] = branches else { continue };
                        for other in others.iter().rev() {
                            let with_other = rest.iter().cloned().chain([Open::Schema(other)]).collect();
                            open.push((nodes.clone(), with_other));
                        }
                        rest.push(Open::Schema(first));
                    }
                }
            }
            let found = Type::Schema { document, nodes };
            if is_possible && found.kinds() != Kinds::NONE {
                alternatives.push(found);
            }
        }
        // A schema that nothing fits is the fault of who wrote it.
        if alternatives.is_empty() { Self::unknown() } else { Self(alternatives) }
    }

    /// The types that the value may have.
    pub(super) fn kinds(&self) -> Kinds {
        self.0.iter().map(Type::kinds).fold(Kinds::NONE, |all, kinds| all | kinds)
    }

    /// A member, or why there can be none.
    pub(super) fn member(&self, segment: &Segment) -> Result<Self, NoMember<'a>> {
        let (wanted, what) = match segment {
            Segment::Name(_) => (Kinds::OBJECT, "no members"),
            Segment::Index(_) => (Kinds::ARRAY, "no items"),
        };
        if !self.kinds().meets(wanted) {
            return Err(NoMember::Kinds { kinds: self.kinds(), what });
        }
        let Segment::Name(name) = segment else { return Ok(self.item()) };
        let mut found = Vec::new();
        let mut known = Vec::new();
        for alternative in self.0.iter().filter(|alternative| alternative.kinds().meets(Kinds::OBJECT)) {
            match alternative.member(name) {
                Some(member) => found.extend(member.0),
                None => known.extend(alternative.known_members()),
            }
        }
        if found.is_empty() {
            known.sort_unstable();
            known.dedup();
            return Err(NoMember::Unknown { name: name.clone(), known });
        }
        found.truncate(MAX_ALTERNATIVES);
        Ok(Self(found))
    }

    /// What is known of the items of a list.
    pub(super) fn item(&self) -> Self {
        let mut items: Vec<Type<'a>> = self.0.iter().flat_map(|alternative| alternative.item().0).collect();
        if items.is_empty() || items.len() > MAX_ALTERNATIVES {
            items = vec![Type::Of(Kinds::ANY)];
        }
        Self(items)
    }
}

/// Notes one schema of an alternative, and what it refers to.
fn note<'a>(document: Document<'a>, node: &'a Value, nodes: &mut Vec<&'a Value>, rest: &mut Vec<Open<'a>>) {
    let Some(keywords) = document.keywords(node) else { return };
    if nodes.len() >= MAX_NODES || nodes.iter().any(|known| std::ptr::eq(*known, node)) {
        return;
    }
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
        rest.extend(document.target(reference).map(Open::Schema));
        if document.ref_hides_siblings() {
            return;
        }
    }
    nodes.push(node);
    let schemas = |keyword: &str| keywords.get(keyword).and_then(Value::as_array).map(Vec::as_slice);
    rest.extend(schemas("allOf").into_iter().flatten().map(Open::Schema));
    rest.extend(["anyOf", "oneOf"].into_iter().filter_map(schemas).map(Open::OneOf));
}

impl<'a> Type<'a> {
    pub(super) fn kinds(&self) -> Kinds {
        match self {
            Self::Of(kinds) => *kinds,
            Self::Fields(_) => Kinds::OBJECT,
            Self::ListOf(_) => Kinds::ARRAY,
            Self::Schema { .. } => self.keywords().map(Kinds::of_schema).fold(Kinds::ANY, |all, kinds| all & kinds),
        }
    }

    fn keywords(&self) -> impl Iterator<Item = &'a Map<String, Value>> + use<'_, 'a> {
        let nodes: &[&'a Value] = if let Self::Schema { nodes, .. } = self { nodes } else { &[] };
        nodes.iter().filter_map(|node| node.as_object())
    }

    /// A member of an object, if it can have one of this name.
    pub(super) fn member(&self, name: &str) -> Option<Shape<'a>> {
        let Self::Schema { document, nodes } = self else {
            return match self {
                Self::Fields(fields) => {
                    fields.iter().find(|(field, _)| *field == name).map(|(_, kinds)| Shape::of(*kinds))
                }
                _ => Some(Shape::unknown()),
            };
        };
        let mut schemas = Vec::new();
        for node in nodes {
            let keywords = node.as_object()?;
            let declared = keywords.get("properties").and_then(|properties| properties.get(name));
            let additional = match declared {
                None if keywords.get("patternProperties").is_none() => keywords.get("additionalProperties"),
                declared => declared,
            };
            let is_unevaluated = document.draft >= Draft::Of2019
                && keywords.get("unevaluatedProperties") == Some(&Value::Bool(false))
                && !may_evaluate(*document, node, name);
            if additional == Some(&Value::Bool(false)) || is_unevaluated {
                return None;
            }
            schemas.extend(additional);
        }
        Some(Shape::all_of(*document, schemas))
    }

    /// Names of members that the schemas list.
    pub(super) fn known_members(&self) -> Vec<&'a str> {
        if let Self::Fields(fields) = self {
            return fields.iter().map(|(name, _)| *name).collect();
        }
        let properties = self.keywords().filter_map(|keywords| keywords.get("properties")?.as_object());
        properties.flat_map(|properties| properties.keys().map(String::as_str)).collect()
    }

    /// Names of members that the value has for certain.
    pub(super) fn required(&self) -> Vec<&'a str> {
        if let Self::Fields(fields) = self {
            return fields.iter().map(|(name, _)| *name).collect();
        }
        let required = self.keywords().filter_map(|keywords| keywords.get("required")?.as_array());
        required.flatten().filter_map(Value::as_str).collect()
    }

    /// The only values that the schemas allow, if they list them.
    pub(super) fn values(&self) -> Option<Vec<&'a Value>> {
        self.keywords().find_map(|keywords| match (keywords.get("const"), keywords.get("enum")) {
            (Some(only), _) => Some(vec![only]),
            (None, Some(Value::Array(values))) => Some(values.iter().collect()),
            _ => None,
        })
    }

    fn item(&self) -> Shape<'a> {
        match self {
            Self::ListOf(item) => item.as_ref().clone(),
            Self::Schema { document, .. } if self.kinds().meets(Kinds::ARRAY) => {
                let of_all = |keywords: &'a Map<String, Value>| {
                    let has_prefix = document.draft == Draft::Of2020 && keywords.contains_key("prefixItems");
                    keywords.get("items").filter(|items| !has_prefix && items.is_object())
                };
                Shape::all_of(*document, self.keywords().filter_map(of_all).collect())
            }
            Self::Of(kinds) if kinds.meets(Kinds::ARRAY) => Shape::unknown(),
            Self::Of(_) | Self::Fields(_) | Self::Schema { .. } => Shape(Vec::new()),
        }
    }
}

impl NoMember<'_> {
    /// `has no "titel": did you mean "title"? It has number, title`, for a sentence whose subject is the value.
    pub(super) fn describe(&self, suggester: &Suggester) -> String {
        match self {
            Self::Kinds { kinds, what } => format!("is {kinds} and has {what}"),
            Self::Unknown { name, known } => {
                let listed = match known.as_slice() {
                    [] => "no members".to_owned(),
                    known if known.len() <= MAX_LISTED => known.join(", "),
                    known => format!("{} and {} more", known[..MAX_LISTED].join(", "), known.len() - MAX_LISTED),
                };
                match suggester.nearest(name, known.iter().copied()) {
                    Some(near) => format!("has no `{name}`: did you mean `{near}`? It has {listed}"),
                    None => format!("has no `{name}`: it has {listed}"),
                }
            }
        }
    }
}
