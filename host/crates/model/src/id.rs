//! Identifiers, parsed once and then trusted.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest identifier, in bytes.
const MAX_LENGTH: usize = 64;
/// The longest user id, in bytes.
const MAX_USER_LENGTH: usize = 128;

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("{what} {text:?} must match [a-z][a-z0-9-]* and have at most 64 characters")]
    Malformed { what: &'static str, text: String },
    #[error("action id {0:?} must have the form <integration>.<action>")]
    NotQualified(String),
    #[error("a user id must have 1 to {MAX_USER_LENGTH} bytes and no control characters")]
    User,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_identifier(text) {
                    Ok(Self(text.into()))
                } else {
                    // An identifier may come from a guest: what is quoted back is bounded.
                    let text = text.chars().take(MAX_LENGTH + 1).collect();
                    Err(IdError::Malformed { what: $what, text })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

identifier!(
    /// An integration: `slack`.
    IntegrationId,
    "integration id"
);
identifier!(
    /// An action or trigger within its integration: `send-message`.
    LocalId,
    "id"
);
identifier!(
    /// A provider of connections: `google`.
    ProviderId,
    "provider"
);

/// Whoever a call is made for; opaque to everything below `http`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

impl UserId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > MAX_USER_LENGTH || text.chars().any(char::is_control) {
            return Err(IdError::User);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An action as the world knows it: `slack.send-message`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId {
    pub integration: IntegrationId,
    pub action: LocalId,
}

impl FromStr for ActionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let Some((integration, action)) = text.split_once('.') else {
            return Err(IdError::NotQualified(text.chars().take(2 * MAX_LENGTH + 2).collect()));
        };
        Ok(Self { integration: integration.parse()?, action: action.parse()? })
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.integration, self.action)
    }
}

impl Serialize for ActionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a text is words of lower-case letters a to z and digits, joined by single hyphens: how names stand in
/// addresses. Its length is for whoever asks.
pub fn is_slug(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.split('-').all(is_word)
}

fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= MAX_LENGTH
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::{ActionId, IntegrationId};

    #[test]
    fn identifiers_are_lower_case_words() {
        for good in ["a", "slack", "send-message", "a1-2"] {
            assert_eq!(good.parse::<IntegrationId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "A", "1a", "-a", "a_b", "a.b", "ä", "a b", "a/..", &"a".repeat(65)] {
            assert!(bad.parse::<IntegrationId>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn action_ids_name_both_parts() {
        let id: ActionId = "slack.send-message".parse().expect("is an action id");
        assert_eq!((id.integration.as_str(), id.action.as_str()), ("slack", "send-message"));
        for bad in ["slack", "slack.", ".x", "a.b.c"] {
            assert!(bad.parse::<ActionId>().is_err(), "{bad:?} was taken");
        }
    }
}
