//! What an integration is, offers and asks for. It states wishes only: the host decides.

use std::borrow::Cow;

use crate::Action;
use crate::bindings::workway::integration::definition;

/// An integration: the type that [`export!`](crate::export!) is given.
pub trait Integration: 'static {
    /// What the integration is, offers and asks for. Called once when it is loaded, without any
    /// capability, and once for every call: it builds values and does nothing else.
    fn definition() -> Definition;
}

/// What an integration is, offers and asks for. Everything not asked for is denied.
///
/// ```
/// use workway_sdk::prelude::*;
///
/// let definition = Definition::new("github", "GitHub", "1.2.0")
///     .description("Repositories and issues.")
///     .category("developer-tools")
///     .host("api.github.com")
///     .connection(ConnectionNeed::required("github").scopes(["repo"]));
/// assert_eq!(definition.actions().count(), 0);
/// ```
#[derive(Debug)]
pub struct Definition {
    id: Cow<'static, str>,
    name: Cow<'static, str>,
    version: Cow<'static, str>,
    description: Cow<'static, str>,
    categories: Vec<Cow<'static, str>>,
    hosts: Vec<Cow<'static, str>>,
    connections: Vec<ConnectionNeed>,
    storage: bool,
    reveal_token: bool,
    actions: Vec<Action>,
}

impl Definition {
    /// An integration that offers nothing and asks for nothing. The id is lower-case
    /// (`[a-z][a-z0-9-]*`), the version semantic: `env!("CARGO_PKG_VERSION")`.
    pub fn new(
        id: impl Into<Cow<'static, str>>,
        name: impl Into<Cow<'static, str>>,
        version: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            version: version.into(),
            description: Cow::Borrowed(""),
            categories: Vec::new(),
            hosts: Vec::new(),
            connections: Vec::new(),
            storage: false,
            reveal_token: false,
            actions: Vec::new(),
        }
    }

    /// What the integration is for, in a sentence or two.
    #[must_use]
    pub fn description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a category that the registry lists it under.
    #[must_use]
    pub fn category(mut self, category: impl Into<Cow<'static, str>>) -> Self {
        self.categories.push(category.into());
        self
    }

    /// Asks for network access to a host: `api.example.com`, `*.example.com` or
    /// `https://api.example.com:8443`. https unless said.
    #[must_use]
    pub fn host(mut self, host: impl Into<Cow<'static, str>>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Asks for the calling user's connection to a provider.
    #[must_use]
    pub fn connection(mut self, need: ConnectionNeed) -> Self {
        self.connections.push(need);
        self
    }

    /// Asks for storage.
    #[must_use]
    pub fn storage(mut self) -> Self {
        self.storage = true;
        self
    }

    /// Asks to read access tokens as text. Few integrations need it: a request with
    /// [`auth`](crate::Request::auth) carries the credential without the integration seeing it.
    #[must_use]
    pub fn reveal_token(mut self) -> Self {
        self.reveal_token = true;
        self
    }

    /// Adds an action.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// The actions, in the order in which they were added.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter()
    }

    pub(crate) fn find(&self, action: &str) -> Option<&Action> {
        self.actions().find(|candidate| candidate.id() == action)
    }
}

impl From<Definition> for definition::Integration {
    fn from(definition: Definition) -> Self {
        Self {
            id: definition.id.into_owned(),
            name: definition.name.into_owned(),
            version: definition.version.into_owned(),
            description: definition.description.into_owned(),
            categories: owned(definition.categories),
            permissions: definition::Permissions {
                hosts: owned(definition.hosts),
                connections: definition.connections.into_iter().map(Into::into).collect(),
                storage: definition.storage,
                reveal_token: definition.reveal_token,
            },
            actions: definition.actions.into_iter().map(Into::into).collect(),
            triggers: Vec::new(),
        }
    }
}

/// A provider whose connection an integration asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionNeed {
    provider: Cow<'static, str>,
    scopes: Vec<Cow<'static, str>>,
    required: bool,
}

impl ConnectionNeed {
    /// The integration does nothing useful without this connection.
    pub fn required(provider: impl Into<Cow<'static, str>>) -> Self {
        Self { provider: provider.into(), scopes: Vec::new(), required: true }
    }

    /// Some of the integration works without this connection.
    pub fn optional(provider: impl Into<Cow<'static, str>>) -> Self {
        Self { required: false, ..Self::required(provider) }
    }

    /// The scopes to ask for, as the provider spells them.
    #[must_use]
    pub fn scopes<S: Into<Cow<'static, str>>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }
}

impl From<ConnectionNeed> for definition::ConnectionNeed {
    fn from(need: ConnectionNeed) -> Self {
        Self { provider: need.provider.into_owned(), scopes: owned(need.scopes), required: need.required }
    }
}

fn owned(texts: Vec<Cow<'static, str>>) -> Vec<String> {
    texts.into_iter().map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Empty, Result};

    fn nothing(_context: &Context, input: Empty) -> Result<Empty> {
        Ok(input)
    }

    #[test]
    fn what_is_not_asked_for_is_not_declared() {
        let declared: definition::Integration = Definition::new("a", "A", "1.0.0").into();
        assert!(declared.permissions.hosts.is_empty());
        assert!(declared.permissions.connections.is_empty());
        assert!(!declared.permissions.storage);
        assert!(!declared.permissions.reveal_token);
    }

    #[test]
    fn an_action_without_a_name_is_shown_by_its_id() {
        let action: definition::Action = Action::new("do-nothing", nothing).into();
        assert_eq!(action.name, "do-nothing");
        assert!(action.input_schema.contains("2020-12"));
        assert!(action.input_schema.contains("\"additionalProperties\":false"));
    }

    #[test]
    fn an_unknown_action_is_not_found() {
        let definition = Definition::new("a", "A", "1.0.0").action(Action::new("do-nothing", nothing));
        assert!(definition.find("do-nothing").is_some());
        assert!(definition.find("do").is_none());
    }
}
