//! Where a developer's money goes: checked, never printed, and sealed for one developer of one user.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use workway_model::UserId;
use workway_vault::{Binding, Purpose, Sealed, Vault, VaultError};

use super::{error::Problem, id::DeveloperId};

/// The longest payout details, in characters.
pub const MAX_PAYOUT_CHARS: usize = 4_096;
/// The purpose of sealed payout details.
pub const PAYOUT_PURPOSE: Purpose = Purpose::new("workway payout");

/// Payout details as the developer wrote them.
#[derive(Clone)]
pub struct PayoutDetails(SecretString);

impl PayoutDetails {
    /// Checks the length.
    ///
    /// # Errors
    /// They are empty or too long. The message does not quote them.
    pub fn new(text: SecretString) -> Result<Self, Problem> {
        let chars = text.expose_secret().chars().count();
        if !(1..=MAX_PAYOUT_CHARS).contains(&chars) {
            return Err(Problem::new("/payout", format!("must be 1 to {MAX_PAYOUT_CHARS} characters (got {chars})")));
        }
        Ok(Self(text))
    }

    /// Returns the text, to seal it or to pay.
    pub fn text(&self) -> &SecretString {
        &self.0
    }

    pub(super) fn seal(&self, vault: &Vault, user: &UserId, developer: &DeveloperId) -> Result<Sealed, VaultError> {
        vault.seal(&binding(user, developer), self.0.expose_secret().as_bytes())
    }

    pub(super) fn open(
        vault: &Vault,
        user: &UserId,
        developer: &DeveloperId,
        record: &[u8],
    ) -> Result<Self, VaultError> {
        let buffer = vault.open(&binding(user, developer), record)?;
        let text = std::str::from_utf8(&buffer).map_err(|_| VaultError::Format)?;
        Ok(Self(text.into()))
    }
}

fn binding(user: &UserId, developer: &DeveloperId) -> Binding {
    Binding::new(PAYOUT_PURPOSE, &[user.as_str(), developer.as_str()])
}

impl fmt::Debug for PayoutDetails {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PayoutDetails([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::PayoutDetails;

    #[test]
    fn payout_details_are_not_printed() {
        let payout = PayoutDetails::new("DE89 3704 0044 0532 0130 00".to_owned().into()).unwrap();
        assert_eq!(format!("{payout:?}"), "PayoutDetails([redacted])");
        assert!(payout.text().expose_secret().starts_with("DE89"));
    }
}
