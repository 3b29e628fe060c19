//! What the operator granted each integration: the trait that the database implements, and a version in memory. It never
//! decides whether a grant is enough; that is [`Permissions::beyond`].

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use workway_model::{IntegrationId, Permissions};

use super::FileName;

/// What the operator granted, and to which file: an id alone is a claim that any component can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub permissions: Permissions,
    /// The file of the plugins folder that held the integration when it was approved.
    pub file: FileName,
}

/// Why a grant could not be read or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The stored grant makes no sense, for instance because a newer version wrote it. Granting anew replaces it.
    #[error("the stored grant of {0} cannot be read; approve the integration again")]
    Unreadable(IntegrationId),
    #[error("{0}")]
    Unavailable(String),
}

/// Grants by integration. Nobody is granted anything until somebody says so.
#[async_trait]
pub trait GrantStore: Send + Sync {
    /// What was granted; `None` if nobody was ever asked.
    async fn granted(&self, integration: &IntegrationId) -> Result<Option<Grant>, GrantError>;

    /// Takes the place of what was granted before.
    async fn grant(&self, integration: &IntegrationId, grant: &Grant) -> Result<(), GrantError>;
}

/// Grants that are gone with the value.
#[derive(Debug, Default)]
pub struct MemoryGrants {
    grants: Mutex<HashMap<IntegrationId, Grant>>,
}

#[async_trait]
impl GrantStore for MemoryGrants {
    async fn granted(&self, integration: &IntegrationId) -> Result<Option<Grant>, GrantError> {
        Ok(self.grants.lock().unwrap_or_else(PoisonError::into_inner).get(integration).cloned())
    }

    async fn grant(&self, integration: &IntegrationId, grant: &Grant) -> Result<(), GrantError> {
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        grants.insert(integration.clone(), grant.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Grant, GrantStore, MemoryGrants};
    use workway_model::Permissions;

    #[tokio::test]
    async fn a_grant_replaces_the_one_before() {
        let grants = MemoryGrants::default();
        let (slack, gmail) = ("slack".parse().unwrap(), "gmail".parse().unwrap());
        assert_eq!(grants.granted(&slack).await, Ok(None));
        let more = Permissions { storage: true, ..Permissions::default() };
        for permissions in [more, Permissions::default()] {
            let grant = Grant { permissions, file: "slack.wasm".parse().unwrap() };
            grants.grant(&slack, &grant).await.unwrap();
            assert_eq!(grants.granted(&slack).await, Ok(Some(grant)));
        }
        assert_eq!(grants.granted(&gmail).await, Ok(None));
    }
}
