//! The checks that the host makes when it loads an integration, as far as they can be made natively, and a context that
//! has all that the integration asks for. It runs nothing of the integration but its schemas and samples.

use std::collections::BTreeSet;

use serde_json::Value;
use workway_policy::HostPattern;

use super::context::{MockContext, MockContextBuilder};
use super::tokens::create_mock_tokens;
use super::workflow::{TestWorkflow, create_test_workflow};
use crate::{Integration, Options, Result};

/// The longest id, in bytes.
const MAX_ID: usize = 64;
/// Actions, and triggers, that one integration may have.
const MAX_MEMBERS: usize = 256;
/// Hosts, connections, categories, or scopes in one list.
const MAX_LIST: usize = 64;
/// A name or a scope, in characters.
const MAX_NAME: usize = 256;
/// A description, in characters.
const MAX_DESCRIPTION: usize = 8_000;
/// The longest schema, in bytes of JSON text.
const MAX_SCHEMA_BYTES: usize = 256 * 1024;

/// Checks what an integration declares as the host does when it loads it: ids, version, hosts,
/// providers, schemas and samples. The host checks schemas further: that they compile, and what
/// checking against them costs.
///
/// ```
/// use workway_sdk::testing::setup_integration_tests;
///
/// # mod plain {
/// # use workway_sdk::prelude::*;
/// integration! {
///     id: "hello",
///     name: "Hello",
///     description: "Greets.",
///     categories: ["examples"],
///     actions: [greet],
/// }
///
/// /// Greets.
/// #[action(idempotent)]
/// fn greet(_: &Context, _: Empty) -> Result<String> {
///     Ok("hello".to_owned())
/// }
/// # }
/// # use plain::INTEGRATION;
///
/// # fn main() {
/// let tests = setup_integration_tests(&INTEGRATION);
/// let ctx = tests.context().user("ann").build();
/// assert_eq!(ctx.execute("greet", serde_json::json!({})).unwrap(), "hello");
/// # }
/// ```
///
/// # Panics
///
/// Something is wrong with the declaration; everything that is, is listed.
#[track_caller]
pub fn setup_integration_tests(integration: &'static Integration) -> IntegrationTests {
    let problems = check(integration);
    if !problems.is_empty() {
        panic!("the host would not load `{}`:\n  {}", integration.id, problems.join("\n  "));
    }
    IntegrationTests { integration }
}

/// An integration whose declaration is sound, from [`setup_integration_tests`].
#[derive(Debug, Clone, Copy)]
pub struct IntegrationTests {
    integration: &'static Integration,
}

impl IntegrationTests {
    /// The integration.
    #[must_use]
    pub fn integration(&self) -> &'static Integration {
        self.integration
    }

    /// A context with the integration's permissions, with an account connected for every provider that
    /// it declares, with its scopes, and with a network, a storage and a clock of its own.
    pub fn context(&self) -> MockContextBuilder {
        let builder = MockContext::builder().integration(self.integration);
        let needs = self.integration.permissions.connections.iter();
        needs.fold(builder, |builder, need| builder.tokens(need.provider, create_mock_tokens()))
    }

    /// A workflow of the integration's actions.
    pub fn workflow(&self) -> TestWorkflow {
        create_test_workflow().using(self.integration)
    }
}

fn check(integration: &Integration) -> Vec<String> {
    let mut check = Check::default();
    check.id("id", integration.id);
    check.name("name", integration.name);
    check.description("description", integration.description);
    if !is_version(integration.version) {
        check.problem("version", format!("{:?} is not a semantic version such as 1.2.3", integration.version));
    }
    check.at_most("categories", integration.categories.len(), MAX_LIST);
    for category in integration.categories {
        check.name("categories", category);
    }
    check.permissions(integration);
    check.members(integration);
    check.problems
}

#[derive(Default)]
struct Check {
    problems: Vec<String>,
}

impl Check {
    fn problem(&mut self, place: &str, problem: impl std::fmt::Display) {
        self.problems.push(format!("{place}: {problem}"));
    }

    fn at_most(&mut self, place: &str, count: usize, most: usize) {
        if count > most {
            self.problem(place, format!("{count} entries, at most {most} are possible"));
        }
    }

    fn id(&mut self, place: &str, id: &str) {
        let mut bytes = id.bytes();
        let is_sound = id.len() <= MAX_ID
            && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_sound {
            self.problem(place, format!("{id:?} must match [a-z][a-z0-9-]* and have at most {MAX_ID} characters"));
        }
    }

