//! Connected accounts: the vault that seals their tokens, the key that it seals under, and the store that the oauth
//! capability asks. SQL is not its business: sealed rows go through [`SealedConnections`].

mod cache;
mod connections;
mod key;
mod vault;

pub use connections::{
    ConnectionError, ConnectionStore, ConnectionSummary, MAX_CONNECTIONS_PER_USER, NewConnection, SealedConnection,
    SealedConnections, SealedError,
};
pub use key::{KEY_FILE, KeyError, KeyId, MasterKey};
pub use vault::{Binding, TokenSet, Vault, VaultError};
