//! Seals developers' payout details with the vault that seals tokens, so that one rotation of keys takes both along.

use std::sync::Arc;

use async_trait::async_trait;
use workway_model::UserId;
use workway_oauth::{KeyedRecords, PayoutBinding, Vault, catch_up};
use workway_users::{DeveloperId, PayoutDetails, PayoutSeal, SealError, SealedPayout};

/// The vault as accounts know it.
pub(super) struct PayoutVault {
    pub(super) vault: Arc<Vault>,
    pub(super) records: Arc<dyn KeyedRecords>,
}

#[async_trait]
impl PayoutSeal for PayoutVault {
    fn seal(&self, user: &UserId, developer: &DeveloperId, payout: &PayoutDetails) -> Result<SealedPayout, SealError> {
        let binding = PayoutBinding { user, developer: developer.as_str() };
        let sealed = self.vault.seal_payout(binding, payout.text()).map_err(|error| SealError(error.to_string()))?;
        Ok(SealedPayout { key: sealed.key.to_string(), record: sealed.record })
    }

    fn open(&self, user: &UserId, developer: &DeveloperId, record: &[u8]) -> Result<PayoutDetails, SealError> {
        let binding = PayoutBinding { user, developer: developer.as_str() };
        let text = self.vault.open_payout(binding, record).map_err(|error| SealError(error.to_string()))?;
        PayoutDetails::new(text).map_err(|problem| SealError(problem.to_string()))
    }

    async fn catch_up(&self) -> bool {
        let caught_up = catch_up(&self.vault, &*self.records).await;
        caught_up.unwrap_or_else(|error| {
            tracing::error!("which key to seal under cannot be read: {error}");
            false
        })
    }
}
