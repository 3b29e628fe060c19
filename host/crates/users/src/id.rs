//! Ids of developers and tokens. Each starts with a prefix for its kind, followed by a UUID of version 7, so that ids sort
//! by time and no id is mistaken for another kind's.

use std::{fmt, str::FromStr, sync::Arc};

use uuid::Uuid;
use workway_model::UserId;

/// How ids of users begin. The operator and the user `dev` have none like this.
const USER_PREFIX: &str = "usr_";

/// A text is not an id of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id must start with {0} and end with a UUID")]
pub struct PrefixedIdError(&'static str);

macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub(super) fn generate() -> Self {
                Self(format!("{}{}", $prefix, Uuid::now_v7()).into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = PrefixedIdError;

            fn from_str(text: &str) -> Result<Self, PrefixedIdError> {
                let id = text.strip_prefix($prefix).and_then(|id| Uuid::try_parse(id).ok());
                // One spelling each: an id is compared as text.
                match id.map(|id| format!("{}{id}", $prefix)) {
                    Some(same) if same == text => Ok(Self(text.into())),
                    _ => Err(PrefixedIdError($prefix)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

prefixed_id!(
    /// A developer: `dev_0192…`.
    DeveloperId,
    "dev_"
);
prefixed_id!(
    /// An API token, by which it is listed and revoked: `tok_0192…`. It is no secret.
    TokenId,
    "tok_"
);

/// A new user's id.
pub(super) fn generate_user() -> Result<UserId, workway_model::IdError> {
    format!("{USER_PREFIX}{}", Uuid::now_v7()).parse()
}

#[cfg(test)]
mod tests {
    use super::{DeveloperId, TokenId, generate_user};

    #[test]
    fn an_id_names_its_kind() {
        let developer = DeveloperId::generate();
        assert_eq!(developer.as_str().parse(), Ok(developer.clone()));
        assert!(developer.as_str().parse::<TokenId>().is_err());
        assert!(generate_user().unwrap().as_str().starts_with("usr_"));
        let upper = developer.as_str().to_uppercase().replacen("DEV_", "dev_", 1);
        for text in ["", "dev_", "dev_x", "ann", &upper, &developer.as_str()[4..]] {
            assert!(text.parse::<DeveloperId>().is_err(), "{text:?} was taken");
        }
    }
}