    fn name(&mut self, place: &str, name: &str) {
        if name.trim().is_empty() {
            self.problem(place, "is empty");
        } else if name.chars().count() > MAX_NAME {
            self.problem(place, format!("has more than {MAX_NAME} characters"));
        }
    }

    fn description(&mut self, place: &str, description: &str) {
        if description.chars().count() > MAX_DESCRIPTION {
            self.problem(place, format!("has more than {MAX_DESCRIPTION} characters"));
        }
    }

    fn scopes(&mut self, place: &str, scopes: &[&str]) {
        self.at_most(place, scopes.len(), MAX_LIST);
        for scope in scopes {
            self.name(place, scope);
        }
    }

    fn permissions(&mut self, integration: &Integration) {
        let permissions = &integration.permissions;
        self.at_most("permissions.hosts", permissions.hosts.len(), MAX_LIST);
        for host in permissions.hosts {
            if let Err(error) = host.parse::<HostPattern>() {
                self.problem("permissions.hosts", error);
            }
        }
        let place = "permissions.connections";
        self.at_most(place, permissions.connections.len(), MAX_LIST);
        let mut providers = BTreeSet::new();
        for need in permissions.connections {
            self.id(place, need.provider);
            self.scopes(place, need.scopes);
            if !providers.insert(need.provider) {
                self.problem(place, format!("two entries are for {}", need.provider));
            }
        }
    }

    fn members(&mut self, integration: &Integration) {
        self.at_most("actions", integration.actions.len(), MAX_MEMBERS);
        self.at_most("triggers", integration.triggers.len(), MAX_MEMBERS);
        let mut ids = BTreeSet::new();
        for action in integration.actions {
            let place = format!("actions.{}", action.id);
            self.member(&place, action.id, &mut ids);
            self.name(&format!("{place}.name"), action.name);
            self.description(&format!("{place}.description"), action.description);
            self.needs(&place, action.provider, action.scopes, integration);
            self.schema(&format!("{place}.inputSchema"), &action.input_schema());
            self.schema(&format!("{place}.outputSchema"), &action.output_schema());
            self.options(&format!("{place}.options"), action.options, &action.input_schema());
        }
        for trigger in integration.triggers {
            let place = format!("triggers.{}", trigger.id);
            self.member(&place, trigger.id, &mut ids);
            self.name(&format!("{place}.name"), trigger.name);
            self.description(&format!("{place}.description"), trigger.description);
            self.needs(&place, trigger.provider, trigger.scopes, integration);
            self.schema(&format!("{place}.configSchema"), &trigger.config_schema());
            self.schema(&format!("{place}.eventSchema"), &trigger.event_schema());
            self.sample(&format!("{place}.sample"), trigger.sample());
            self.options(&format!("{place}.options"), trigger.options, &trigger.config_schema());
        }
    }

    /// Choices are asked for by a property's name in JSON, which is seldom seen to be wrong otherwise.
    fn options(&mut self, place: &str, options: &[Options], schema: &str) {
        let schema: Value = serde_json::from_str(schema).unwrap_or_default();
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let mut fields = BTreeSet::new();
        for Options { field, .. } in options {
            if !properties.contains_key(*field) {
                let known: Vec<&str> = properties.keys().map(String::as_str).collect();
                self.problem(place, format!("there is no field {field}; in JSON there are: {}", known.join(", ")));
            }
            if !fields.insert(field) {
                self.problem(place, format!("{field} has two functions that list its values"));
            }
        }
    }

    fn member(&mut self, place: &str, id: &'static str, ids: &mut BTreeSet<&'static str>) {
        self.id(place, id);
        if !ids.insert(id) {
            self.problem(place, "another action or trigger has this id");
        }
    }

    fn needs(&mut self, place: &str, provider: Option<&str>, scopes: &[&str], integration: &Integration) {
        self.scopes(&format!("{place}.scopes"), scopes);
        let Some(provider) = provider else { return };
        let place = format!("{place}.provider");
        self.id(&place, provider);
        if !integration.permissions.connections.iter().any(|need| need.provider == provider) {
            self.problem(&place, format!("{provider} is not among permissions.connections"));
        }
    }

