//! Passwords and what is stored of them, neither ever printed. How one is made of the other is [`super::hasher`]'s.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::error::Problem;

/// The shortest password, in characters. NIST SP 800-63B-4, section 3.1.1.2 asks for 8 at least where there is a second factor
/// and 15 where there is none; OWASP's cheat sheet has 8. What makes guessing hopeless here is the limit on attempts.
pub const MIN_PASSWORD_CHARS: usize = 10;
/// The longest password, in characters: room for any phrase, and no work that a stranger chooses.
pub const MAX_PASSWORD_CHARS: usize = 1024;

/// A password of a length that is hashed.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// One that somebody wants to have.
    ///
    /// # Errors
    /// It is too short or too long.
    pub fn choose(text: SecretString) -> Result<Self, Problem> {
        if text.expose_secret().chars().count() < MIN_PASSWORD_CHARS {
            return Err(Problem::new("/password", format!("has fewer than {MIN_PASSWORD_CHARS} characters")));
        }
        Self::attempt(text)
    }

    /// One that somebody claims to have: what nobody could have chosen counts as wrong, not as an error, unless it is too
    /// long to be hashed.
    ///
    /// # Errors
    /// It is too long.
    pub fn attempt(text: SecretString) -> Result<Self, Problem> {
        if text.expose_secret().chars().count() > MAX_PASSWORD_CHARS {
            return Err(Problem::new("/password", format!("has more than {MAX_PASSWORD_CHARS} characters")));
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
    /// Takes what was stored; whether it is a hash shows when a password is compared with it.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one column that it goes to.
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
