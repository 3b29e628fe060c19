//! A definition that holds together: every id parsed, every schema compiled, every reference resolved.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ActionDraft, ConnectionNeed, DefinitionDraft, IntegrationId, LocalId, Permissions, PermissionsDraft, ProviderId,
    Schema, TriggerDraft,
};

/// Actions, and triggers, that one integration may have.
const MAX_MEMBERS: usize = 256;
/// Hosts, connections, categories, or scopes in one list.
const MAX_LIST: usize = 64;
/// A name or a scope, in characters.
const MAX_NAME: usize = 256;
/// A description, in characters.
const MAX_DESCRIPTION: usize = 8_000;
/// The problems that one check lists.
const MAX_PROBLEMS: usize = 50;

/// What an integration is, offers and asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    pub id: IntegrationId,
    pub name: String,
    pub version: semver::Version,
    pub description: String,
    pub categories: Vec<String>,
    pub permissions: Permissions,
    pub actions: Vec<Action>,
    pub triggers: Vec<Trigger>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    pub id: LocalId,
    pub name: String,
    pub description: String,
    pub input_schema: Schema,
    pub output_schema: Schema,
    /// The provider whose connection the action uses.
    pub provider: Option<ProviderId>,
    pub scopes: Vec<String>,
    /// Whether a second call with the same idempotency key does no harm.
    pub idempotent: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    pub id: LocalId,
    pub name: String,
    pub description: String,
    pub kind: TriggerKind,
    pub config_schema: Schema,
    pub event_schema: Schema,
    /// One example event.
    pub sample: Option<Value>,
    pub provider: Option<ProviderId>,
    pub scopes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerKind {
    Poll,
    Webhook,
}

impl Definition {
    /// Checks a draft whole, and either takes it or lists everything that is wrong with it, each problem with the
    /// place where it stands.
    pub fn check(draft: DefinitionDraft) -> Result<Self, Vec<String>> {
        Self::checked(draft, Check::default())
    }

    /// The same for a draft that passed it before: its schemas are compiled when they are needed.
    pub fn check_again(draft: DefinitionDraft) -> Result<Self, Vec<String>> {
        Self::checked(draft, Check { knows_schemas: true, ..Check::default() })
    }

    fn checked(draft: DefinitionDraft, mut check: Check) -> Result<Self, Vec<String>> {
        let id = check.parse("id", &draft.id);
        let version = check.parse("version", &draft.version);
        check.name("name", &draft.name);
        check.description("description", &draft.description);
        check.at_most("categories", draft.categories.len(), MAX_LIST);
        for category in &draft.categories {
            check.name("categories", category);
        }
        let permissions = check.permissions(&draft.permissions);
        check.at_most("actions", draft.actions.len(), MAX_MEMBERS);
        check.at_most("triggers", draft.triggers.len(), MAX_MEMBERS);
        let actions: Vec<Action> = draft
            .actions
            .into_iter()
            .take(MAX_MEMBERS)
            .filter_map(|action| check.action(action, &permissions))
            .collect();
        let triggers: Vec<Trigger> = draft
            .triggers
            .into_iter()
            .take(MAX_MEMBERS)
            .filter_map(|trigger| check.trigger(trigger, &permissions))
            .collect();
        let mut seen = BTreeSet::new();
        for (kind, id) in actions
            .iter()
            .map(|action| ("action", &action.id))
            .chain(triggers.iter().map(|trigger| ("trigger", &trigger.id)))
        {
            if !seen.insert((kind, id)) {
                check.problem(&format!("{kind}s"), format!("duplicate {kind} id \"{id}\": ids must be unique"));
            }
        }
        match (id, version) {
            (Some(id), Some(version)) if check.problems.is_empty() => Ok(Self {
                id,
                name: draft.name,
                version,
                description: draft.description,
                categories: draft.categories,
                permissions,
                actions,
                triggers,
            }),
            _ => Err(check.problems),
        }
    }

    pub fn action(&self, id: &LocalId) -> Option<&Action> {
        self.actions.iter().find(|action| action.id == *id)
    }

    pub fn trigger(&self, id: &LocalId) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.id == *id)
    }

    /// Every provider that the integration names, in its permissions.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderId> {
        self.permissions.connections.iter().map(|need| &need.provider)
    }
}

#[derive(Default)]
struct Check {
    problems: Vec<String>,
    knows_schemas: bool,
}

