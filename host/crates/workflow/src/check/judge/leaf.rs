//! Keywords that look at one value and at no schema below: they are left to the validator of inputs.

use std::collections::HashMap;

use serde_json::{Map, Value};
use workway_model::{InputProblem, Pointer, Schema};

use super::{
    super::{
        document::{Document, Steps},
        given::{Answer, Given},
        kinds::Kinds,
    },
    verdict::{About, Verdict},
};

/// What compiling some keywords costs: a pattern is the most expensive.
const COMPILE_STEPS: u64 = 20_000;
/// What holding one value against keywords, or one name against a pattern, costs beside what the validator counts: it counts the
/// parts of a value, of which there is one.
const CHECK_STEPS: u64 = 300;
/// The most that one value may take.
const MAX_VALUE_STEPS: u64 = 4_000_000;

/// Keywords that are compiled together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Group {
    Number,
    Text,
    List,
    Unique,
    Object,
}

impl Group {
    const ALL: [Self; 5] = [Self::Number, Self::Text, Self::List, Self::Unique, Self::Object];

    fn keywords(self) -> &'static [&'static str] {
        match self {
            Self::Number => &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
            Self::Text => &["minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"],
            Self::List => &["minItems", "maxItems"],
            Self::Unique => &["uniqueItems"],
            Self::Object => &["minProperties", "maxProperties"],
        }
    }

    /// The type of value that they look at. To them any other is right.
    fn kinds(self) -> Kinds {
        match self {
            Self::Number => Kinds::NUMBER,
            Self::Text => Kinds::STRING,
            Self::List | Self::Unique => Kinds::ARRAY,
            Self::Object => Kinds::OBJECT,
        }
    }

    fn is_in(self, keywords: &Map<String, Value>) -> bool {
        self.keywords().iter().any(|keyword| keywords.contains_key(*keyword))
    }
}

/// What was compiled: by the place of the schema in memory, where it stays as long as it is checked against.
#[derive(Default)]
pub(super) struct Leaves {
    groups: HashMap<(*const Value, Group), Option<Schema>>,
    patterns: HashMap<String, Option<Schema>>,
}

/// Checks a value within the steps that are left. `None` if they are too few.
pub(super) fn validate(schema: &Schema, value: &Value, steps: &Steps) -> Option<Result<(), Vec<InputProblem>>> {
    let granted = steps.left().min(MAX_VALUE_STEPS);
    let mut left = granted;
    let validated = schema.validate_within(&mut left, value);
    steps.take(granted - left);
    validated
}

impl Leaves {
    pub(super) fn judge<'a>(
        &mut self,
        document: Document<'a>,
        node: &'a Value,
        keywords: &'a Map<String, Value>,
        given: &Given<'a>,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let mut verdict = Verdict::Holds;
        for group in Group::ALL.into_iter().filter(|group| given.kinds().meets(group.kinds()) && group.is_in(keywords))
        {
            let mut check = |value: &Value| self.check(document, node, keywords, group, value, place);
            verdict = verdict.and(match (given, group) {
                (Given::Literal(value), _) => check(value),
                (Given::Text(pieces), _) => {
                    let most = keywords.get("maxLength").and_then(Value::as_u64);
                    let least = u64::try_from(Given::least_chars(pieces)).unwrap_or(u64::MAX);
                    match most.filter(|most| least > *most) {
                        Some(most) => {
                            let message = format!(
                                "the value is longer than {most} characters: the text around the expressions has {least}"
                            );
                            Verdict::fails(place, About::Other(message))
                        }
                        None => Verdict::Maybe,
                    }
                }
                (Given::List(items), Group::Unique) => {
                    let known: Vec<Value> = items.iter().filter_map(Given::to_value).collect();
                    let is_whole = known.len() == items.len();
                    match check(&Value::Array(known)) {
                        Verdict::Holds if !is_whole => Verdict::Maybe,
                        verdict => verdict,
                    }
                }
                // These look at the number of items or members only.
                (Given::List(items), _) => check(&Value::Array(vec![Value::Null; items.len()])),
                (Given::Object(members), _) => {
                    let members = members.iter().map(|(name, _)| ((*name).to_owned(), Value::Null));
                    check(&Value::Object(members.collect()))
                }
                (Given::Of(_), _) => Verdict::Maybe,
            });
        }
        verdict
    }

    /// Whether a name matches a pattern.
    pub(super) fn matches(&mut self, document: Document<'_>, pattern: &str, name: &str) -> Answer {
        if !self.patterns.contains_key(pattern) {
            let keywords = Map::from_iter([("pattern".to_owned(), pattern.into())]);
            self.patterns.insert(pattern.to_owned(), compile(document, keywords));
        }
        let schema = self.patterns.get(pattern).and_then(Option::as_ref);
        let schema = schema.filter(|_| document.steps.take(CHECK_STEPS));
        match schema.and_then(|schema| validate(schema, &Value::String(name.to_owned()), document.steps)) {
            Some(validated) => validated.is_ok().into(),
            None => Answer::Maybe,
        }
    }

    fn check<'a>(
        &mut self,
        document: Document<'a>,
        node: &'a Value,
        keywords: &'a Map<String, Value>,
        group: Group,
        value: &Value,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let schema = self.groups.entry((std::ptr::from_ref(node), group)).or_insert_with(|| {
            let own = group.keywords().iter().filter_map(|keyword| keywords.get_key_value(*keyword));
            compile(document, own.map(|(keyword, value)| (keyword.clone(), value.clone())).collect())
        });
        let schema = schema.as_ref().filter(|_| document.steps.take(CHECK_STEPS));
        match schema.and_then(|schema| validate(schema, value, document.steps)) {
            Some(Ok(())) => Verdict::Holds,
            Some(Err(problems)) => problems.into_iter().fold(Verdict::Holds, |verdict, problem| {
                verdict.and(Verdict::fails(place, About::Other(problem.message)))
            }),
            None => Verdict::Maybe,
        }
    }
}

fn compile(document: Document<'_>, mut keywords: Map<String, Value>) -> Option<Schema> {
    if !document.steps.take(COMPILE_STEPS) {
        return None;
    }
    if let Some(draft) = document.root.get("$schema") {
        keywords.insert("$schema".to_owned(), draft.clone());
    }
    Schema::parse(&Value::Object(keywords).to_string()).ok()
}
