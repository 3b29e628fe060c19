//! What an integration is, offers and asks for: plain tables, made once by
//! [`integration!`](crate::integration!). They state wishes only: the host decides.

use crate::{Action, Choice, Context, Result, Trigger};

/// An integration, as [`integration!`](crate::integration!) declares it.
#[derive(Debug, Clone, Copy)]
pub struct Integration {
    /// Lower-case, `[a-z][a-z0-9-]*`. Actions are published as `<integration>.<action>`.
    pub id: &'static str,
    /// The name that people see.
    pub name: &'static str,
    /// Semantic version.
    pub version: &'static str,
    /// What it is for, in a sentence or two.
    pub description: &'static str,
    /// What the registry lists it under.
    pub categories: &'static [&'static str],
    /// What it asks for. Everything else is denied.
    pub permissions: Permissions,
    /// What it does.
    pub actions: &'static [Action],
    /// What it notices.
    pub triggers: &'static [Trigger],
}

impl Integration {
    /// The action with this id.
    #[must_use]
    pub fn action(&self, id: &str) -> Option<&'static Action> {
        self.actions.iter().find(|action| action.id == id)
    }

    /// The trigger with this id.
    #[must_use]
    pub fn trigger(&self, id: &str) -> Option<&'static Trigger> {
        self.triggers.iter().find(|trigger| trigger.id == id)
    }

    /// The values to choose from for a field of an action's input or a trigger's config, given what
    /// is filled in so far, as JSON text. Nothing where there are none to choose from.
    ///
    /// # Errors
    ///
    /// What the function that lists them fails with.
    pub fn options(&self, subject: &str, field: &str, filled: &str, context: &Context) -> Option<Result<Vec<Choice>>> {
        let of_action = self.action(subject).map(|action| action.options);
        let lists = of_action.or_else(|| self.trigger(subject).map(|trigger| trigger.options))?;
        let options = lists.iter().find(|options| options.field == field)?;
        Some((options.list)(context, filled))
    }
}

/// What an integration asks for. The default asks for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions {
    /// `api.example.com`, `*.example.com` or `https://api.example.com:8443`. https unless said.
    pub hosts: &'static [&'static str],
    /// The providers whose connections it uses.
    pub connections: &'static [ConnectionNeed],
    /// Whether it keeps something between calls.
    pub storage: bool,
    /// Whether it reads access tokens as text. Few integrations need it: a request with
    /// [`auth`](crate::Request::auth) carries the credential without the integration seeing it.
    pub reveal_token: bool,
}

/// A provider whose connection an integration asks for.
///
/// ```
/// use workway_sdk::ConnectionNeed;
///
/// const SLACK: ConnectionNeed = ConnectionNeed::required("slack").scopes(&["chat:write"]);
/// assert!(SLACK.required);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionNeed {
    /// The provider, as the host's catalogue spells it.
    pub provider: &'static str,
    /// The scopes to ask for, as the provider spells them.
    pub scopes: &'static [&'static str],
    /// Whether the integration does nothing useful without it.
    pub required: bool,
}

impl ConnectionNeed {
    /// The integration does nothing useful without this connection.
    #[must_use]
    pub const fn required(provider: &'static str) -> Self {
        Self { provider, scopes: &[], required: true }
    }

    /// Some of the integration works without this connection.
    #[must_use]
    pub const fn optional(provider: &'static str) -> Self {
        Self { provider, scopes: &[], required: false }
    }

    /// The scopes to ask for, as the provider spells them.
    #[must_use]
    pub const fn scopes(self, scopes: &'static [&'static str]) -> Self {
        Self { scopes, ..self }
    }
}
