//! Who decides what an integration is granted.

use std::sync::Arc;

use serde::Deserialize;
use workway_model::{Definition, FileName, Grant, GrantError, GrantStore, IntegrationId, Widening};

/// Who decides what an integration is granted.
#[derive(Clone)]
pub enum Grants {
    /// Each integration is granted what it declares: development and the test kit.
    Declared,
    /// The operator approves, and the store keeps it.
    Approved { store: Arc<dyn GrantStore>, pin: Pin },
}

/// What a grant is bound to, beside the integration's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pin {
    /// The file's name: another content needs an approval only if it asks for more.
    #[default]
    File,
    /// The file's content, too: whatever was not approved byte for byte needs an approval, even if it asks for nothing.
    Hash,
}

impl Grants {
    /// Returns what a definition asks for beyond the grant of the file that holds it, in words. `hash` is the SHA-256 of
    /// the file's content.
    pub(crate) async fn missing(
        &self,
        definition: &Definition,
        file: &FileName,
        hash: &[u8; 32],
    ) -> Result<Vec<String>, GrantError> {
        let Self::Approved { store, pin } = self else { return Ok(Vec::new()) };
        let grant = store.granted(&definition.id).await?;
        let mut missing = Vec::new();
        match &grant {
            // With the id the new file would get the accounts and the storage of the old one.
            Some(grant) if grant.file != *file => {
                missing.push(format!("the id {}, which was granted to {}", definition.id, grant.file));
            }
            _ if *pin == Pin::File => {}
            Some(Grant { hash: Some(approved), .. }) if approved == hash => {}
            Some(Grant { hash: Some(_), .. }) => {
                missing.push(format!("the new content of {file}, which changed since it was approved"));
            }
            Some(Grant { hash: None, .. }) => {
                missing.push(format!("the content of {file}, whose SHA-256 was not recorded when it was approved"));
            }
            None => missing.push(format!("the content of {file}, which was never approved")),
        }
        let granted = grant.map(|grant| grant.permissions).unwrap_or_default();
        missing.extend(definition.permissions.beyond(&granted).iter().map(Widening::to_string));
        Ok(missing)
    }

    /// Keeps what the operator approved.
    pub(crate) async fn approve(&self, integration: &IntegrationId, grant: &Grant) -> Result<(), GrantError> {
        match self {
            Self::Declared => Ok(()),
            Self::Approved { store, .. } => store.grant(integration, grant).await,
        }
    }
}
