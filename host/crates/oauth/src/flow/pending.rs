//! A pending flow, and the trait of the store that keeps it. A stored flow gives access to nothing: it has only digests
//! of state and session, and no PKCE verifier.

use std::collections::BTreeSet;

use async_trait::async_trait;
use url::Url;
use workway_model::{ProviderId, Timestamp, UserId};
use workway_providers::Values;

use super::state::Digest32;
use crate::SealedError;

/// The most flows that wait of one user. The oldest makes room.
pub const MAX_PENDING_PER_USER: u32 = 20;

/// A flow that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingAuthorization {
    pub state: Digest32,
    /// Of the browser that it was begun in.
    pub session: Digest32,
    pub user: UserId,
    pub provider: ProviderId,
    /// As asked.
    pub scopes: BTreeSet<String>,
    /// Where the browser goes on to.
    pub return_to: Option<Url>,
    /// As the provider was told; the token request has to repeat it (RFC 6749, section 4.1.3).
    pub redirect_uri: Url,
    /// Of the variables that the user gives.
    pub values: Values,
    pub expires_at: Timestamp,
}

/// Where flows wait.
#[async_trait]
pub trait PendingAuthorizations: Send + Sync {
    /// Keeps it, forgets expired ones of everybody, and the oldest of this user beyond [`MAX_PENDING_PER_USER`].
    async fn add(&self, pending: PendingAuthorization) -> Result<(), SealedError>;

    /// Takes it out, once: of two that ask at the same time one gets it. Only where all three fit; otherwise it stays, so
    /// that another browser cannot end a flow by guessing at it.
    async fn take(
        &self,
        state: &Digest32,
        session: &Digest32,
        provider: &ProviderId,
    ) -> Result<Option<PendingAuthorization>, SealedError>;
}
