//! Whether a value of which parts are known fits a schema, whatever the other parts are. It says that a value fails only if no
//! run could give one that fits, and that it holds only if every run does.
//!
//! Keywords that look at one value, such as `pattern`, are left to the validator that also checks inputs during a run. Keywords
//! that combine schemas or descend into the value are read here, because the validator knows no unknown parts.

mod leaf;
mod list;
mod object;
mod typed;
mod verdict;

use serde_json::{Map, Value};
use workway_model::{Pointer, Schema};

use super::{
    document::{Document, Steps},
    given::{Answer, Given},
    kinds::Kinds,
    shape::{Shape, Type},
};
use leaf::Leaves;
pub(super) use verdict::{About, Finding, Verdict};

/// How deep schemas are followed, those that see the same value included: what a thread's small stack holds. A value nests at
/// most 64 levels deep. What is deeper may be right.
const MAX_DEPTH: usize = 256;
/// What looking at one schema for one part of a value costs.
const STEPS: u64 = 50;

/// Judges values of one definition. It keeps what it compiled for as long as the schemas are there.
#[derive(Default)]
pub(super) struct Judge {
    leaves: Leaves,
    depth: usize,
}

impl Judge {
    /// Why `given` can never fit `schema`; nothing where it may.
    pub(super) fn findings<'a>(&mut self, schema: &'a Schema, given: &Given<'a>, steps: &'a Steps) -> Vec<Finding<'a>> {
        let validated = given.to_value().and_then(|value| leaf::validate(schema, &value, steps));
        if let Some(Ok(())) = validated {
            return Vec::new();
        }
        let document = Document::new(schema.document(), steps);
        match (self.node(document, document.root, given, &Pointer::At("")), validated) {
            (Verdict::Fails(findings), _) => findings,
            // What is only known where all is known, such as `unevaluatedItems`.
            (_, Some(Err(problems))) => {
                let finding = |problem: workway_model::InputProblem| Finding {
                    pointer: problem.pointer,
                    about: About::Other(problem.message),
                };
                problems.into_iter().map(finding).collect()
            }
            _ => Vec::new(),
        }
    }

    fn node<'a>(
        &mut self,
        document: Document<'a>,
        node: &'a Value,
        given: &Given<'a>,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        if self.depth >= MAX_DEPTH || !document.steps.take(STEPS) {
            return Verdict::Maybe;
        }
        self.depth += 1;
        let verdict = match given {
            Given::Of(Shape(alternatives)) if alternatives.len() > 1 => {
                self.alternatives(document, node, alternatives, place)
            }
            _ => self.one(document, node, given, place),
        };
        self.depth -= 1;
        verdict
    }

    /// A value that is one of several: it fails if it does whichever it is.
    fn alternatives<'a>(
        &mut self,
        document: Document<'a>,
        node: &'a Value,
        alternatives: &[Type<'a>],
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let given = |alternative: &Type<'a>| Given::Of(Shape(vec![alternative.clone()]));
        let mut verdicts = alternatives.iter().map(|one| self.node(document, node, &given(one), place));
        let Some(first) = verdicts.next() else { return Verdict::Maybe };
        let all = verdicts.fold(first, |all, verdict| match (all, verdict) {
            (Verdict::Holds, Verdict::Holds) => Verdict::Holds,
            (Verdict::Fails(findings), Verdict::Fails(others)) => {
                // That of a type which would fit says more.
                let is_of_type = |findings: &[Finding<'_>]| findings.iter().any(Finding::is_about_type);
                Verdict::Fails(if is_of_type(&findings) && !is_of_type(&others) { others } else { findings })
            }
            _ => Verdict::Maybe,
        });
        let kinds = alternatives.iter().map(Type::kinds).fold(Kinds::NONE, |all, kinds| all | kinds);
        let Verdict::Fails(mut findings) = all else { return all };
        for finding in &mut findings {
            if let About::Kinds { found, .. } = &mut finding.about {
                *found = kinds;
            }
        }
        Verdict::Fails(findings)
    }

    fn one<'a>(
        &mut self,
        document: Document<'a>,
        node: &'a Value,
        given: &Given<'a>,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        match node {
            Value::Bool(true) => return Verdict::Holds,
            Value::Bool(false) => {
                return Verdict::fails(place, About::Other("is not allowed: remove it".to_owned()));
            }
            _ => {}
        }
        let Some(keywords) = document.keywords(node) else { return Verdict::Maybe };
        let mut verdict = Verdict::Holds;
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            verdict = match document.target(reference) {
                Some(target) => self.node(document, target, given, place),
                None => Verdict::Maybe,
            };
            if document.ref_hides_siblings() {
                return verdict;
            }
        }
        if Document::refers_elsewhere(keywords) {
            verdict = verdict.and(Verdict::Maybe);
        }
        let kinds = of_type(keywords, given, place);
        if let Verdict::Fails(_) = kinds {
            // Whatever else is wrong comes from the type.
            return verdict.and(kinds);
        }
        verdict = verdict.and(kinds).and(listed(keywords, given, place));
        verdict = verdict.and(self.leaves.judge(document, node, keywords, given, place));
        verdict = verdict.and(match given {
            Given::List(items) => self.list(document, keywords, items, place),
            Given::Object(members) => self.object(document, node, keywords, members, given, place),
            Given::Of(Shape(alternatives)) => match alternatives.as_slice() {
                [only] => self.typed(document, keywords, only, place),
                _ => Verdict::Maybe,
            },
            Given::Literal(_) | Given::Text(_) => Verdict::Holds,
        });
        verdict.and(self.combined(document, keywords, given, place))
    }

    /// `allOf`, `anyOf`, `oneOf`, `not` and `if`.
    fn combined<'a>(
        &mut self,
        document: Document<'a>,
        keywords: &'a Map<String, Value>,
        given: &Given<'a>,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let mut verdict = Verdict::Holds;
        let schemas = |keyword: &str| keywords.get(keyword).and_then(Value::as_array);
        for schema in schemas("allOf").into_iter().flatten() {
            verdict = verdict.and(self.node(document, schema, given, place));
        }
        if let Some(branches) = schemas("anyOf") {
            let verdicts = branches.iter().map(|branch| self.node(document, branch, given, place)).collect();
            verdict = verdict.and(Verdict::any(verdicts, place));
        }
        if let Some(branches) = schemas("oneOf") {
            let verdicts: Vec<_> = branches.iter().map(|branch| self.node(document, branch, given, place)).collect();
            let count = |is: fn(&Verdict<'_>) -> bool| verdicts.iter().filter(|verdict| is(verdict)).count();
            let (holding, open) = (
                count(|verdict| matches!(verdict, Verdict::Holds)),
                count(|verdict| matches!(verdict, Verdict::Maybe)),
            );
            verdict = verdict.and(match (holding, open) {
                (2.., _) => {
                    let message = "fits more than one of the alternatives of the schema, and must fit exactly one";
                    Verdict::fails(place, About::Other(message.to_owned()))
                }
                (1, 0) => Verdict::Holds,
                (0, 0) => Verdict::any(verdicts, place),
                _ => Verdict::Maybe,
            });
        }
        if let Some(excluded) = keywords.get("not") {
            verdict = verdict.and(match self.node(document, excluded, given, place) {
                Verdict::Holds => Verdict::fails(place, About::Other("is what the schema excludes (`not`)".to_owned())),
                Verdict::Maybe => Verdict::Maybe,
                Verdict::Fails(_) => Verdict::Holds,
            });
        }
        if let Some(condition) = keywords.get("if") {
            verdict = verdict.and(self.conditional(document, keywords, condition, given, place));
        }
        verdict
    }

    fn conditional<'a>(
        &mut self,
        document: Document<'a>,
        keywords: &'a Map<String, Value>,
        condition: &'a Value,
        given: &Given<'a>,
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let condition = self.node(document, condition, given, place);
        let mut branch = |keyword: &str| match keywords.get(keyword) {
            Some(schema) => self.node(document, schema, given, place),
            None => Verdict::Holds,
        };
        match condition {
            Verdict::Holds => branch("then"),
            Verdict::Fails(_) => branch("else"),
            Verdict::Maybe => match (branch("then"), branch("else")) {
                (Verdict::Holds, Verdict::Holds) => Verdict::Holds,
                (then @ Verdict::Fails(_), other @ Verdict::Fails(_)) => Verdict::any(vec![then, other], place),
                _ => Verdict::Maybe,
            },
        }
    }
}

