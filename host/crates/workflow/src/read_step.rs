//! Reads steps. One kind of step has no fields of another.

use serde_json::{Map, Value};

use super::{
    Template,
    bounds::{MAX_ATTEMPTS, MAX_BRANCHES, MAX_CONCURRENCY, MAX_NAME_CHARS},
    problem::{child, found},
    read::{Reader, is_blank},
    step::{Case, Retry, Step, StepKind, WaitFor},
};

/// What a step may be, with the fields that go with it alone.
const KINDS: [(&str, &[&str]); 6] = [
    ("uses", &["with", "retry"]),
    ("for-each", &["concurrency", "steps"]),
    ("switch", &["default"]),
    ("parallel", &[]),
    ("sleep", &[]),
    ("wait-for", &[]),
];
/// Fields of every step.
const COMMON: [&str; 5] = ["id", "name", "if", "timeout", "continue-on-error"];

impl Reader {
    /// At least one step.
    pub(super) fn some_steps(&mut self, value: &Value, at: &str, depth: usize) -> Vec<Step> {
        if value.as_array().is_some_and(Vec::is_empty) {
            self.problems.add(at, "must have at least one step");
        }
        self.steps(value, at, depth)
    }

    pub(super) fn steps(&mut self, value: &Value, at: &str, depth: usize) -> Vec<Step> {
        let Value::Array(steps) = value else {
            self.problems.add(at, format_args!("must be a list of steps (got {})", found(value)));
            return Vec::new();
        };
        if !steps.is_empty() && self.is_too_deep(at, depth) {
            return Vec::new();
        }
        let steps = steps.iter().enumerate();
        steps.filter_map(|(place, step)| self.step(step, &child(at, place), depth)).collect()
    }

    fn step(&mut self, value: &Value, at: &str, depth: usize) -> Option<Step> {
        let Value::Object(fields) = value else {
            self.problems.add(at, format_args!("a step must be an object (got {})", found(value)));
            return None;
        };
        let id = self.required(fields, at, "id").and_then(|id| self.parsed(id, &child(at, "id")));
        self.enter(id.as_ref(), at);
        let kind = self.kind_of(fields, at);
        self.refuse_strays(fields, at, kind);
        let name = fields.get("name").and_then(|name| self.text(name, &child(at, "name"), MAX_NAME_CHARS));
        let condition = fields.get("if").and_then(|value| self.condition(value, &child(at, "if")));
        let timeout = fields.get("timeout").and_then(|text| self.parsed(text, &child(at, "timeout")));
        let continue_on_error = self.flag(fields, at, "continue-on-error");
        let kind = self.kind(kind?, fields, at, depth)?;
        Some(Step { id: id?, name, condition, continue_on_error, timeout, kind })
    }

