//! What is known of a value before there is one, from JSON Schemas. Where a schema says more than this understands, the
//! value is unknown, and nothing is said against it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Segment, Template};

/// References that are followed in a row.
const MAX_REFERENCES: usize = 16;
/// Keywords that can add members to an object, beside `properties`.
const ADDING: [&str; 9] = [
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "dependentSchemas",
    "$ref",
    "$dynamicRef",
    "patternProperties",
    "unevaluatedProperties",
];

/// What JSON knows of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// What is known of a value.
#[derive(Clone, Debug)]
pub(super) enum Shape<'a> {
    /// A part of a schema, with the whole in which its references lead.
    Schema {
        root: &'a Value,
        node: &'a Value,
    },
    /// An object with these members alone.
    Fields(&'static [(&'static str, Kind)]),
    ListOf(Box<Shape<'a>>),
    Of(Kind),
    Unknown,
}

impl Kind {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Null, Self::Boolean, Self::Integer, Self::Number, Self::String, Self::Array, Self::Object]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// Whether one value can be of both.
    fn meets(self, other: Self) -> bool {
        let numeric = |kind| matches!(kind, Self::Integer | Self::Number);
        self == other || (numeric(self) && numeric(other))
    }
}

/// Whether a value can be of a kind of each; true where one side is not known.
pub(super) fn can_meet(given: Option<&BTreeSet<Kind>>, wanted: Option<&BTreeSet<Kind>>) -> bool {
    match (given, wanted) {
        (Some(given), Some(wanted)) => given.iter().any(|kind| wanted.iter().any(|other| kind.meets(*other))),
        _ => true,
    }
}

/// `string or null`.
pub(super) fn names(kinds: &BTreeSet<Kind>) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or ")
}

impl<'a> Shape<'a> {
    pub(super) fn whole(document: &'a Value) -> Self {
        Self::Schema { root: document, node: document }
    }

