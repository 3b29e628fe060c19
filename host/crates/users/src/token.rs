//! API tokens: opaque texts of 256 random bits, of which only the SHA-256 is stored. A token that is lost is revoked, never
//! shown again.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{Key, aead::Generate};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use workway_model::Timestamp;
use zeroize::Zeroize;

use super::{
    error::{Problem, UserError},
    id::TokenId,
    scope::{Scope, Scopes},
};

/// How every token begins, so that whoever finds one knows what it is.
const PREFIX: &str = "wway_";
/// 32 bytes in base64url without padding.
const RANDOM_CHARS: usize = 43;
/// 4 bytes of a SHA-256 in base64url: a text that was cut or mistyped costs no query.
const CHECKSUM_BYTES: usize = 4;
const CHECKSUM_CHARS: usize = 6;
/// How much of a token is shown in lists, [`PREFIX`] included: 36 of the 256 bits.
const SHOWN_CHARS: usize = 11;
/// The most active tokens of a user.
pub const MAX_TOKENS_PER_USER: u32 = 100;
/// The longest name of a token.
pub const MAX_TOKEN_NAME_CHARS: usize = 80;
/// How long a token lives at most: 366 days.
pub const MAX_TOKEN_LIFETIME: Duration = Duration::from_secs(366 * 86_400);
/// How long it lives unless somebody says: 30 days.
const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// A token's text.
#[derive(Clone)]
pub struct ApiToken(SecretString);

/// The SHA-256 of a token's text: by it a token is found. With 256 random bits in the text a slow hash adds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

/// What somebody wants of a new token.
#[derive(Clone, Debug, Default)]
pub struct TokenRequest {
    pub name: Option<String>,
    /// As many as possible unless said.
    pub scopes: Option<Scopes>,
    /// The default lifetime is 30 days.
    pub expires_at: Option<Timestamp>,
}

/// A token as its owner sees it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSummary {
    pub id: TokenId,
    pub name: Option<String>,
    /// How its text begins.
    pub prefix: String,
    pub scopes: Scopes,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// A new token, and the only time that its text is there.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    pub token: ApiToken,
    pub summary: TokenSummary,
}

impl ApiToken {
    /// # Errors
    /// [`UserError::Host`] if the system has no random numbers.
    pub fn generate() -> Result<Self, UserError> {
        let failed = |error: &dyn fmt::Display| UserError::Host(format!("no token was made: {error}"));
        let mut bytes = Key::try_generate().map_err(|error| failed(&error))?;
        let random = URL_SAFE_NO_PAD.encode(bytes);
        bytes.zeroize();
        Ok(Self(format!("{PREFIX}{random}{}", checksum(&random)).into()))
    }

    /// Takes what could have been generated, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX).filter(|rest| rest.len() == RANDOM_CHARS + CHECKSUM_CHARS)?;
        let (random, check) = rest.split_at_checked(RANDOM_CHARS)?;
        (checksum(random) == check).then(|| Self(text.into()))
    }

    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.expose_secret()).into())
    }

    /// The text itself, for the one answer that it goes into.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn shown(&self) -> String {
        self.expose().chars().take(SHOWN_CHARS).collect()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiToken([redacted])")
    }
}

impl TokenDigest {
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TokenRequest {
    /// A new token of these wishes, within `most` scopes and until `last` at the latest.
    pub(super) fn issue(self, most: Scopes, last: Option<Timestamp>, now: Timestamp) -> Result<IssuedToken, UserError> {
        let scopes = self.scopes.unwrap_or(most);
        let latest = last.unwrap_or(Timestamp::MAX).min(now + MAX_TOKEN_LIFETIME);
        let expires_at = self.expires_at.unwrap_or(latest.min(now + DEFAULT_TOKEN_LIFETIME));
        let mut problems = Vec::new();
        if scopes.is_empty() {
            problems.push(Problem::new("/scopes", "must not be empty: leave it out for all scopes, or name some"));
        }
        if expires_at <= now || expires_at > latest {
            let message = "must be in the future, at most 366 days from now and not after the requesting token expires";
            problems.push(Problem::new("/expiresAt", message));
        }
        let odd = |name: &String| name.chars().count() > MAX_TOKEN_NAME_CHARS || name.chars().any(char::is_control);
        if self.name.as_ref().is_some_and(odd) {
            let message = format!("must be at most {MAX_TOKEN_NAME_CHARS} characters without control characters");
            problems.push(Problem::new("/name", message));
        }
        if !problems.is_empty() {
            return Err(UserError::Invalid(problems));
        }
        if let Some(asked) = scopes.beyond(most) {
            return Err(UserError::MoreScopes { has: most, asked });
        }
        let name = self.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let token = ApiToken::generate()?;
        let prefix = token.shown();
        let id = TokenId::generate();
        let summary = TokenSummary { id, name, prefix, scopes, created_at: now, expires_at, last_used_at: None };
        Ok(IssuedToken { token, summary })
    }
}

/// Of the random part alone; no secret of its own.
fn checksum(random: &str) -> String {
    let hash = Sha256::digest(format!("workway token {random}"));
    URL_SAFE_NO_PAD.encode(&hash[..CHECKSUM_BYTES])
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        [scope].into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        ApiToken, MAX_TOKEN_LIFETIME, MAX_TOKEN_NAME_CHARS, PREFIX, RANDOM_CHARS, SHOWN_CHARS, Scope, Scopes,
        Timestamp, TokenRequest, UserError, checksum,
    };

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn now() -> Timestamp {
        Timestamp::from_millis(1_000_000_123)
    }

