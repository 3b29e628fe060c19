//! What an integration asks for and what it was granted: the same shape, compared before anything widens.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{HostPattern, ProviderId};

/// What an integration may do. Everything that is not listed is denied; the default denies everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Permissions {
    /// Hosts that the integration may send requests to: `api.example.com`, `*.example.com`, `https://api.example.com:8443`.
    pub hosts: BTreeSet<HostPattern>,
    /// Providers whose connections the integration may use.
    pub connections: Vec<ConnectionNeed>,
    /// Whether the integration may use the key-value store.
    pub storage: bool,
    /// Whether the integration may read access tokens as text.
    pub reveal_token: bool,
}

/// A provider whose connections an integration needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionNeed {
    /// The provider's id.
    pub provider: ProviderId,
    /// The scopes that a connection must have.
    pub scopes: BTreeSet<String>,
    /// Whether the integration cannot work without a connection.
    pub required: bool,
}

/// One thing that is asked for and was not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Widening {
    Host(HostPattern),
    Provider(ProviderId),
    Scopes(ProviderId, BTreeSet<String>),
    Storage,
    RevealToken,
}

impl Permissions {
    /// What of these permissions `granted` does not contain. Empty: nobody needs to be asked.
    pub fn beyond(&self, granted: &Self) -> Vec<Widening> {
        let hosts = self
            .hosts
            .iter()
            .filter(|asked| !granted.hosts.iter().any(|given| given.covers(asked)))
            .cloned()
            .map(Widening::Host);
        let connections = self.connections.iter().filter_map(|asked| match granted.connection(&asked.provider) {
            None => Some(Widening::Provider(asked.provider.clone())),
            Some(given) => {
                let more: BTreeSet<String> = asked.scopes.difference(&given.scopes).cloned().collect();
                (!more.is_empty()).then(|| Widening::Scopes(asked.provider.clone(), more))
            }
        });
        let storage = (self.storage && !granted.storage).then_some(Widening::Storage);
        let reveal = (self.reveal_token && !granted.reveal_token).then_some(Widening::RevealToken);
        hosts.chain(connections).chain(storage).chain(reveal).collect()
    }

    /// The entry of a provider, if it was asked for.
    pub fn connection(&self, provider: &ProviderId) -> Option<&ConnectionNeed> {
        self.connections.iter().find(|need| need.provider == *provider)
    }
}

impl fmt::Display for Widening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(formatter, "requests to {host}"),
            Self::Provider(provider) => write!(formatter, "connections of {provider}"),
            Self::Scopes(provider, scopes) => {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                write!(formatter, "scopes of {provider}: {}", scopes.join(", "))
            }
            Self::Storage => formatter.write_str("storage"),
            Self::RevealToken => formatter.write_str("access tokens as text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionNeed, Permissions, Widening};

    fn asked(hosts: &[&str], scopes: &[&str]) -> Permissions {
        Permissions {
            hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
            connections: vec![ConnectionNeed {
                provider: "example".parse().unwrap(),
                scopes: scopes.iter().map(ToString::to_string).collect(),
                required: true,
            }],
            ..Permissions::default()
        }
    }

    #[test]
    fn the_same_or_less_asks_nobody() {
        let granted = asked(&["*.example.com"], &["read", "write"]);
        assert_eq!(granted.beyond(&granted), []);
        assert_eq!(asked(&["a.example.com"], &["read"]).beyond(&granted), []);
        assert_eq!(Permissions::default().beyond(&granted), []);
    }

    #[test]
    fn each_kind_of_more_is_named() {
        let wants = Permissions { storage: true, reveal_token: true, ..asked(&["a.example.org"], &["admin"]) };
        let beyond = wants.beyond(&asked(&["*.example.com"], &["read"]));
        assert_eq!(
            beyond.iter().map(Widening::to_string).collect::<Vec<_>>(),
            ["requests to a.example.org", "scopes of example: admin", "storage", "access tokens as text"],
        );
        assert_eq!(wants.beyond(&Permissions::default()).len(), 4);
    }
}
