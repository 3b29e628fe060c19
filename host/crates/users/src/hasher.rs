//! Hashes passwords with argon2id, off the async threads. A hash takes 19 MiB and about 20 ms of a core and anyone can
//! ask for one, so only a few run at a time and few wait.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
};
use tokio::sync::Semaphore;

use super::{
    error::UserError,
    password::{Password, PasswordHash},
};

/// OWASP Password Storage Cheat Sheet, "Argon2id": m=19456 (19 MiB), t=2, p=1.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at once.
const AT_ONCE: usize = 2;
/// Hashes that wait for one of those; the next is told to come back.
pub const MAX_WAITING: usize = 32;
/// What a password is compared with where the address is not registered, so that this takes as long. Nobody knows a password that
/// fits: the hash is random bytes, not the hash of anything.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA";

/// As many passwords are being hashed, and wait for it, as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins and registrations are in progress: try again in a second")]
pub struct Overloaded;

/// Hashes passwords, with bounds.
#[derive(Debug)]
pub struct PasswordHasher {
    working: Arc<Semaphore>,
    /// Those that work or wait.
    places: Arc<Semaphore>,
    made: AtomicU64,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self {
            working: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + MAX_WAITING)),
            made: AtomicU64::new(0),
        }
    }
}

impl PasswordHasher {
    /// Hashes made since the start, those of comparisons included.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// # Errors
    /// [`UserError::Overloaded`], and [`UserError::Host`] if the system has no random numbers.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, UserError> {
        let hash = self.work(move |argon2| argon2.hash_password(password.bytes()).map(|hash| hash.to_string())).await?;
        Ok(PasswordHash::stored(hash.map_err(|error| UserError::Host(format!("a password was not hashed: {error}")))?))
    }

    /// Whether the password is the one of this hash; never where there is none, which takes as long.
    ///
    /// # Errors
    /// [`UserError::Overloaded`]; [`UserError::Host`] if the hash is none.
    pub async fn fits(&self, password: Password, hash: Option<PasswordHash>) -> Result<bool, UserError> {
        let compared = move |argon2: &Argon2<'_>| {
            let text = hash.as_ref().map_or(NOBODY, PasswordHash::expose);
            let parsed = phc::PasswordHash::new(text).map_err(|error| error.to_string())?;
            Ok::<_, String>(argon2.verify_password(password.bytes(), &parsed).is_ok() && hash.is_some())
        };
        let fits = self.work(compared).await?;
        fits.map_err(|error| UserError::Host(format!("a stored password hash cannot be read: {error}")))
    }

    async fn work<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T, UserError> {
        let closed = |error: tokio::sync::AcquireError| UserError::Host(error.to_string());
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Overloaded)?;
        let permit = Arc::clone(&self.working).acquire_owned().await.map_err(closed)?;
        self.made.fetch_add(1, Ordering::Relaxed);
        let argon2 = argon2()?;
        // Both are held until the work is done, whether or not the client still waits for it.
        let work = tokio::task::spawn_blocking(move || {
            let done = task(&argon2);
            drop((permit, place));
            done
        });
        work.await.map_err(|error| UserError::Host(error.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, UserError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| UserError::Host(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        super::password::{Password, PasswordHash},
        AT_ONCE, MAX_WAITING, NOBODY, PasswordHasher, UserError,
    };

    fn password(text: &str) -> Password {
        Password::attempt(text.to_owned().into()).unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone_and_the_hash_says_how_it_was_made() {
        let hasher = PasswordHasher::default();
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        // The same parameters and lengths as for nobody: both comparisons are the same work.
        let parameters = |text: &str| text.split('$').map(str::len).collect::<Vec<_>>();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert_eq!(parameters(hash.expose()), parameters(NOBODY));
        assert!(hasher.fits(password("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.fits(password("correct horse "), Some(hash.clone())).await.unwrap());
        assert_ne!(hasher.hash(password("correct horse")).await.unwrap(), hash, "a salt came twice");
    }

    #[tokio::test]
    async fn nobody_s_password_is_hashed_too_and_never_fits() {
        let hasher = PasswordHasher::default();
        assert!(!hasher.fits(password(""), None).await.unwrap());
        assert_eq!(hasher.made(), 1);
    }

    #[tokio::test]
    async fn a_hash_that_is_none_is_the_host_s_fault() {
        let odd = PasswordHash::stored("plain".into());
        let error = PasswordHasher::default().fits(password("plain"), Some(odd)).await.unwrap_err();
        assert!(matches!(error, UserError::Host(_)));
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_sent_away() {
        let hasher = Arc::new(PasswordHasher::default());
        let working = hasher.working.clone().acquire_many_owned(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        let waiting: Vec<_> = (0..AT_ONCE + MAX_WAITING)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.work(|_| ()).await })
            })
            .collect();
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hasher.work(|_| ()).await, Err(UserError::Overloaded(_))));
        drop(working);
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        assert!(hasher.work(|_| ()).await.is_ok());
    }
}
