//! What is secret about a connection, and how it is sealed: as JSON, so that fields can be added without another format.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use workway_model::{ProviderId, UserId};
use workway_vault::{Binding, Purpose, Sealed, Vault, VaultError};
use zeroize::Zeroizing;

/// The purpose of sealed connections.
pub const CONNECTION_PURPOSE: Purpose = Purpose::new("workway connection");

/// The tokens of a connection.
#[derive(Clone)]
pub struct TokenSet {
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
}

#[derive(Serialize)]
struct Plain<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

#[derive(Deserialize)]
struct Opened {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
}

/// Returns what a connection's record is bound to.
pub(super) fn binding(user: &UserId, provider: &ProviderId, id: &str) -> Binding {
    Binding::new(CONNECTION_PURPOSE, &[user.as_str(), provider.as_str(), id])
}

impl TokenSet {
    pub(super) fn seal(&self, vault: &Vault, binding: &Binding) -> Result<Sealed, VaultError> {
        let access_token = self.access_token.expose_secret();
        let refresh_token = self.refresh_token.as_ref().map(|token| token.expose_secret());
        // Room for every character escaped and for the names: a buffer that grew would leave copies behind.
        let characters = access_token.len() + refresh_token.map_or(0, str::len);
        let mut buffer = Zeroizing::new(Vec::with_capacity(6 * characters + 64));
        serde_json::to_writer(&mut *buffer, &Plain { access_token, refresh_token })
            .map_err(|error| VaultError::Seal(error.to_string()))?;
        vault.seal(binding, &buffer)
    }

    pub(super) fn open(vault: &Vault, binding: &Binding, record: &[u8]) -> Result<Self, VaultError> {
        let buffer = vault.open(binding, record)?;
        let opened: Opened = serde_json::from_slice(&buffer).map_err(|_| VaultError::Format)?;
        Ok(Self { access_token: opened.access_token, refresh_token: opened.refresh_token })
    }
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSet([redacted])")
    }
}
