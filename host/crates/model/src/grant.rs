//! What the operator granted each integration, and the trait that the database implements. It never decides whether a
//! grant is enough; that is [`Permissions::beyond`].

use async_trait::async_trait;

use crate::{FileName, IntegrationId, Permissions};

/// What the operator granted, and to which file: an id alone is a claim that any component can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub permissions: Permissions,
    /// The file of the plugins folder that held the integration when it was approved.
    pub file: FileName,
    /// SHA-256 of the file's content when it was approved. None for an approval by a version that did not record it.
    pub hash: Option<[u8; 32]>,
}

/// Why a grant could not be read or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The stored grant makes no sense, for instance because a newer version wrote it. A new approval replaces it.
    #[error("the stored grant of integration \"{0}\" cannot be read: approve the integration again")]
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
