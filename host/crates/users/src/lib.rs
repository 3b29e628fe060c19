//! Users with a password, their API tokens, and developers: users with a public profile. Everything is stored through the
//! traits that it declares, payout details sealed by the vault. This crate knows no SQL and no HTTP, and keeps no password
//! and no token's text.

mod attempt_limiter;
mod developer;
mod email;
mod error;
mod hasher;
mod id;
mod password;
mod payout;
mod principal;
mod scope;
mod service;
mod settings;
mod store;
mod token;

pub use attempt_limiter::{TooOften, client_network};
pub use developer::{
    Change, Developer, DeveloperSlug, MAX_NAME_CHARS, MAX_SLUG_BYTES, MIN_SLUG_BYTES, NewProfile, ProfileChange,
};
pub use email::EmailAddress;
pub use error::{Problem, UserError};
pub use hasher::{MAX_WAITING, Overloaded};
pub use id::{DeveloperId, PrefixedIdError, TokenId};
pub use password::{Password, PasswordHash};
pub use payout::{PAYOUT_PURPOSE, PayoutDetails};
pub use principal::Principal;
pub use scope::{Scope, Scopes, UnknownScope};
pub use service::Users;
pub use settings::UserSettings;
pub use store::{
    AtTokenLimit, DeveloperChange, DeveloperStore, NewDeveloper, NewToken, StoreError, StoredToken, StoredUser,
    TokenOwner, TokenStore, UserStore,
};
pub use token::{ApiToken, IssuedToken, MAX_TOKENS_PER_USER, TokenDigest, TokenRequest, TokenSummary};
