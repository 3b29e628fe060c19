//! Finds out what compiling a schema costs, before anything compiles it, and whether checking could go on without ever looking at
//! the value. A schema comes from a stranger, and a kilobyte of `allOf` and `$ref` is enough to keep a core busy for ever. What
//! looks at the value is counted when it happens: see [`schema_meter`](super::schema_meter).
//!
//! Counts every subschema as often as it is referred to. References are JSON pointers into the document; other ways to name a
//! schema are refused, so that nothing is counted in the wrong place.

use std::collections::HashMap;

use regex_syntax::{
    ParserBuilder,
    hir::{Class, Hir, HirKind},
};
use serde_json::{Map, Value};

use super::pointer::{child, local_pointer};

/// Subschemas that one validation may pass through, each counted as often as references lead to it.
const MAX_COST: u64 = 2_000;
/// How deep schemas and lists of them lie in each other, references followed: what is walked on a thread's small stack.
const MAX_DEPTH: usize = 256;
/// Regular expressions in one schema.
const MAX_PATTERNS: u64 = 32;
/// Groups of a pattern within each other whose states are counted.
const PATTERN_NESTING: u32 = 100;
/// What reads a `format` takes as long for a byte as so many states.
const FORMAT_STATES: u64 = 6;
/// The same of the format `regex`, which compiles what it reads.
const REGEX_STATES: u64 = 200;
/// Keywords whose values are data, not schemas.
const DATA: [&str; 6] = ["enum", "const", "default", "examples", "$comment", "description"];
/// Keywords that hold schemas for others to refer to.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];
/// Keywords whose schemas see a part of the value, so that a recursion through them ends where the value does.
const DESCENDING: [&str; 10] = [
    "properties",
    "patternProperties",
    "additionalProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that name schemas in ways that are not followed here.
const UNSUPPORTED: [&str; 3] = ["$dynamicRef", "$recursiveRef", "$anchor"];

/// Why a schema would cost too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    #[error("it must have at most {MAX_COST} subschemas, each counted as often as it is referenced")]
    TooLarge,
    #[error("its subschemas must lie at most {MAX_DEPTH} levels deep, references included")]
    TooDeep,
    #[error("it must have at most {MAX_PATTERNS} patterns")]
    TooManyPatterns,
    #[error("{0} refers to itself without descending into the value, so checking would never end")]
    Endless(String),
    #[error("unsupported reference at {0}: use a JSON pointer within the document, for example `#/$defs/name`")]
    Reference(String),
}

/// Refuses a schema that can take more than a bounded time for each part of a value.
pub(super) fn check(document: &Value) -> Result<Cost, CostError> {
    let mut walk = Walk { document, known: HashMap::new(), path: Vec::new() };
    let cost = walk.schema(document, "#", 0)?;
    // Each compiles even where nothing refers to it.
    let mut definitions = Cost::default();
    for name in DEFINITIONS {
        if let Some(Value::Object(held)) = document.get(name) {
            for (key, schema) in held {
                definitions.add(walk.schema(schema, &child(&format!("#/{name}"), key), 0)?)?;
            }
        }
    }
    Ok(cost)
}

/// What a schema consists of. Each part is counted as often as it is referenced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) subschemas: u64,
    pub(super) patterns: u64,
    /// Patterns that look around or refer back, or look for words: their engine may read a text many times.
    pub(super) backtracking: u64,
    /// The states of the largest pattern's automaton, or of what reads a `format`.
    pub(super) states: u64,
    /// The most `|` of a pattern: the validator compares a text with each word of a list.
    pub(super) alternatives: u64,
    /// Whether a reference leads back to a schema that it stands in.
    returns: bool,
}

impl Cost {
    fn of_pattern(pattern: &str) -> Self {
        let mut escaped = pattern.as_bytes().windows(2);
        // A back-reference, or the boundary of a word, which no automaton of the engine knows beyond ASCII.
        let refers_back =
            escaped.any(|pair| pair[0] == b'\\' && (pair[1].is_ascii_digit() || b"kbB".contains(&pair[1])));
        let looks_around = ["(?=", "(?!", "(?<=", "(?<!", "(?>"].iter().any(|group| pattern.contains(group));
        let is_atomic = ["*+", "++", "?+", "}+"].iter().any(|repeat| pattern.contains(repeat));
        let backtracking = u64::from(refers_back || looks_around || is_atomic);
        let alternatives = u64::try_from(pattern.matches('|').count()).unwrap_or(u64::MAX);
        Self { patterns: 1, backtracking, states: states(pattern), alternatives, ..Self::default() }
    }

