//! What can be done with accounts, from the registration to the developer's profile. Every answer to a stranger is the
//! same, and the same work, whether or not there is an account.

use std::{fmt, net::IpAddr, sync::Arc};

use secrecy::SecretString;
use tokio::sync::Semaphore;
use workway_model::UserId;

use super::{
    developer::{
        Change, CheckedChange, CheckedProfile, Developer, NewProfile, PayoutDetails, PayoutSeal, ProfileChange,
        SealError,
    },
    doors::Doors,
    email::EmailAddress,
    error::{AccountError, Problem},
    hasher::PasswordHasher,
    id::{DeveloperId, TokenId, generate_user},
    password::Password,
    principal::Principal,
    scope::Scopes,
    store::{DeveloperChange, DeveloperStore, NewDeveloper, NewToken, Room, StoreError, TokenStore, UserStore},
    token::{ApiToken, IssuedToken, TokenRequest, TokenSummary},
};
use crate::AccountSettings;

/// How exact the last use of a token is known, in seconds: more would be a write with every request.
const USE_SECONDS: u64 = 60;
/// How often payout details are sealed anew when the key was changed meanwhile.
const SEAL_ATTEMPTS: u32 = 3;

/// The accounts of a host. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    users: Arc<dyn UserStore>,
    tokens: Arc<dyn TokenStore>,
    developers: Arc<dyn DeveloperStore>,
    seal: Arc<dyn PayoutSeal>,
    hasher: PasswordHasher,
    doors: Doors,
    /// One use is written down at a time; others are written with the token's next request.
    noting: Arc<Semaphore>,
}

impl Accounts {
    pub fn new(
        users: Arc<dyn UserStore>,
        tokens: Arc<dyn TokenStore>,
        developers: Arc<dyn DeveloperStore>,
        seal: Arc<dyn PayoutSeal>,
        settings: &AccountSettings,
    ) -> Self {
        Self(Arc::new(Inner {
            users,
            tokens,
            developers,
            seal,
            hasher: PasswordHasher::default(),
            doors: Doors::new(settings),
            noting: Arc::new(Semaphore::new(1)),
        }))
    }

    /// Counts an attempt to get in from a client's address. To be called before anything else is done for it.
    ///
    /// # Errors
    /// [`AccountError::TooOften`].
    pub fn knock(&self, address: IpAddr) -> Result<(), AccountError> {
        Ok(self.0.doors.knock(address)?)
    }

    /// Makes an account, unless the address has one: then nothing is changed, and nobody is told.
    ///
    /// # Errors
    /// [`AccountError::Invalid`] names all that is wrong with address and password; [`AccountError::TooOften`],
    /// [`AccountError::Overloaded`].
    pub async fn register(&self, email: &str, password: SecretString, now: u64) -> Result<(), AccountError> {
        let (email, password) = both(email.parse(), Password::choose(password))?;
        self.0.doors.new_name(&email)?;
        let hash = self.0.hasher.hash(password).await?;
        let id = generate_user().map_err(|error| AccountError::Host(error.to_string()))?;
        Ok(self.0.users.add(&id, &email, &hash, now).await?)
    }

    /// A new token for whoever knows the password.
    ///
    /// # Errors
    /// [`AccountError::InvalidCredentials`], whatever of the two is wrong; [`AccountError::Invalid`] names all that is
    /// wrong with the request; [`AccountError::TooOften`], [`AccountError::Overloaded`].
    pub async fn log_in(
        &self,
        email: &str,
        password: SecretString,
        request: TokenRequest,
        now: u64,
    ) -> Result<IssuedToken, AccountError> {
        let (email, password) = both(email.parse(), Password::attempt(password))?;
        // Before the password, so that what is wrong with it says nothing of the password.
        let issued = request.issue(Scopes::all(), None, now)?;
        self.0.doors.name(&email)?;
        let user = self.0.users.by_email(&email).await?;
        let (id, hash) = user.map(|user| (user.id, user.password)).unzip();
        let fits = self.0.hasher.fits(password, hash).await?;
        let user = id.filter(|_| fits).ok_or(AccountError::InvalidCredentials)?;
        self.store(user, issued, Room::Make, now).await
    }

    /// A new token with no more scopes and no longer life than the one that asks for it.
    ///
    /// # Errors
    /// [`AccountError::MoreScopes`], [`AccountError::Invalid`], [`AccountError::TooManyTokens`].
    pub async fn issue(
        &self,
        holder: &Principal,
        request: TokenRequest,
        now: u64,
    ) -> Result<IssuedToken, AccountError> {
        let issued = request.issue(holder.scopes, Some(holder.expires_at), now)?;
        self.store(holder.user.clone(), issued, Room::Refuse, now).await
    }

    async fn store(
        &self,
        user: UserId,
        issued: IssuedToken,
        room: Room,
        now: u64,
    ) -> Result<IssuedToken, AccountError> {
        let token = NewToken { user, digest: issued.token.digest(), summary: issued.summary.clone() };
        self.0.tokens.add(token, room, now).await?;
        Ok(issued)
    }