    fn kind_of(&mut self, fields: &Map<String, Value>, at: &str) -> Option<&'static str> {
        let present: Vec<&str> =
            KINDS.iter().map(|(kind, _)| *kind).filter(|kind| fields.contains_key(*kind)).collect();
        if let [kind] = present[..] {
            return Some(kind);
        }
        let given = if present.is_empty() { "none".to_owned() } else { present.join(", ") };
        let message = "a step must have exactly one of uses, for-each, switch, parallel, sleep and wait-for";
        self.problems.add(at, format_args!("{message} (got {given})"));
        None
    }

    fn refuse_strays(&mut self, fields: &Map<String, Value>, at: &str, kind: Option<&str>) {
        for name in fields.keys().map(String::as_str) {
            let at = child(at, name);
            let owner = KINDS.iter().find(|(_, own)| own.contains(&name)).map(|(owner, _)| *owner);
            match owner {
                Some(owner) if kind.is_some_and(|kind| kind != owner) => {
                    self.problems.add(&at, format_args!("`{name}` is only allowed with `{owner}`: remove it"));
                }
                None if kind == Some("sleep") && (name == "timeout" || name == "continue-on-error") => {
                    self.problems.add(&at, format_args!("`{name}` is not allowed with `sleep`: remove it"));
                }
                None if !COMMON.contains(&name) && KINDS.iter().all(|(kind, _)| *kind != name) => {
                    let own = KINDS.iter().find(|(known, _)| Some(*known) == kind);
                    let has: Vec<&str> =
                        own.into_iter().flat_map(|(kind, own)| [kind].into_iter().chain(*own)).copied().collect();
                    let has = [&COMMON[..], &has[..]].concat().join(", ");
                    self.problems.add(&at, format_args!("unknown field: this step has {has}"));
                }
                _ => {}
            }
        }
    }

    fn kind(&mut self, kind: &str, fields: &Map<String, Value>, at: &str, depth: usize) -> Option<StepKind> {
        let value = fields.get(kind)?;
        let own = child(at, kind);
        Some(match kind {
            "uses" => {
                let uses = self.parsed(value, &own);
                let with = self.values(fields.get("with"), &child(at, "with"));
                let retry = fields.get("retry").map(|retry| self.retry(retry, &child(at, "retry")));
                StepKind::Action { uses: uses?, with, retry: retry.unwrap_or_default() }
            }
            "for-each" => {
                let items = self.expression(value, &own);
                let concurrency = fields.get("concurrency");
                let concurrency =
                    concurrency.and_then(|number| self.number(number, &child(at, "concurrency"), MAX_CONCURRENCY));
                let steps = self.required(fields, at, "steps");
                let steps = steps.map(|steps| self.some_steps(steps, &child(at, "steps"), depth + 1));
                StepKind::ForEach { items: items?, concurrency, steps: steps? }
            }
            "switch" => {
                let cases = self.branches(value, &own, "cases", &["if", "steps"]);
                let mut read = Vec::new();
                for (at, case) in cases {
                    let condition = self.required(case, &at, "if");
                    let condition = condition.and_then(|value| self.condition(value, &child(&at, "if")));
                    let steps = self.required(case, &at, "steps");
                    let steps = steps.map(|steps| self.some_steps(steps, &child(&at, "steps"), depth + 1));
                    read.extend(condition.zip(steps).map(|(condition, steps)| Case { condition, steps }));
                }
                let default = fields.get("default").map(|steps| self.steps(steps, &child(at, "default"), depth + 1));
                StepKind::Switch { cases: read, default: default.unwrap_or_default() }
            }
            "parallel" => {
                let branches = self.branches(value, &own, "branches", &["steps"]);
                let mut read = Vec::new();
                for (at, branch) in branches {
                    let steps = self.required(branch, &at, "steps");
                    read.extend(steps.map(|steps| self.some_steps(steps, &child(&at, "steps"), depth + 1)));
                }
                StepKind::Parallel(read)
            }
            "sleep" => StepKind::Sleep(self.parsed(value, &own)?),
            _ => StepKind::WaitFor(self.wait_for(value, &own)?),
        })
    }

    /// The objects of a list, each with its place.
    fn branches<'v>(
        &mut self,
        value: &'v Value,
        at: &str,
        what: &str,
        allowed: &[&str],
    ) -> Vec<(String, &'v Map<String, Value>)> {
        let Some(items) = value.as_array().filter(|items| (1..=MAX_BRANCHES).contains(&items.len())) else {
            let given = value.as_array().map_or_else(|| found(value), |items| items.len().to_string());
            self.problems.add(at, format_args!("must be a list of 1 to {MAX_BRANCHES} {what} (got {given})"));
            return Vec::new();
        };
        let mut read = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let at = child(at, place);
            let fields = self.object(item, &at, &format!("each of the {what}"), allowed);
            read.extend(fields.map(|fields| (at, fields)));
        }
        read
    }

    /// A number is short for an object that has only `attempts`.
    fn retry(&mut self, value: &Value, at: &str) -> Option<Retry> {
        if value.is_number() {
            return Some(Retry { attempts: self.number(value, at, MAX_ATTEMPTS)?, backoff: None });
        }
        if !value.is_object() {
            self.problems.add(at, format_args!("must be a number of attempts or an object (got {})", found(value)));
            return None;
        }
        let fields = self.object(value, at, "`retry`", &["attempts", "backoff"])?;
        let attempts = self.required(fields, at, "attempts");
        let attempts = attempts.and_then(|number| self.number(number, &child(at, "attempts"), MAX_ATTEMPTS));
        let backoff = fields.get("backoff").and_then(|text| self.parsed(text, &child(at, "backoff")));
        Some(Retry { attempts: attempts?, backoff })
    }

    fn wait_for(&mut self, value: &Value, at: &str) -> Option<WaitFor> {
        let fields = self.object(value, at, "`wait-for`", &["event", "approval"])?;
        let mut text = |name: &str| {
            fields.get(name).map(|value| {
                let at = child(at, name);
                if value.as_str().is_none_or(is_blank) {
                    self.problems.add(&at, format_args!("must be a string that is not blank (got {})", found(value)));
                }
                self.template(value, &at)
            })
        };
        let (event, approval): (Option<Template>, Option<Template>) = (text("event"), text("approval"));
        match (event, approval) {
            (Some(event), None) => Some(WaitFor::Event(event)),
            (None, Some(approval)) => Some(WaitFor::Approval(approval)),
            _ => {
                self.problems.add(at, "must have exactly one of event and approval");
                None
            }
        }
    }
}
