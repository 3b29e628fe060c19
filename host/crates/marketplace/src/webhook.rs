//! The secret part of a webhook's address: whoever knows it can start a run. It is sealed for one user's installation of one
//! workflow, and only its owner sees it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{Key, aead::Generate};
use secrecy::{ExposeSecret, SecretString};
use workway_model::UserId;
use workway_vault::{Binding, Purpose, Sealed, Vault, VaultError};
use zeroize::Zeroize;

/// The purpose of sealed webhook tokens.
pub const WEBHOOK_PURPOSE: Purpose = Purpose::new("workway webhook token");

/// Seals a new token, 32 random bytes in base64url without padding, for a user's installation of a workflow.
pub(super) fn new_token(vault: &Vault, user: &UserId, workflow: &str) -> Result<Sealed, VaultError> {
    let mut random = Key::try_generate().map_err(|error| VaultError::Seal(error.to_string()))?;
    let token = SecretString::from(URL_SAFE_NO_PAD.encode(random));
    random.zeroize();
    vault.seal(&binding(user, workflow), token.expose_secret().as_bytes())
}

/// Opens the token of a user's installation of a workflow.
pub(super) fn open_token(
    vault: &Vault,
    user: &UserId,
    workflow: &str,
    record: &[u8],
) -> Result<SecretString, VaultError> {
    let bytes = vault.open(&binding(user, workflow), record)?;
    Ok(std::str::from_utf8(&bytes).map_err(|_| VaultError::Format)?.into())
}

/// What a token is sealed for. A user has one installation of a workflow.
fn binding(user: &UserId, workflow: &str) -> Binding {
    Binding::new(WEBHOOK_PURPOSE, &[user.as_str(), workflow])
}
