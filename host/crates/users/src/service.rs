//! Everything about users, from registration to the developer profile. A stranger gets the same answer for the same work
//! whether or not an address is registered.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::sync::Semaphore;
use workway_model::{Timestamp, UserId};
use workway_vault::Vault;

use super::{
    attempt_limiter::AttemptLimiter,
    developer::{Change, CheckedChange, CheckedProfile, Developer, NewProfile, ProfileChange},
    email::EmailAddress,
    error::{Problem, UserError},
    hasher::PasswordHasher,
    id::{DeveloperId, TokenId, generate_user},
    password::Password,
    payout::PayoutDetails,
    principal::Principal,
    scope::Scopes,
    store::{AtTokenLimit, DeveloperChange, DeveloperStore, NewDeveloper, NewToken, StoreError, TokenStore, UserStore},
    token::{ApiToken, IssuedToken, TokenRequest, TokenSummary},
};
use crate::UserSettings;

/// Precision of a token's last use: a finer one would cost a write per request.
const USE_PRECISION: Duration = Duration::from_secs(60);
/// Attempts to seal payout details while the keys are rotated.
const SEAL_ATTEMPTS: u32 = 3;

/// The users of a host. Cheap to clone.
#[derive(Clone)]
pub struct Users(Arc<Inner>);

struct Inner {
    users: Arc<dyn UserStore>,
    tokens: Arc<dyn TokenStore>,
    developers: Arc<dyn DeveloperStore>,
    vault: Arc<Vault>,
    hasher: PasswordHasher,
    attempts: AttemptLimiter,
    /// Records one use at a time; the others are recorded with the token's next request.
    noting: Arc<Semaphore>,
}

impl Users {
    pub fn new(
        users: Arc<dyn UserStore>,
        tokens: Arc<dyn TokenStore>,
        developers: Arc<dyn DeveloperStore>,
        vault: Arc<Vault>,
        settings: &UserSettings,
    ) -> Self {
        Self(Arc::new(Inner {
            users,
            tokens,
            developers,
            vault,
            hasher: PasswordHasher::default(),
            attempts: AttemptLimiter::new(settings),
            noting: Arc::new(Semaphore::new(1)),
        }))
    }

    /// Counts an attempt to sign in or to register from a client address. Call it before any other work for the client.
    ///
    /// # Errors
    /// [`UserError::TooOften`].
    pub fn count_attempt(&self, address: IpAddr) -> Result<(), UserError> {
        Ok(self.0.attempts.count_client(address)?)
    }

    /// Registers a user, unless the address has one: then nothing changes, and the answer is the same.
    ///
    /// # Errors
    /// [`UserError::Invalid`] lists every problem of address and password; [`UserError::TooOften`],
    /// [`UserError::Overloaded`].
    pub async fn register(&self, email: &str, password: SecretString, now: Timestamp) -> Result<(), UserError> {
        let (email, password) = both(email.parse(), Password::choose(password))?;
        self.0.attempts.count_registration(&email)?;
        let hash = self.0.hasher.hash(password).await?;
        let id = generate_user().map_err(|error| UserError::Host(error.to_string()))?;
        Ok(self.0.users.add(&id, &email, &hash, now).await?)
    }