impl Check {
    fn problem(&mut self, place: &str, problem: impl std::fmt::Display) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(format!("{place}: {problem}"));
        }
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, place: &str, text: &str) -> Option<T> {
        text.parse().map_err(|error| self.problem(place, error)).ok()
    }

    fn at_most(&mut self, place: &str, count: usize, most: usize) {
        if count > most {
            self.problem(place, format!("must have at most {most} entries (got {count})"));
        }
    }

    fn name(&mut self, place: &str, name: &str) {
        if name.trim().is_empty() {
            self.problem(place, "must not be empty");
        } else if name.chars().count() > MAX_NAME {
            self.problem(place, format!("must have at most {MAX_NAME} characters (got {})", name.chars().count()));
        }
    }

    fn description(&mut self, place: &str, description: &str) {
        if description.chars().count() > MAX_DESCRIPTION {
            self.problem(
                place,
                format!("must have at most {MAX_DESCRIPTION} characters (got {})", description.chars().count()),
            );
        }
    }

    fn scopes(&mut self, place: &str, scopes: &[String]) {
        self.at_most(place, scopes.len(), MAX_LIST);
        for scope in scopes {
            self.name(place, scope);
        }
    }

    fn permissions(&mut self, draft: &PermissionsDraft) -> Permissions {
        self.at_most("permissions.hosts", draft.hosts.len(), MAX_LIST);
        self.at_most("permissions.connections", draft.connections.len(), MAX_LIST);
        let hosts = draft.hosts.iter().filter_map(|host| self.parse("permissions.hosts", host)).collect();
        let mut connections: Vec<ConnectionNeed> = Vec::new();
        for (provider, scopes, required) in &draft.connections {
            let place = "permissions.connections";
            self.scopes(place, scopes);
            let Some(provider) = self.parse::<ProviderId>(place, provider) else { continue };
            if connections.iter().any(|need| need.provider == provider) {
                self.problem(place, format!("has two entries for the provider \"{provider}\": merge them"));
            }
            connections.push(ConnectionNeed {
                provider,
                scopes: scopes.iter().cloned().collect(),
                required: *required,
            });
        }
        Permissions { hosts, connections, storage: draft.storage, reveal_token: draft.reveal_token }
    }

    fn provider(&mut self, place: &str, provider: Option<&str>, permissions: &Permissions) -> Option<ProviderId> {
        let provider: ProviderId = self.parse(&format!("{place}.provider"), provider?)?;
        if permissions.connection(&provider).is_none() {
            self.problem(
                &format!("{place}.provider"),
                format!("\"{provider}\" is not declared in permissions.connections: add it there"),
            );
        }
        Some(provider)
    }

    fn schema(&mut self, place: &str, text: &str) -> Option<Schema> {
        let schema = if self.knows_schemas { Schema::known(text) } else { Schema::parse(text) };
        schema.map_err(|error| self.problem(place, error)).ok()
    }

    fn action(&mut self, draft: ActionDraft, permissions: &Permissions) -> Option<Action> {
        let place = format!("actions.{}", draft.id.chars().take(MAX_NAME).collect::<String>());
        let id = self.parse(&place, &draft.id);
        self.name(&format!("{place}.name"), &draft.name);
        self.description(&format!("{place}.description"), &draft.description);
        self.scopes(&format!("{place}.scopes"), &draft.scopes);
        let provider = self.provider(&place, draft.provider.as_deref(), permissions);
        let input_schema = self.schema(&format!("{place}.inputSchema"), &draft.input_schema);
        Some(Action {
            id: id?,
            name: draft.name,
            description: draft.description,
            input_schema: input_schema?,
            output_schema: Schema::description(&draft.output_schema),
            provider,
            scopes: draft.scopes,
            idempotent: draft.idempotent,
        })
    }

    fn trigger(&mut self, draft: TriggerDraft, permissions: &Permissions) -> Option<Trigger> {
        let place = format!("triggers.{}", draft.id.chars().take(MAX_NAME).collect::<String>());
        let id = self.parse(&place, &draft.id);
        self.name(&format!("{place}.name"), &draft.name);
        self.description(&format!("{place}.description"), &draft.description);
        self.scopes(&format!("{place}.scopes"), &draft.scopes);
        let provider = self.provider(&place, draft.provider.as_deref(), permissions);
        let config_schema = self.schema(&format!("{place}.configSchema"), &draft.config_schema);
        let sample = draft.sample.and_then(|text| {
            let parsed = serde_json::from_str(&text);
            parsed.map_err(|error| self.problem(&format!("{place}.sample"), format!("invalid JSON: {error}"))).ok()
        });
        Some(Trigger {
            id: id?,
            name: draft.name,
            description: draft.description,
            kind: draft.kind,
            config_schema: config_schema?,
            event_schema: Schema::description(&draft.event_schema),
            sample,
            provider,
            scopes: draft.scopes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ActionDraft, Definition, DefinitionDraft, MAX_MEMBERS, MAX_PROBLEMS, PermissionsDraft};

    fn action(id: &str) -> ActionDraft {
        ActionDraft {
            id: id.into(),
            name: "Do".into(),
            description: String::new(),
            input_schema: "{}".into(),
            output_schema: "{}".into(),
            provider: None,
            scopes: vec![],
            idempotent: false,
        }
    }

    fn draft(actions: Vec<ActionDraft>) -> DefinitionDraft {
        DefinitionDraft { id: "x".into(), name: "X".into(), version: "1.0.0".into(), actions, ..Default::default() }
    }

    #[test]
    fn a_sound_draft_is_taken() {
        let definition = Definition::check(draft(vec![action("do")])).unwrap();
        assert!(definition.action(&"do".parse().unwrap()).is_some());
    }

    #[test]
    fn all_problems_are_listed_at_once() {
        let problems = Definition::check(DefinitionDraft {
            id: "Not Valid".into(),
            version: "x".into(),
            permissions: PermissionsDraft { hosts: vec!["*".into()], ..Default::default() },
            actions: vec![
                action("do"),
                action("do"),
                ActionDraft { input_schema: "{".into(), provider: Some("none".into()), ..action("bad") },
            ],
            ..Default::default()
        })
        .unwrap_err();
        for place in [
            "id:",
            "version:",
            "name:",
            "permissions.hosts:",
            "actions:",
            "actions.bad.inputSchema:",
            "actions.bad.provider:",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(place)), "{place} is not in {problems:#?}");
        }
    }

    #[test]
    fn a_flood_of_members_is_refused_and_its_report_is_bounded() {
        let many = (0..10 * MAX_MEMBERS).map(|_| action("Bad")).collect();
        let problems = Definition::check(draft(many)).unwrap_err();
        assert_eq!(problems.len(), MAX_PROBLEMS);
    }
}