    fn add(&mut self, other: Self) -> Result<(), CostError> {
        self.subschemas = self.subschemas.saturating_add(other.subschemas);
        self.patterns = self.patterns.saturating_add(other.patterns);
        self.backtracking = self.backtracking.saturating_add(other.backtracking);
        self.states = self.states.max(other.states);
        self.alternatives = self.alternatives.max(other.alternatives);
        self.returns |= other.returns;
        if self.subschemas > MAX_COST {
            return Err(CostError::TooLarge);
        }
        if self.patterns > MAX_PATTERNS {
            return Err(CostError::TooManyPatterns);
        }
        Ok(())
    }
}

/// How many states the automaton of a pattern has, about: each is looked at for each byte of a text, in the worst case.
fn states(pattern: &str) -> u64 {
    // JavaScript's classes are those of ASCII; only `\p` asks for more.
    let parsed = [false, true].into_iter().find_map(|unicode| {
        let mut parser = ParserBuilder::new().unicode(unicode).utf8(false).nest_limit(PATTERN_NESTING).build();
        parser.parse(pattern).ok()
    });
    parsed.map_or(0, |pattern| states_of(&pattern))
}

fn states_of(pattern: &Hir) -> u64 {
    let sum = |parts: &[Hir]| parts.iter().map(states_of).fold(0, u64::saturating_add);
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => u64::try_from(literal.0.len()).unwrap_or(u64::MAX),
        HirKind::Class(Class::Bytes(_)) => 1,
        HirKind::Class(Class::Unicode(class)) => u64::try_from(class.ranges().len()).unwrap_or(u64::MAX),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or_else(|| repetition.min.max(1)).max(1);
            u64::from(times).saturating_mul(1 + states_of(&repetition.sub))
        }
        HirKind::Capture(capture) => states_of(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
    }
}

struct Walk<'a> {
    document: &'a Value,
    /// What the targets of references cost.
    known: HashMap<String, Cost>,
    /// Targets that are being counted, each with how deep in the value it applies.
    path: Vec<(String, usize)>,
}

impl Walk<'_> {
    /// `depth` counts the steps into the value that lead to this schema.
    fn schema(&mut self, schema: &Value, place: &str, depth: usize) -> Result<Cost, CostError> {
        if let Some((_, at)) = self.path.iter().find(|(target, _)| target == place) {
            let returned = Cost { subschemas: 1, returns: true, ..Cost::default() };
            return if *at == depth { Err(CostError::Endless(place.to_owned())) } else { Ok(returned) };
        }
        if let Some(cost) = self.known.get(place) {
            return Ok(*cost);
        }
        if self.path.len() >= MAX_DEPTH {
            return Err(CostError::TooDeep);
        }
        self.path.push((place.to_owned(), depth));
        let cost = self.parts(schema, place, depth);
        self.path.pop();
        let cost = cost?;
        // A cost that was cut short by the way here is not the same from elsewhere.
        if !cost.returns {
            self.known.insert(place.to_owned(), cost);
        }
        Ok(cost)
    }

    fn parts(&mut self, schema: &Value, place: &str, depth: usize) -> Result<Cost, CostError> {
        let mut cost = Cost { subschemas: 1, ..Cost::default() };
        match schema {
            Value::Object(keywords) => {
                self.refuse_unsupported(keywords, place)?;
                for (keyword, value) in keywords {
                    let keyword = keyword.as_str();
                    match value {
                        Value::String(target) if keyword == "$ref" => cost.add(self.reference(target, depth)?)?,
                        Value::String(pattern) if keyword == "pattern" => cost.add(Cost::of_pattern(pattern))?,
                        Value::String(format)
                            if matches!(keyword, "format" | "contentEncoding" | "contentMediaType") =>
                        {
                            let states = if format == "regex" { REGEX_STATES } else { FORMAT_STATES };
                            cost.add(Cost { states, ..Cost::default() })?;
                        }
                        Value::Object(_) | Value::Array(_) if !is_data(keyword) => {
                            let deeper = depth + usize::from(DESCENDING.contains(&keyword));
                            cost.add(self.schema(value, &child(place, keyword), deeper)?)?;
                            if let (true, Value::Object(named)) = (keyword == "patternProperties", value) {
                                named.keys().try_for_each(|pattern| cost.add(Cost::of_pattern(pattern)))?;
                            }
                        }
                        _ => {}
                    }
                }
            }
            Value::Array(members) => {
                for (index, member) in members.iter().enumerate().filter(|(_, member)| member.is_object()) {
                    cost.add(self.schema(member, &child(place, index), depth)?)?;
                }
            }
            _ => {}
        }
        Ok(cost)
    }

    fn reference(&mut self, target: &str, depth: usize) -> Result<Cost, CostError> {
        let unknown = || CostError::Reference(target.chars().take(200).collect());
        let pointer = local_pointer(target).ok_or_else(unknown)?;
        let document = self.document;
        let schema = document.pointer(&pointer).ok_or_else(unknown)?;
        self.schema(schema, &format!("#{pointer}"), depth)
    }

    fn refuse_unsupported(&self, keywords: &Map<String, Value>, place: &str) -> Result<(), CostError> {
        let named = |name: &str| keywords.get(name).is_some_and(Value::is_string);
        let found = UNSUPPORTED.into_iter().find(|name| named(name));
        // An `$id` below the root would be another document, with other pointers.
        let found = found.or_else(|| (named("$id") && place != "#").then_some("$id"));
        found.map_or(Ok(()), |name| Err(CostError::Reference(format!("{place}/{name}"))))
    }
}