    /// Issues a token to a user who knows the password.
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`], whichever of the two is wrong; [`UserError::Invalid`] lists every problem of
    /// the request; [`UserError::TooOften`], [`UserError::Overloaded`].
    pub async fn log_in(
        &self,
        email: &str,
        password: SecretString,
        request: TokenRequest,
        now: Timestamp,
    ) -> Result<IssuedToken, UserError> {
        let (email, password) = both(email.parse(), Password::attempt(password))?;
        // Before the password is compared, so that an error reveals nothing about it.
        let issued = request.issue(Scopes::all(), None, now)?;
        self.0.attempts.count_sign_in(&email)?;
        let user = self.0.users.by_email(&email).await?;
        let (id, hash) = user.map(|user| (user.id, user.password)).unzip();
        let fits = self.0.hasher.fits(password, hash).await?;
        let user = id.filter(|_| fits).ok_or(UserError::InvalidCredentials)?;
        self.store(user, issued, AtTokenLimit::RevokeOldest, now).await
    }

    /// Issues a token that cannot exceed the scopes or lifetime of the holder's own.
    ///
    /// # Errors
    /// [`UserError::MoreScopes`], [`UserError::Invalid`], [`UserError::TooManyTokens`].
    pub async fn issue(
        &self,
        holder: &Principal,
        request: TokenRequest,
        now: Timestamp,
    ) -> Result<IssuedToken, UserError> {
        let issued = request.issue(holder.scopes, Some(holder.expires_at), now)?;
        self.store(holder.user.clone(), issued, AtTokenLimit::Refuse, now).await
    }

    async fn store(
        &self,
        user: UserId,
        issued: IssuedToken,
        at_limit: AtTokenLimit,
        now: Timestamp,
    ) -> Result<IssuedToken, UserError> {
        let token = NewToken { user, digest: issued.token.digest(), summary: issued.summary.clone() };
        self.0.tokens.add(token, at_limit, now).await?;
        Ok(issued)
    }

    /// Returns the user that a bearer token belongs to; none if it is unknown, expired or revoked, which look the same.
    ///
    /// # Errors
    /// [`UserError::Unavailable`].
    pub async fn authenticate(&self, token: &str, now: Timestamp) -> Result<Option<Principal>, UserError> {
        let Some(token) = ApiToken::parse(token) else { return Ok(None) };
        let found = self.0.tokens.find(&token.digest()).await?;
        let Some(found) = found.filter(|found| !found.is_revoked && found.expires_at > now) else { return Ok(None) };
        let is_noted = found.last_used_at.is_some_and(|last| last + USE_PRECISION > now);
        if !is_noted {
            self.note_use(found.owner.id.clone(), now);
        }
        let owner = found.owner;
        Ok(Some(Principal { user: owner.user, token: owner.id, scopes: owner.scopes, expires_at: found.expires_at }))
    }

    /// Not awaited: it must not slow a request down.
    fn note_use(&self, id: TokenId, now: Timestamp) {
        let Ok(turn) = Arc::clone(&self.0.noting).try_acquire_owned() else { return };
        let tokens = Arc::clone(&self.0.tokens);
        tokio::spawn(async move {
            if let Err(error) = tokens.used(&id, now - USE_PRECISION, now).await {
                tracing::warn!(token = %id, "the last use of a token could not be recorded: {error}");
            }
            drop(turn);
        });
    }

    /// Lists a user's active tokens, newest first.
    ///
    /// # Errors
    /// [`UserError::Unavailable`].
    pub async fn tokens(&self, user: &UserId, now: Timestamp) -> Result<Vec<TokenSummary>, UserError> {
        Ok(self.0.tokens.list(user, now).await?)
    }

    /// Revokes a user's token. Returns whether there is one, revoked before or not.
    ///
    /// # Errors
    /// [`UserError::Unavailable`].
    pub async fn revoke(&self, user: &UserId, id: &TokenId, now: Timestamp) -> Result<bool, UserError> {
        Ok(self.0.tokens.revoke(user, id, now).await?)
    }

    /// Returns a user's address, only for the user. The operator and the user `dev` have none.
    ///
    /// # Errors
    /// [`UserError::Unavailable`].
    pub async fn email(&self, user: &UserId) -> Result<Option<EmailAddress>, UserError> {
        Ok(self.0.users.email(user).await?)
    }

    /// Makes the user a developer.
    ///
    /// # Errors
    /// [`UserError::Invalid`] lists every problem of the profile; [`UserError::SlugTaken`],
    /// [`UserError::AlreadyDeveloper`].
    pub async fn create_developer(
        &self,
        user: &UserId,
        profile: NewProfile,
        now: Timestamp,
    ) -> Result<Developer, UserError> {
        let CheckedProfile { slug, name, bio, website, payout } = profile.check()?;
        let id = DeveloperId::generate();
        let mut developer = NewDeveloper { id, user: user.clone(), slug, name, bio, website, payout: None };
        for _ in 0..SEAL_ATTEMPTS {
            let seal = |payout: &PayoutDetails| payout.seal(&self.0.vault, user, &developer.id);
            developer.payout = payout.as_ref().map(seal).transpose()?;
            match self.0.developers.add(developer.clone(), now).await {
                Err(StoreError::StaleKey) if self.0.vault.catch_up().await => {}
                added => return Ok(added?),
            }
        }
        Err(StoreError::StaleKey.into())
    }

    /// Changes the user's profile.
    ///
    /// # Errors
    /// [`UserError::NoDeveloper`]; [`UserError::Invalid`] lists every problem of the change.
    pub async fn update_developer(
        &self,
        user: &UserId,
        change: ProfileChange,
        now: Timestamp,
    ) -> Result<Developer, UserError> {
        let CheckedChange { name, bio, website, payout } = change.check()?;
        let developer = self.developer_of(user).await?.ok_or(UserError::NoDeveloper)?;
        for _ in 0..SEAL_ATTEMPTS {
            let payout = match &payout {
                Change::Keep => Change::Keep,
                Change::Remove => Change::Remove,
                Change::Set(payout) => Change::Set(payout.seal(&self.0.vault, user, &developer.id)?),
            };
            let change = DeveloperChange { name: name.clone(), bio: bio.clone(), website: website.clone(), payout };
            match self.0.developers.update(user, change, now).await {
                Err(StoreError::StaleKey) if self.0.vault.catch_up().await => {}
                updated => return updated?.ok_or(UserError::NoDeveloper),
            }
        }
        Err(StoreError::StaleKey.into())
    }

    /// Finds a developer by id or slug.
    ///
    /// # Errors
    /// [`UserError::Unavailable`].
    pub async fn developer(&self, id_or_slug: &str) -> Result<Option<Developer>, UserError> {
        if let Ok(id) = id_or_slug.parse() {
            return Ok(self.0.developers.by_id(&id).await?);
        }
        match id_or_slug.parse() {
            Ok(slug) => Ok(self.0.developers.by_slug(&slug).await?),
            Err(_) => Ok(None),
        }
    }

    /// Returns the user's own profile.
    ///
    /// # Errors
    /// [`UserError::Unavailable`].
    pub async fn developer_of(&self, user: &UserId) -> Result<Option<Developer>, UserError> {
        Ok(self.0.developers.by_user(user).await?)
    }

    /// Returns the user's payout details, to pay. No route answers with them.
    ///
    /// # Errors
    /// [`UserError::Host`] if the record does not open.
    pub async fn payout(&self, user: &UserId) -> Result<Option<PayoutDetails>, UserError> {
        let Some((id, record)) = self.0.developers.payout(user).await? else { return Ok(None) };
        Ok(Some(PayoutDetails::open(&self.0.vault, user, &id, &record)?))
    }

    /// Returns how many passwords were hashed since the start, comparisons included.
    pub fn password_hashes(&self) -> u64 {
        self.0.hasher.made()
    }

    /// Periodic maintenance: drops rate-limit buckets without recent attempts.
    pub fn run_maintenance(&self) {
        self.0.attempts.run_maintenance();
    }
}

/// Returns address and password, or the problems of both.
fn both(
    email: Result<EmailAddress, Problem>,
    password: Result<Password, Problem>,
) -> Result<(EmailAddress, Password), UserError> {
    match (email, password) {
        (Ok(email), Ok(password)) => Ok((email, password)),
        (email, password) => {
            let problems = [email.err(), password.err()];
            Err(UserError::Invalid(problems.into_iter().flatten().collect()))
        }
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Users").field("hasher", &self.0.hasher).finish_non_exhaustive()
    }
}
