//! One case: what is called, with what, and what is expected of it. Parsed and checked as far as that goes without the
//! component; runs nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use workway_model::{FailureKind, LocalId, ProviderId};

use super::{
    fixture::Fixture,
    pattern::{RequestPattern, Texts, present},
};

/// The longest name of a case, in bytes. A file is called after it.
pub const MAX_NAME_BYTES: usize = 120;
/// Fixtures of one case.
pub const MAX_FIXTURES: usize = 100;

/// A case that is ready to run.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file that it is in.
    pub file: PathBuf,
    /// Unique in the file.
    pub name: String,
    pub(super) subject: Subject,
    pub(super) connections: BTreeMap<ProviderId, MadeUp>,
    pub(super) storage: BTreeMap<String, Value>,
    /// None where the case has none of its own: then recorded ones are used.
    pub(super) fixtures: Option<Vec<Fixture>>,
    pub(super) expect: Expect,
}

/// What is called.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    Action { id: LocalId, input: Box<RawValue> },
    Options { id: LocalId, field: String, input: Box<RawValue> },
    Trigger { id: LocalId, config: Box<RawValue>, ask: TriggerAsk },
}

#[derive(Clone, Debug)]
pub(super) enum TriggerAsk {
    Poll { cursor: Option<Box<RawValue>> },
    Enable { callback_url: Option<String> },
    Disable { state: Option<Box<RawValue>> },
    Receive { state: Option<Box<RawValue>>, request: Webhook },
}

/// A connection that the user has in a case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MadeUp {
    pub(super) account: Option<String>,
    /// What the integration asks for, unless given.
    pub(super) scopes: Option<BTreeSet<String>>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) expired: bool,
}

/// What an upstream sends to a webhook.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Webhook {
    #[serde(default = "post")]
    pub(super) method: String,
    #[serde(default = "root")]
    pub(super) path: String,
    #[serde(default)]
    pub(super) query: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Texts>,
    pub(super) body: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) json: Option<Value>,
}