fn is_data(keyword: &str) -> bool {
    DATA.contains(&keyword) || DEFINITIONS.contains(&keyword)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{CostError, MAX_PATTERNS, check};

    /// `levels` schemas, each of which refers to the next one twice.
    fn doubling(keyword: &str, levels: usize) -> Value {
        let mut definitions = serde_json::Map::new();
        for level in 0..levels {
            let next = json!({ "$ref": format!("#/$defs/s{}", level + 1) });
            definitions.insert(format!("s{level}"), json!({ keyword: [next, next] }));
        }
        definitions.insert(format!("s{levels}"), json!(false));
        json!({ "$ref": "#/$defs/s0", "$defs": definitions })
    }

    #[test]
    fn references_are_counted_as_often_as_they_are_followed() {
        for keyword in ["anyOf", "allOf", "oneOf"] {
            assert!(check(&doubling(keyword, 5)).is_ok(), "{keyword}");
            assert_eq!(check(&doubling(keyword, 30)), Err(CostError::TooLarge), "{keyword}");
        }
    }

    #[test]
    fn a_schema_that_never_ends_is_refused() {
        for schema in [
            json!({ "$ref": "#" }),
            json!({ "anyOf": [{ "type": "string" }, { "$ref": "#" }] }),
            json!({ "not": { "$ref": "#/not" } }),
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } }),
        ] {
            assert!(matches!(check(&schema), Err(CostError::Endless(_))), "{schema}");
        }
    }

    #[test]
    fn a_long_chain_of_references_is_walked_on_a_small_stack() {
        let chain = |links: usize| {
            let link = |at: usize| (format!("s{at:04}"), json!({ "$ref": format!("#/$defs/s{:04}", at + 1) }));
            let mut definitions: serde_json::Map<String, Value> = (0..links).map(link).collect();
            definitions.insert(format!("s{links:04}"), json!({}));
            json!({ "$defs": definitions, "$ref": "#/$defs/s0000" })
        };
        let small = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
            assert!(check(&chain(50)).is_ok());
            assert_eq!(check(&chain(6_000)), Err(CostError::TooDeep));
        });
        small.unwrap().join().unwrap();
    }

    #[test]
    fn a_schema_may_recurse_into_the_value() {
        let list = json!({ "properties": { "next": { "$ref": "#" } } });
        assert!(check(&list).is_ok());
        let tree = json!({ "properties": { "children": { "items": { "$ref": "#" } } } });
        assert!(check(&tree).is_ok());
        let binary = json!({ "properties": { "left": { "$ref": "#" }, "right": { "$ref": "#" } } });
        assert!(check(&binary).is_ok());
    }

    #[test]
    fn other_ways_to_refer_are_refused() {
        for schema in [
            json!({ "$ref": "https://example.com/schema.json" }),
            json!({ "$ref": "#name" }),
            json!({ "$ref": "#/$defs/missing" }),
            json!({ "$dynamicRef": "#x" }),
            json!({ "properties": { "a": { "$id": "other.json" } } }),
        ] {
            assert!(matches!(check(&schema), Err(CostError::Reference(_))), "{schema}");
        }
        let property_named_ref = json!({ "properties": { "$ref": { "type": "string" } } });
        assert!(check(&property_named_ref).is_ok());
    }

    #[test]
    fn patterns_are_few() {
        let many: serde_json::Map<String, Value> = (0..=MAX_PATTERNS).map(|n| (format!("^{n}"), json!({}))).collect();
        assert_eq!(check(&json!({ "patternProperties": many })), Err(CostError::TooManyPatterns));
    }

    #[test]
    fn data_is_no_schema() {
        let data =
            json!({ "enum": [{ "$ref": "nowhere" }], "const": { "$dynamicRef": "x" }, "default": { "$ref": "#" } });
        assert!(check(&data).is_ok());
    }
}
