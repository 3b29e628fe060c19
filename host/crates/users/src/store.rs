//! What users, tokens and developers need of a database. Values are validated before they are stored; only the database can
//! enforce uniqueness, since only it sees concurrent requests.

use async_trait::async_trait;
use workway_model::{Timestamp, UserId};
use workway_vault::Sealed;

use super::{
    developer::{Change, Developer, DeveloperSlug},
    email::EmailAddress,
    id::{DeveloperId, TokenId},
    password::PasswordHash,
    scope::Scopes,
    token::{TokenDigest, TokenSummary},
};

/// Why something was not stored or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the slug is already taken")]
    SlugTaken,
    #[error("the user already has a developer profile")]
    AlreadyDeveloper,
    #[error("the user already has {0} active tokens")]
    TooManyTokens(u32),
    /// The keys were rotated: seal again under the new one.
    #[error("the keys were rotated and this host does not have the new key: restart it with the new key")]
    StaleKey,
    /// For the caller, without details: the database logs those.
    #[error("{0}")]
    Unavailable(String),
}

/// What a log-in looks at.
#[derive(Clone, Debug)]
pub struct StoredUser {
    pub id: UserId,
    pub password: PasswordHash,
}

/// Users by e-mail address.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Adds a user, or leaves the one with this address as it is. Nothing tells which it was, the work included.
    async fn add(
        &self,
        id: &UserId,
        email: &EmailAddress,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    async fn by_email(&self, email: &EmailAddress) -> Result<Option<StoredUser>, StoreError>;

    async fn email(&self, id: &UserId) -> Result<Option<EmailAddress>, StoreError>;
}

/// A token to be stored.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub user: UserId,
    pub digest: TokenDigest,
    pub summary: TokenSummary,
}

/// What to do when a user already has [`MAX_TOKENS_PER_USER`](super::MAX_TOKENS_PER_USER) tokens and gets one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtTokenLimit {
    /// Revoke the least recently used token: signing in must always be possible.
    RevokeOldest,
    /// Fail with [`StoreError::TooManyTokens`].
    Refuse,
}

/// Whose a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    pub user: UserId,
    pub id: TokenId,
    pub scopes: Scopes,
}

/// A token as it is looked up with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    pub owner: TokenOwner,
    pub expires_at: Timestamp,
    pub is_revoked: bool,
    pub last_used_at: Option<Timestamp>,
}

/// API tokens by digest.
#[async_trait]
pub trait TokenStore: Send + Sync {
    async fn add(&self, token: NewToken, at_limit: AtTokenLimit, now: Timestamp) -> Result<(), StoreError>;

    /// One indexed query.
    async fn find(&self, digest: &TokenDigest) -> Result<Option<StoredToken>, StoreError>;

    /// A user's tokens that are active at `now`, newest first.
    async fn list(&self, user: &UserId, now: Timestamp) -> Result<Vec<TokenSummary>, StoreError>;

    /// Whether the user has such a token, revoked before or not.
    async fn revoke(&self, user: &UserId, id: &TokenId, now: Timestamp) -> Result<bool, StoreError>;

    /// Writes down that a token was used, unless that was written after `before` already.
    async fn used(&self, id: &TokenId, before: Timestamp, now: Timestamp) -> Result<(), StoreError>;
}

/// A developer to be stored.
#[derive(Clone, Debug)]
pub struct NewDeveloper {
    pub id: DeveloperId,
    pub user: UserId,
    pub slug: DeveloperSlug,
    pub name: String,
    pub bio: Option<String>,
    pub website: Option<String>,
    pub payout: Option<Sealed>,
}

/// Fields of a developer that change.
#[derive(Clone, Debug, Default)]
pub struct DeveloperChange {
    pub name: Option<String>,
    pub bio: Change<String>,
    pub website: Change<String>,
    pub payout: Change<Sealed>,
}

/// Developers by id, slug and user.
#[async_trait]
pub trait DeveloperStore: Send + Sync {
    async fn add(&self, developer: NewDeveloper, now: Timestamp) -> Result<Developer, StoreError>;

    async fn by_id(&self, id: &DeveloperId) -> Result<Option<Developer>, StoreError>;

    async fn by_slug(&self, slug: &DeveloperSlug) -> Result<Option<Developer>, StoreError>;

    async fn by_user(&self, user: &UserId) -> Result<Option<Developer>, StoreError>;

    /// The developer afterwards; none if the user has no profile.
    async fn update(
        &self,
        user: &UserId,
        change: DeveloperChange,
        now: Timestamp,
    ) -> Result<Option<Developer>, StoreError>;

    /// The sealed payout details of a user's profile.
    async fn payout(&self, user: &UserId) -> Result<Option<(DeveloperId, Vec<u8>)>, StoreError>;
}