fn post() -> String {
    "POST".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

/// What is to come of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Expect {
    #[serde(default, deserialize_with = "present")]
    pub(super) output: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub(super) output_contains: Option<Value>,
    pub(super) failure: Option<ExpectedFailure>,
    pub(super) limit: Option<ExpectedLimit>,
    #[serde(default)]
    pub(super) crashed: bool,
    pub(super) requests: Option<Vec<RequestPattern>>,
    #[serde(default)]
    pub(super) denied: Vec<String>,
    #[serde(default)]
    pub(super) storage: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ExpectedFailure {
    pub(super) kind: FailureKind,
    /// A part of it.
    pub(super) message: Option<String>,
    pub(super) retry_after_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ExpectedLimit {
    Memory,
    Cpu,
    Wall,
    Stack,
    Body,
}

/// A case as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    name: String,
    action: Option<LocalId>,
    options: Option<WrittenOptions>,
    trigger: Option<LocalId>,
    call: Option<WrittenCall>,
    #[serde(default, deserialize_with = "present")]
    input: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    config: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    cursor: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    state: Option<Value>,
    callback_url: Option<String>,
    request: Option<Webhook>,
    connections: Option<BTreeMap<ProviderId, MadeUp>>,
    #[serde(default)]
    storage: BTreeMap<String, Value>,
    fixtures: Option<Vec<Fixture>>,
    #[serde(default)]
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOptions {
    subject: LocalId,
    field: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenCall {
    Poll,
    Enable,
    Disable,
    Receive,
}

impl Case {
    /// Reads one case. `shared` are the connections of its file, in whose place it may have its own.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn read(
        file: PathBuf,
        shared: &BTreeMap<ProviderId, MadeUp>,
        written: Value,
    ) -> Result<Self, Vec<String>> {
        let mut written: Written = serde_json::from_value(written).map_err(|error| vec![error.to_string()])?;
        let mut problems = Vec::new();
        if written.name.len() > MAX_NAME_BYTES || slug(&written.name).is_empty() {
            problems.push(format!("name: must have a letter or a digit and at most {MAX_NAME_BYTES} bytes"));
        }
        let subject = written.subject(&mut problems);
        written.expect.check(&mut problems);
        let fixtures = written.fixtures.as_deref().unwrap_or_default();
        check_fixtures(fixtures, &mut problems);
        match subject {
            Some(subject) if problems.is_empty() => Ok(Self {
                file,
                name: written.name,
                subject,
                connections: written.connections.unwrap_or_else(|| shared.clone()),
                storage: written.storage,
                fixtures: written.fixtures,
                expect: written.expect,
            }),
            _ => Err(problems),
        }
    }

    /// The action or trigger that it is about.
    pub fn subject_id(&self) -> &LocalId {
        match &self.subject {
            Subject::Action { id, .. } | Subject::Options { id, .. } | Subject::Trigger { id, .. } => id,
        }
    }

    /// The name as a file's.
    pub(super) fn slug(&self) -> String {
        slug(&self.name)
    }
}

/// What is wrong with fixtures, each problem with the number of its fixture.
pub(super) fn check_fixtures(fixtures: &[Fixture], problems: &mut Vec<String>) {
    if fixtures.len() > MAX_FIXTURES {
        problems.push(format!("fixtures: must have at most {MAX_FIXTURES} (got {})", fixtures.len()));
    }
    for (place, fixture) in fixtures.iter().enumerate() {
        problems.extend(fixture.problems().into_iter().map(|problem| format!("fixture {}: {problem}", place + 1)));
    }
}

/// A name as that of a file: letters and digits in lower case, and `-` for what lies between.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars() {
        if character.is_alphanumeric() {
            slug.extend(character.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

impl Written {
    fn subject(&mut self, problems: &mut Vec<String>) -> Option<Subject> {
        let kinds = [self.action.is_some(), self.options.is_some(), self.trigger.is_some()];
        if kinds.into_iter().filter(|given| *given).count() != 1 {
            problems.push("must have exactly one of action, options and trigger".to_owned());
            return None;
        }
        if let Some(id) = self.trigger.take() {
            self.refuse("a trigger", &[("input", self.input.is_some())], problems);
            let ask = self.ask(problems)?;
            return Some(Subject::Trigger { id, config: raw(self.config.take(), problems)?, ask });
        }
        let of_triggers = [
            ("call", self.call.is_some()),
            ("config", self.config.is_some()),
            ("cursor", self.cursor.is_some()),
            ("state", self.state.is_some()),
            ("callback-url", self.callback_url.is_some()),
            ("request", self.request.is_some()),
        ];
        self.refuse("an action", &of_triggers, problems);
        let input = raw(self.input.take(), problems)?;
        match (self.action.take(), self.options.take()) {
            (Some(id), _) => Some(Subject::Action { id, input }),
            (None, Some(options)) => Some(Subject::Options { id: options.subject, field: options.field, input }),
            (None, None) => None,
        }
    }

    fn ask(&mut self, problems: &mut Vec<String>) -> Option<TriggerAsk> {
        let Some(call) = self.call else {
            problems.push("call: must be one of poll, enable, disable and receive for a trigger".to_owned());
            return None;
        };
        let takes = |calls: &[WrittenCall]| !calls.contains(&call);
        let stray = [
            ("cursor", self.cursor.is_some() && takes(&[WrittenCall::Poll])),
            ("callback-url", self.callback_url.is_some() && takes(&[WrittenCall::Enable])),
            ("state", self.state.is_some() && takes(&[WrittenCall::Disable, WrittenCall::Receive])),
            ("request", self.request.is_some() && takes(&[WrittenCall::Receive])),
        ];
        self.refuse("this call", &stray, problems);
        let mut optional = |value: Option<Value>| value.map(|value| raw(Some(value), problems)).unwrap_or_default();
        Some(match call {
            WrittenCall::Poll => TriggerAsk::Poll { cursor: optional(self.cursor.take()) },
            WrittenCall::Enable => TriggerAsk::Enable { callback_url: self.callback_url.take() },
            WrittenCall::Disable => TriggerAsk::Disable { state: optional(self.state.take()) },
            WrittenCall::Receive => {
                let state = optional(self.state.take());
                let Some(request) = self.request.take() else {
                    problems.push("request: is missing: add the request that the upstream sends".to_owned());
                    return None;
                };
                if request.body.is_some() && request.json.is_some() {
                    problems.push("request: must have only one of body and json".to_owned());
                }
                TriggerAsk::Receive { state, request }
            }
        })
    }

    fn refuse(&self, what: &str, fields: &[(&str, bool)], problems: &mut Vec<String>) {
        let given = fields.iter().filter(|(_, given)| *given);
        problems.extend(given.map(|(field, _)| format!("{field}: is not allowed for {what}: remove it")));
    }
}

impl Expect {
    fn check(&self, problems: &mut Vec<String>) {
        let results = [
            self.output.is_some(),
            self.output_contains.is_some(),
            self.failure.is_some(),
            self.limit.is_some(),
            self.crashed,
        ];
        if results.into_iter().filter(|given| *given).count() > 1 {
            problems
                .push("expect: must have only one of output, output-contains, failure, limit and crashed".to_owned());
        }
        for origin in &self.denied {
            if super::outcome::origin(origin).is_none() {
                problems.push(format!("expect: denied: {origin:?} must be an origin such as https://api.example.com"));
            }
        }
    }
}

/// JSON text; an empty object where nothing was given.
fn raw(value: Option<Value>, problems: &mut Vec<String>) -> Option<Box<RawValue>> {
    let text = value.map_or_else(|| "{}".to_owned(), |value| value.to_string());
    RawValue::from_string(text).inspect_err(|error| problems.push(error.to_string())).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(written: Value) -> String {
        match Case::read("tests/a.yaml".into(), &BTreeMap::new(), written) {
            Ok(case) => panic!("{} was taken", case.name),
            Err(problems) => problems.join("; "),
        }
    }

    #[test]
    fn exactly_one_thing_is_called_and_one_result_expected() {
        for (written, problem) in [
            (json!({"name": "a"}), "exactly one of action"),
            (json!({"name": "a", "action": "x", "trigger": "y"}), "exactly one of action"),
            (json!({"name": "a", "action": "X"}), "id \"X\""),
            (json!({"name": "a", "action": "x", "inputs": {}}), "unknown field `inputs`"),
            (json!({"name": "?", "action": "x"}), "name: must have a letter"),
            (json!({"name": "a".repeat(500), "action": "x"}), "name: must have a letter"),
            (
                json!({"name": "a", "action": "x", "cursor": 1, "call": "poll"}),
                "call: is not allowed for an action: remove it; cursor",
            ),
            (json!({"name": "a", "trigger": "x"}), "call: must be one of poll"),
            (json!({"name": "a", "trigger": "x", "call": "poll", "state": 1}), "state: is not allowed for this call"),
            (json!({"name": "a", "trigger": "x", "call": "receive"}), "request: is missing"),
            (json!({"name": "a", "trigger": "x", "call": "poll", "input": {}}), "input: is not allowed for a trigger"),
            (
                json!({"name": "a", "trigger": "x", "call": "receive", "request": {"body": "", "json": 1}}),
                "one of body and json",
            ),
            (
                json!({"name": "a", "action": "x", "expect": {"output": null, "crashed": true}}),
                "expect: must have only one of",
            ),
            (json!({"name": "a", "action": "x", "expect": {"limit": "patience"}}), "unknown variant `patience`"),
            (json!({"name": "a", "action": "x", "expect": {"failure": {"kind": "odd"}}}), "unknown variant `odd`"),
            (json!({"name": "a", "action": "x", "expect": {"denied": ["evil"]}}), "must be an origin"),
            (
                json!({"name": "a", "action": "x", "fixtures": [{"request": {"url": "x"}, "response": {}}]}),
                "relative URL",
            ),
            (
                json!({"name": "a", "action": "x",
                       "fixtures": vec![json!({"request": {"url": "https://a.example"}, "response": {}}); MAX_FIXTURES + 1]}),
                "fixtures: must have at most 100 (got 101)",
            ),
        ] {
            let found = problems(written.clone());
            assert!(found.contains(problem), "{written:.100}: {found}");
        }
    }

    #[test]
    fn a_cases_own_connections_take_the_place_of_its_files() {
        let shared = BTreeMap::from([
            ("slack".parse().unwrap(), MadeUp { account: Some("file".into()), ..MadeUp::default() }),
            ("google".parse().unwrap(), MadeUp::default()),
        ]);
        let accounts = |own: Value| {
            let case = Case::read("tests/a.yaml".into(), &shared, own).expect("is a case");
            case.connections.into_iter().map(|(provider, made_up)| (provider.to_string(), made_up.account)).collect()
        };
        let of: Vec<_> = accounts(json!({"name": "a", "action": "x"}));
        assert_eq!(of, [("google".to_owned(), None), ("slack".to_owned(), Some("file".to_owned()))]);
        let of: Vec<_> = accounts(json!({"name": "a", "action": "x", "connections": {"slack": {"account": "case"}}}));
        assert_eq!(of, [("slack".to_owned(), Some("case".to_owned()))]);
        let of: Vec<(String, Option<String>)> = accounts(json!({"name": "a", "action": "x", "connections": {}}));
        assert_eq!(of, []);
    }

    #[test]
    fn a_name_becomes_that_of_a_file() {
        assert_eq!(slug("Posts a message!"), "posts-a-message");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("Grüße"), "grüße");
        assert_eq!(slug("--"), "");
    }
}
