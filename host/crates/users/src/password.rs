//! Passwords and their stored hashes, neither ever printed. [`super::hasher`] computes the hashes.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::error::Problem;

/// The shortest password, in characters. NIST SP 800-63B-4, section 3.1.1.2 asks for at least 8 with a second factor and 15
/// without; OWASP's cheat sheet for 8. Here the limit on attempts makes guessing hopeless.
pub const MIN_PASSWORD_CHARS: usize = 10;
/// The longest password, in characters: enough for any phrase, and it bounds the work that a stranger can cause.
pub const MAX_PASSWORD_CHARS: usize = 1024;

/// A password that is short enough to be hashed.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// Checks a new password.
    ///
    /// # Errors
    /// It is too short or too long.
    pub fn choose(text: SecretString) -> Result<Self, Problem> {
        if text.expose_secret().chars().count() < MIN_PASSWORD_CHARS {
            return Err(Problem::new("/password", format!("must be at least {MIN_PASSWORD_CHARS} characters")));
        }
        Self::attempt(text)
    }

    /// Checks a password at sign-in: one that is too short to exist is wrong, not an error.
    ///
    /// # Errors
    /// It is too long.
    pub fn attempt(text: SecretString) -> Result<Self, Problem> {
        if text.expose_secret().chars().count() > MAX_PASSWORD_CHARS {
            return Err(Problem::new("/password", format!("must be at most {MAX_PASSWORD_CHARS} characters")));
        }
        Ok(Self(text))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password([redacted])")
    }
}

/// A salted hash in the PHC string format, parameters included: `$argon2id$v=19$m=…`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a stored text, which is parsed when a password is compared with it.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the text, for the database.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, Password, PasswordHash};

    #[test]
    fn passwords_have_a_length() {
        let of = |length: usize| "\u{20ac}".repeat(length).into();
        for (length, chosen, attempted) in [
            (0, false, true),
            (MIN_PASSWORD_CHARS - 1, false, true),
            (MIN_PASSWORD_CHARS, true, true),
            (MAX_PASSWORD_CHARS, true, true),
            (MAX_PASSWORD_CHARS + 1, false, false),
        ] {
            assert_eq!(Password::choose(of(length)).is_ok(), chosen, "{length}");
            assert_eq!(Password::attempt(of(length)).is_ok(), attempted, "{length}");
        }
    }

    #[test]
    fn neither_a_password_nor_its_hash_is_printed() {
        let password = Password::choose("correct horse".to_owned().into()).unwrap();
        let hash = PasswordHash::stored("$argon2id$s3cr3t".into());
        assert_eq!(format!("{password:?} {hash:?}"), "Password([redacted]) PasswordHash([redacted])");
    }
}
