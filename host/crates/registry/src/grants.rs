//! Who decides what an integration is granted.

use std::sync::Arc;

use workway_model::{Definition, FileName, Grant, GrantError, GrantStore, IntegrationId, Widening};

/// Who decides what an integration is granted.
#[derive(Clone)]
pub enum Grants {
    /// Each integration is granted what it declares: development and the test kit.
    Declared,
    /// The operator approves, and the store keeps it.
    Approved(Arc<dyn GrantStore>),
}

impl Grants {
    /// Returns what a definition asks for beyond the grant of the file that holds it, in words.
    pub(crate) async fn missing(&self, definition: &Definition, file: &FileName) -> Result<Vec<String>, GrantError> {
        let Self::Approved(store) = self else { return Ok(Vec::new()) };
        let grant = store.granted(&definition.id).await?;
        let granted = grant.as_ref().map(|grant| grant.permissions.clone()).unwrap_or_default();
        let mut missing: Vec<String> =
            definition.permissions.beyond(&granted).iter().map(Widening::to_string).collect();
        if let Some(grant) = grant.filter(|grant| grant.file != *file) {
            // With the id the new file would get the accounts and the storage of the old one.
            missing.insert(0, format!("the id {}, which was granted to {}", definition.id, grant.file));
        }
        Ok(missing)
    }

    /// Keeps what the operator approved.
    pub(crate) async fn approve(&self, integration: &IntegrationId, grant: &Grant) -> Result<(), GrantError> {
        match self {
            Self::Declared => Ok(()),
            Self::Approved(store) => store.grant(integration, grant).await,
        }
    }
}
