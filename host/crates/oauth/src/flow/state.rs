//! The secrets of a flow: the state, which goes through the provider and back (RFC 6749, section 10.12), the browser's
//! session, which stays in its cookie, and the PKCE verifier (RFC 7636), which is made of the two. None of them is stored
//! or printed; what is stored is their SHA-256.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{Key, aead::Generate};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::error::FlowError;

/// 32 bytes in base64url without padding.
const TOKEN_CHARS: usize = 43;
/// Keeps verifiers apart from any other hash of the same two texts.
const VERIFIER_PURPOSE: &str = "workway pkce";

/// A SHA-256. Whoever reads it in the database cannot make the text of it that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest32([u8; 32]);

impl Digest32 {
    fn of(text: &SecretString) -> Self {
        Self(Sha256::digest(text.expose_secret()).into())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

macro_rules! random_token {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// # Errors
            /// [`FlowError::Random`] if the system has no random numbers.
            pub fn generate() -> Result<Self, FlowError> {
                random_text().map(Self)
            }

            /// Takes what [`Self::generate`] could have made, and nothing else.
            pub fn parse(text: &str) -> Option<Self> {
                is_token(text).then(|| Self(text.into()))
            }

            pub fn digest(&self) -> Digest32 {
                Digest32::of(&self.0)
            }

            /// The text itself, for the one place that it goes to.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

random_token!(
    /// Names one flow; 256 random bits. It can be used once.
    State
);
random_token!(
    /// Names the browser that flows were begun in; 256 random bits. An answer counts in that browser alone.
    Session
);

fn random_text() -> Result<SecretString, FlowError> {
    let mut bytes = Key::try_generate().map_err(|error| FlowError::Random(error.to_string()))?;
    let text = URL_SAFE_NO_PAD.encode(bytes);
    bytes.zeroize();
    Ok(text.into())
}

fn is_token(text: &str) -> bool {
    text.len() == TOKEN_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The code verifier of a flow. Derived, so that the database holds no secret of it: who sees the redirect back (state and
/// code) lacks the session, who sees the cookie lacks the state.
pub(super) fn verifier(state: &State, session: &Session) -> SecretString {
    let mut hash = Sha256::new();
    for part in [VERIFIER_PURPOSE, "\0", state.expose(), "\0", session.expose()] {
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize()).into()
}

/// The challenge of method S256 (RFC 7636, section 4.2).
pub(super) fn challenge(verifier: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{Session, State, TOKEN_CHARS, challenge, is_token, verifier};

    const TEXT: &str = "s3cr3t_s3cr3t-s3cr3t_s3cr3t-s3cr3t_s3cr3t-0";

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into();
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_needs_both_state_and_session() {
        let (state, session) = (State::parse(TEXT).unwrap(), Session::generate().unwrap());
        let first = verifier(&state, &session);
        assert_eq!(first.expose_secret(), verifier(&state, &session).expose_secret());
        // RFC 7636, section 4.1: 43 to 128 unreserved characters.
        assert!(is_token(first.expose_secret()));
        assert_ne!(first.expose_secret(), verifier(&State::generate().unwrap(), &session).expose_secret());
        assert_ne!(first.expose_secret(), verifier(&state, &Session::generate().unwrap()).expose_secret());
    }

    #[test]
    fn tokens_are_random_and_parse_again() {
        let (one, two) = (State::generate().unwrap(), State::generate().unwrap());
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), TOKEN_CHARS);
        assert_eq!(State::parse(one.expose()).map(|again| again.digest()), Some(one.digest()));
    }

    #[test]
    fn only_what_could_have_been_generated_is_taken() {
        assert!(Session::parse(TEXT).is_some());
        let long = format!("{TEXT}a");
        let umlaut = TEXT.replacen("t_", "\u{e4}", 1);
        let others = ["+", "/", "=", " ", "\n", ".", "%"].map(|odd| TEXT.replacen('_', odd, 1));
        assert_eq!(umlaut.len(), TOKEN_CHARS);
        for text in ["", &TEXT[1..], &long, &umlaut].into_iter().chain(others.iter().map(String::as_str)) {
            assert!(Session::parse(text).is_none() && State::parse(text).is_none(), "{text:?} was taken");
        }
    }

    #[test]
    fn nothing_of_a_token_is_printed() {
        let (state, session) = (State::parse(TEXT).unwrap(), Session::parse(TEXT).unwrap());
        assert_eq!(format!("{state:?} {session:?}"), "State([redacted]) Session([redacted])");
        assert_eq!(state.digest(), session.digest());
        assert_ne!(&state.digest().as_bytes()[..], &TEXT.as_bytes()[..32]);
    }
}