    /// The schema behind references, and whether null is possible beside it.
    fn resolved(&self) -> Option<(&'a Value, &'a Value, bool)> {
        let Self::Schema { root, mut node } = *self else { return None };
        let mut nullable = false;
        for _ in 0..MAX_REFERENCES {
            if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
                // What stands beside a reference narrows it; that is more than is understood here.
                let alone = node
                    .as_object()?
                    .keys()
                    .all(|key| matches!(key.as_str(), "$ref" | "title" | "description" | "default"));
                node = root.pointer(reference.strip_prefix('#')?).filter(|_| alone)?;
            } else if let Some([one, other]) =
                node.get("anyOf").or_else(|| node.get("oneOf")).and_then(Value::as_array).map(Vec::as_slice)
            {
                let is_null = |schema: &Value| schema.get("type").and_then(Value::as_str) == Some("null");
                if node.get("type").is_some() || node.get("properties").is_some() {
                    return None;
                }
                node = match (is_null(one), is_null(other)) {
                    (false, true) => one,
                    (true, false) => other,
                    _ => return None,
                };
                nullable = true;
            } else {
                return Some((root, node, nullable));
            }
        }
        None
    }

    /// The types that the value may have; none where that is not known.
    pub(super) fn kinds(&self) -> Option<BTreeSet<Kind>> {
        let (node, nullable) = match self {
            Self::Of(kind) => return Some([*kind].into()),
            Self::ListOf(_) => return Some([Kind::Array].into()),
            Self::Fields(_) => return Some([Kind::Object].into()),
            Self::Unknown => return None,
            Self::Schema { .. } => self.resolved().map(|(_, node, nullable)| (node, nullable))?,
        };
        let mut kinds: BTreeSet<Kind> = match (node.get("type"), node.get("enum"), node.get("const")) {
            (Some(Value::String(name)), ..) => [Kind::parse(name)?].into(),
            (Some(Value::Array(names)), ..) => {
                names.iter().map(|name| Kind::parse(name.as_str()?)).collect::<Option<_>>()?
            }
            (None, Some(Value::Array(values)), _) => values.iter().map(Kind::of).collect(),
            (None, None, Some(value)) => [Kind::of(value)].into(),
            _ => return None,
        };
        if nullable {
            kinds.insert(Kind::Null);
        }
        Some(kinds)
    }

    /// A member, or why there can be none.
    pub(super) fn member(&self, segment: &Segment) -> Result<Self, String> {
        if let Some(kinds) = self.kinds() {
            let wanted = match segment {
                Segment::Name(_) => Kind::Object,
                Segment::Index(_) => Kind::Array,
            };
            if !kinds.contains(&wanted) {
                let what = if wanted == Kind::Object { "no members" } else { "no items" };
                return Err(format!("is {} and has {what}", names(&kinds)));
            }
        }
        match (self, segment) {
            (Self::Fields(fields), Segment::Name(name)) => {
                let found = fields.iter().find(|(field, _)| field == name);
                found.map(|(_, kind)| if *kind == Kind::Object { Self::Unknown } else { Self::Of(*kind) }).ok_or_else(
                    || {
                        let has: Vec<_> = fields.iter().map(|(field, _)| *field).collect();
                        format!(
                            "has no `{name}`: it has {}",
                            if has.is_empty() { "no members".to_owned() } else { has.join(", ") }
                        )
                    },
                )
            }
            (Self::ListOf(item), Segment::Index(_)) => Ok(item.as_ref().clone()),
            (Self::Schema { .. }, Segment::Index(_)) => Ok(self.item()),
            (Self::Schema { .. }, Segment::Name(name)) => {
                let Some((root, node, _)) = self.resolved() else { return Ok(Self::Unknown) };
                if let Some(node) = node.get("properties").and_then(|properties| properties.get(name)) {
                    return Ok(Self::Schema { root, node });
                }
                if is_closed(node) {
                    return Err(format!("has no `{name}`{}", known_members(node)));
                }
                Ok(Self::Unknown)
            }
            _ => Ok(Self::Unknown),
        }
    }

    /// What is known of the items of a list.
    pub(super) fn item(&self) -> Self {
        if let Self::ListOf(item) = self {
            return item.as_ref().clone();
        }
        match self.resolved() {
            Some((root, node, _)) if node.get("prefixItems").is_none() => node
                .get("items")
                .filter(|items| items.is_object())
                .map_or(Self::Unknown, |node| Self::Schema { root, node }),
            _ => Self::Unknown,
        }
    }

    /// Required members of an object that `given` does not have.
    pub(super) fn missing(&self, given: impl Fn(&str) -> bool) -> Vec<&'a str> {
        let Some((_, node, _)) = self.resolved() else { return Vec::new() };
        let required = node.get("required").and_then(Value::as_array).into_iter().flatten();
        required.filter_map(Value::as_str).filter(|name| !given(name)).collect()
    }

    /// Whether a literal is none of the values that a schema lists.
    pub(super) fn excludes(&self, literal: &Value) -> bool {
        let Some((_, node, nullable)) = self.resolved() else { return false };
        if nullable && literal.is_null() {
            return false;
        }
        let same = |value: &Value| {
            value == literal || (value.is_number() && literal.is_number() && value.as_f64() == literal.as_f64())
        };
        let listed = node.get("enum").and_then(Value::as_array);
        listed.is_some_and(|values| !values.iter().any(same)) || node.get("const").is_some_and(|value| !same(value))
    }
}

/// Whether an object has no members but its `properties`.
fn is_closed(node: &Value) -> bool {
    let says_no = |keyword: &str| node.get(keyword) == Some(&Value::Bool(false));
    let adds = |keyword: &str| keyword != "unevaluatedProperties" && node.get(keyword).is_some();
    (says_no("additionalProperties") && node.get("patternProperties").is_none())
        || (says_no("unevaluatedProperties")
            && node.get("additionalProperties").is_none()
            && !ADDING.into_iter().any(adds))
}

/// Whether a schema of inputs lets somebody fill in more than its `properties`.
pub(super) fn says_more(inputs: &Value) -> bool {
    inputs.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false))
        || ADDING.into_iter().any(|keyword| keyword != "unevaluatedProperties" && inputs.get(keyword).is_some())
}

/// `: it has a, b`.
pub(super) fn known_members(node: &Value) -> String {
    let members = node.get("properties").and_then(Value::as_object);
    match members.filter(|members| !members.is_empty()) {
        Some(members) => format!(": it has {}", members.keys().take(20).cloned().collect::<Vec<_>>().join(", ")),
        None => ": it has no members".to_owned(),
    }
}

/// The type of a value that holds expressions, where it is more than one of them.
pub(super) fn kind_of(template: &Template) -> Option<Kind> {
    match template {
        Template::Literal(value) => Some(Kind::of(value)),
        Template::Exact(_) => None,
        Template::Text(_) => Some(Kind::String),
        Template::List(_) => Some(Kind::Array),
        Template::Object(_) => Some(Kind::Object),
    }
}