    fn schema(&mut self, place: &str, text: &str) {
        if text.len() > MAX_SCHEMA_BYTES {
            self.problem(
                place,
                format!("a schema may have at most {MAX_SCHEMA_BYTES} bytes, this one has {}", text.len()),
            );
        }
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(_) | Value::Bool(_)) => {}
            Ok(_) => self.problem(place, "not a JSON Schema: it is not an object"),
            Err(error) => self.problem(place, format!("not JSON: {error}")),
        }
    }

    fn sample(&mut self, place: &str, sample: Result<Option<String>>) {
        let parsed = sample.map(|text| text.map(|text| serde_json::from_str::<Value>(&text)).transpose());
        match parsed {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => self.problem(place, format!("not JSON: {error}")),
            Err(failure) => self.problem(place, format!("cannot be made: {failure}")),
        }
    }
}

/// Semantic Versioning 2.0.0: three numbers, then perhaps a pre-release and a build.
fn is_version(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_digits = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = |word: &str| {
        !word.is_empty() && is_digits(word) && (word == "0" || !word.starts_with('0')) && word.parse::<u64>().is_ok()
    };
    let is_pre_word = |word: &str| is_word(word) && (!is_digits(word) || word == "0" || !word.starts_with('0'));
    core.split('.').count() == 3
        && core.split('.').all(is_number)
        && pre.is_none_or(|pre| pre.split('.').all(is_pre_word))
        && build.is_none_or(|build| build.split('.').all(is_word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::fixture::{CHAT, complaint};
    use crate::{Action, ConnectionNeed, Failure, Permissions, Trigger};

    #[test]
    fn a_sound_integration_is_set_up_with_its_accounts() {
        let tests = setup_integration_tests(&CHAT);
        let context = tests.context().build();
        let chat = context.connection("chat").expect("connected");
        assert_eq!(chat.scopes(), ["read", "write"]);
        let run = tests.workflow().step("one", "whoami", json!({})).run(&context).expect("runs");
        assert_eq!(run.steps(), ["one"]);
    }

    #[test]
    fn choices_are_for_fields_that_are_there_and_once() {
        const CHOICES: Options = Options { field: "channel_id", list: |_, _| Ok(Vec::new()) };
        static BAD_ACTION: Action = Action {
            input_schema: || r#"{"type":"object","properties":{"channelId":{}}}"#.to_owned(),
            options: &[CHOICES, CHOICES],
            ..CHAT.actions[0]
        };
        static BAD: Integration = Integration { actions: &[BAD_ACTION], ..CHAT };
        let complaint = complaint(|| drop(setup_integration_tests(&BAD).context()));
        for part in ["there is no field channel_id; in JSON there are: channelId", "channel_id has two functions"] {
            assert!(complaint.contains(part), "{complaint}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_listed_at_once() {
        static BAD_ACTION: Action = Action {
            id: "Bad",
            name: "",
            provider: Some("none"),
            input_schema: || "[1]".to_owned(),
            ..CHAT.actions[0]
        };
        static BAD: Integration = Integration {
            id: "not valid",
            name: " ",
            version: "1.0",
            permissions: Permissions {
                hosts: &["*", "127.0.0.1"],
                connections: &[ConnectionNeed::required("chat"), ConnectionNeed::optional("chat")],
                ..CHAT.permissions
            },
            actions: &[BAD_ACTION, CHAT.actions[0], CHAT.actions[0]],
            triggers: &[Trigger {
                sample: Some(|| Err(Failure::Permanent("no sample".to_owned()))),
                event_schema: || "{".to_owned(),
                ..CHAT.triggers[0]
            }],
            ..CHAT
        };
        let complaint = complaint(|| drop(setup_integration_tests(&BAD).context()));
        for place in [
            "id: ",
            "name: ",
            "version: ",
            "permissions.hosts: host \"*\"",
            "permissions.hosts: host \"127.0.0.1\"",
            "permissions.connections: two entries are for chat",
            "actions.Bad: \"Bad\"",
            "actions.Bad.name: is empty",
            "actions.Bad.provider: none is not among",
            "actions.Bad.inputSchema: not a JSON Schema",
            "actions.whoami: another action or trigger has this id",
            "triggers.messages.eventSchema: not JSON",
            "triggers.messages.sample: cannot be made",
        ] {
            assert!(complaint.contains(&format!("\n  {place}")), "{place:?} is not in:\n{complaint}");
        }
    }

    #[test]
    fn versions_are_semantic() {
        for good in ["0.0.0", "1.2.3", "1.2.3-alpha.1", "1.2.3-0a.b-c+build.007", "1.2.3+x"] {
            assert!(is_version(good), "{good}");
        }
        for bad in
            ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "v1.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3-a..b"]
        {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