/// `type`.
fn of_type<'a>(keywords: &Map<String, Value>, given: &Given<'_>, place: &Pointer<'_>) -> Verdict<'a> {
    let (wanted, found) = (Kinds::of_type(keywords), given.kinds());
    if found.is_within(wanted) {
        Verdict::Holds
    } else if found.meets(wanted) {
        Verdict::Maybe
    } else {
        Verdict::fails(place, About::Kinds { wanted, found })
    }
}

/// `enum` and `const`.
fn listed<'a>(keywords: &'a Map<String, Value>, given: &Given<'a>, place: &Pointer<'_>) -> Verdict<'a> {
    let listed = keywords.get("enum").and_then(Value::as_array).map(|values| values.iter().collect::<Vec<_>>());
    let only = keywords.get("const").map(|value| vec![value]);
    let mut verdict = Verdict::Holds;
    for allowed in [listed, only].into_iter().flatten() {
        let is_listed = |given: &Given<'_>| {
            allowed.iter().map(|value| given.equals(value)).fold(Answer::No, |any, answer| match (any, answer) {
                (Answer::Yes, _) | (_, Answer::Yes) => Answer::Yes,
                (Answer::Maybe, _) | (_, Answer::Maybe) => Answer::Maybe,
                (Answer::No, Answer::No) => Answer::No,
            })
        };
        let possible = match given {
            Given::Of(Shape(alternatives)) => match alternatives.as_slice() {
                [only] => only.values(),
                _ => None,
            },
            _ => None,
        };
        let answer = match possible {
            Some(values) => {
                let answers: Vec<_> = values.into_iter().map(|value| is_listed(&Given::from_value(value))).collect();
                match answers.as_slice() {
                    all if all.iter().all(|answer| *answer == Answer::Yes) => Answer::Yes,
                    all if all.iter().all(|answer| *answer == Answer::No) => Answer::No,
                    _ => Answer::Maybe,
                }
            }
            None => is_listed(given),
        };
        verdict = verdict.and(match answer {
            Answer::Yes => Verdict::Holds,
            Answer::Maybe => Verdict::Maybe,
            Answer::No => {
                let wanted = allowed.iter().map(|value| Kinds::of(value)).fold(Kinds::NONE, |all, kinds| all | kinds);
                let found = given.kinds();
                let text = if let Given::Literal(Value::String(text)) = given { Some(text.as_str()) } else { None };
                let about = match given {
                    Given::Of(_) if !found.meets(wanted) => About::Kinds { wanted, found },
                    _ => About::Value { allowed, text },
                };
                Verdict::fails(place, about)
            }
        });
    }
    verdict
}