    #[test]
    fn a_token_parses_again_and_no_other_text_does() {
        let token = ApiToken::generate().unwrap();
        let text = token.expose();
        assert!(text.starts_with(PREFIX) && text.len() == 54, "{}", text.len());
        assert_eq!(ApiToken::parse(text).unwrap().digest(), token.digest());
        assert_ne!(ApiToken::generate().unwrap().digest(), token.digest());
        let umlaut = "\u{e4}".repeat(RANDOM_CHARS);
        for other in [
            "",
            "wway_",
            &text[1..],
            &text[..53],
            &format!("{text}x"),
            &text.to_uppercase(),
            &format!("{PREFIX}{umlaut}"),
        ] {
            assert!(ApiToken::parse(other).is_none(), "{other:?} was taken");
        }
        let random = "A".repeat(RANDOM_CHARS);
        assert!(ApiToken::parse(&format!("{PREFIX}{random}{}", checksum(&random))).is_some());
        assert!(ApiToken::parse(&format!("{PREFIX}{random}{}", checksum("other"))).is_none());
    }

    #[test]
    fn a_token_is_not_printed_and_its_prefix_is_short() {
        let issued = TokenRequest::default().issue(Scopes::all(), None, now()).unwrap();
        assert_eq!(issued.summary.prefix.len(), SHOWN_CHARS);
        assert!(issued.token.expose().starts_with(&issued.summary.prefix));
        assert!(!format!("{issued:?}").contains(&issued.token.expose()[SHOWN_CHARS..]));
    }

    #[test]
    fn a_token_has_no_more_than_the_one_that_made_it() {
        let has: Scopes = "account publish".parse().unwrap();
        let last = now() + MILLISECOND;
        let asked =
            |scopes: Scopes| TokenRequest { scopes: Some(scopes), ..Default::default() }.issue(has, Some(last), now());
        assert_eq!(asked(Scope::Publish.into()).unwrap().summary.expires_at, last);
        let error = asked(Scopes::all()).unwrap_err();
        assert!(matches!(error, UserError::MoreScopes { asked: Scope::ActionsExecute, .. }), "{error}");
        assert_eq!(TokenRequest::default().issue(has, None, now()).unwrap().summary.scopes, has);
    }

    #[test]
    fn every_wish_out_of_bounds_is_named() {
        let long = "x".repeat(MAX_TOKEN_NAME_CHARS + 1);
        let request = TokenRequest { name: Some(long), scopes: Some(Scopes::default()), expires_at: Some(now()) };
        let UserError::Invalid(problems) = request.issue(Scopes::all(), None, now()).unwrap_err() else { panic!() };
        assert_eq!(problems.iter().map(|one| one.pointer).collect::<Vec<_>>(), ["/scopes", "/expiresAt", "/name"]);
        let until = |expires_at| {
            let request = TokenRequest { expires_at: Some(expires_at), ..Default::default() };
            request.issue(Scopes::all(), Some(now() + 5 * MAX_TOKEN_LIFETIME), now()).is_ok()
        };
        assert!(until(now() + MILLISECOND) && until(now() + MAX_TOKEN_LIFETIME));
        assert!(!until(now() + MAX_TOKEN_LIFETIME + MILLISECOND));
        assert!(!until(Timestamp::UNIX_EPOCH) && !until(Timestamp::MAX));
    }
}
