//! Which hosts a provider's credentials are for. Without this table an integration that was granted two hosts could have
//! the host hand one provider's token to the other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::integration::{HostPattern, ProviderId};

/// Known without being told: the hosts of GitHub's REST API and of Slack's Web API.
const BUILT_IN: [(&str, &str); 3] =
    [("github", "api.github.com"), ("github", "uploads.github.com"), ("slack", "slack.com")];

/// What an operator says of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderSettings {
    hosts: BTreeSet<HostPattern>,
}

/// Hosts by provider. A provider that is not in it has its credentials put on no request; the default has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audiences(BTreeMap<ProviderId, BTreeSet<HostPattern>>);

impl Audiences {
    /// The built-in table with the operator's entries in the place of those of the same provider.
    pub(super) fn with(settings: BTreeMap<ProviderId, ProviderSettings>) -> Self {
        let mut table: BTreeMap<ProviderId, BTreeSet<HostPattern>> = BTreeMap::new();
        for (provider, host) in BUILT_IN {
            if let (Ok(provider), Ok(host)) = (provider.parse(), host.parse()) {
                table.entry(provider).or_default().insert(host);
            }
        }
        table.extend(settings.into_iter().map(|(provider, settings)| (provider, settings.hosts)));
        Self(table)
    }

    /// The hosts that a provider's credentials are for.
    pub fn of(&self, provider: &ProviderId) -> impl Iterator<Item = &HostPattern> {
        self.0.get(provider).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Audiences, BUILT_IN, ProviderSettings};

    #[test]
    fn every_built_in_entry_counts_and_an_operator_replaces_it() {
        let hosts = |audiences: &Audiences, provider: &str| {
            audiences.of(&provider.parse().unwrap()).map(ToString::to_string).collect::<Vec<_>>()
        };
        let built_in = Audiences::with(BTreeMap::new());
        for (provider, host) in BUILT_IN {
            assert!(hosts(&built_in, provider).contains(&host.to_owned()), "{host}");
        }
        assert_eq!(hosts(&built_in, "unknown"), [""; 0]);
        let own = ProviderSettings { hosts: ["github.example.com".parse().unwrap()].into() };
        let replaced = Audiences::with([("github".parse().unwrap(), own)].into());
        assert_eq!(hosts(&replaced, "github"), ["github.example.com"]);
        assert_eq!(hosts(&replaced, "slack"), ["slack.com"]);
    }
}