    /// Who a bearer token speaks for at `now`; nobody if it is unknown, expired or revoked, which all look the same.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn authenticate(&self, token: &str, now: u64) -> Result<Option<Principal>, AccountError> {
        let Some(token) = ApiToken::parse(token) else { return Ok(None) };
        let found = self.0.tokens.find(&token.digest()).await?;
        let Some(found) = found.filter(|found| !found.is_revoked && found.expires_at > now) else { return Ok(None) };
        let is_noted = found.last_used_at.is_some_and(|last| last.saturating_add(USE_SECONDS) > now);
        if !is_noted {
            self.note_use(found.owner.id.clone(), now);
        }
        let owner = found.owner;
        Ok(Some(Principal { user: owner.user, token: owner.id, scopes: owner.scopes, expires_at: found.expires_at }))
    }

    /// Not waited for: no request is slower for it.
    fn note_use(&self, id: TokenId, now: u64) {
        let Ok(turn) = Arc::clone(&self.0.noting).try_acquire_owned() else { return };
        let tokens = Arc::clone(&self.0.tokens);
        tokio::spawn(async move {
            if let Err(error) = tokens.used(&id, now.saturating_sub(USE_SECONDS), now).await {
                tracing::warn!(token = %id, "that a token was used was not written down: {error}");
            }
            drop(turn);
        });
    }

    /// A user's tokens that are of use, newest first.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn tokens(&self, user: &UserId, now: u64) -> Result<Vec<TokenSummary>, AccountError> {
        Ok(self.0.tokens.list(user, now).await?)
    }

    /// Revokes a token of the user's own. Whether there is one, revoked before or not.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn revoke(&self, user: &UserId, id: &TokenId, now: u64) -> Result<bool, AccountError> {
        Ok(self.0.tokens.revoke(user, id, now).await?)
    }

    /// A user's address, for the user alone. The operator and the user `dev` have none.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn email(&self, user: &UserId) -> Result<Option<EmailAddress>, AccountError> {
        Ok(self.0.users.email(user).await?)
    }

    /// Makes the user a developer.
    ///
    /// # Errors
    /// [`AccountError::Invalid`] names all that is wrong with the profile; [`AccountError::SlugTaken`],
    /// [`AccountError::AlreadyDeveloper`].
    pub async fn create_developer(
        &self,
        user: &UserId,
        profile: NewProfile,
        now: u64,
    ) -> Result<Developer, AccountError> {
        let CheckedProfile { slug, name, bio, website, payout } = profile.check()?;
        let id = DeveloperId::generate();
        let mut developer = NewDeveloper { id, user: user.clone(), slug, name, bio, website, payout: None };
        for _ in 0..SEAL_ATTEMPTS {
            let seal = |payout| self.0.seal.seal(user, &developer.id, payout);
            developer.payout = payout.as_ref().map(seal).transpose().map_err(host)?;
            match self.0.developers.add(developer.clone(), now).await {
                Err(StoreError::StaleKey) if self.0.seal.catch_up().await => {}
                added => return Ok(added?),
            }
        }
        Err(StoreError::StaleKey.into())
    }

    /// Changes the user's profile.
    ///
    /// # Errors
    /// [`AccountError::NoDeveloper`]; [`AccountError::Invalid`] names all that is wrong with the change.
    pub async fn update_developer(
        &self,
        user: &UserId,
        change: ProfileChange,
        now: u64,
    ) -> Result<Developer, AccountError> {
        let CheckedChange { name, bio, website, payout } = change.check()?;
        let developer = self.developer_of(user).await?.ok_or(AccountError::NoDeveloper)?;
        for _ in 0..SEAL_ATTEMPTS {
            let payout = match &payout {
                Change::Keep => Change::Keep,
                Change::Remove => Change::Remove,
                Change::Set(payout) => Change::Set(self.0.seal.seal(user, &developer.id, payout).map_err(host)?),
            };
            let change = DeveloperChange { name: name.clone(), bio: bio.clone(), website: website.clone(), payout };
            match self.0.developers.update(user, change, now).await {
                Err(StoreError::StaleKey) if self.0.seal.catch_up().await => {}
                updated => return updated?.ok_or(AccountError::NoDeveloper),
            }
        }
        Err(StoreError::StaleKey.into())
    }

    /// A developer by id or slug. A text that could be neither is nobody's.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn developer(&self, id_or_slug: &str) -> Result<Option<Developer>, AccountError> {
        if let Ok(id) = id_or_slug.parse() {
            return Ok(self.0.developers.by_id(&id).await?);
        }
        match id_or_slug.parse() {
            Ok(slug) => Ok(self.0.developers.by_slug(&slug).await?),
            Err(_) => Ok(None),
        }
    }

    /// The user's own profile.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn developer_of(&self, user: &UserId) -> Result<Option<Developer>, AccountError> {
        Ok(self.0.developers.by_user(user).await?)
    }

    /// Where the user's money goes, for whoever pays. No route answers with it.
    ///
    /// # Errors
    /// [`AccountError::Host`] if the record does not open.
    pub async fn payout(&self, user: &UserId) -> Result<Option<PayoutDetails>, AccountError> {
        let Some((id, record)) = self.0.developers.payout(user).await? else { return Ok(None) };
        Ok(Some(self.0.seal.open(user, &id, &record).map_err(host)?))
    }

    /// Passwords that were hashed since the start, those of comparisons included.
    pub fn password_hashes(&self) -> u64 {
        self.0.hasher.made()
    }

    /// What is done every few seconds.
    pub fn tend(&self) {
        self.0.doors.tend();
    }
}

/// Address and password, or all that is wrong with either.
fn both(
    email: Result<EmailAddress, Problem>,
    password: Result<Password, Problem>,
) -> Result<(EmailAddress, Password), AccountError> {
    match (email, password) {
        (Ok(email), Ok(password)) => Ok((email, password)),
        (email, password) => {
            let problems = [email.err(), password.err()];
            Err(AccountError::Invalid(problems.into_iter().flatten().collect()))
        }
    }
}

fn host(error: SealError) -> AccountError {
    AccountError::Host(error.to_string())
}

impl fmt::Debug for Accounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Accounts").field("hasher", &self.0.hasher).finish_non_exhaustive()
    }
}
