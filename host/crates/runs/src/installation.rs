//! What runs need to know of installations. The marketplace has them; triggers follow from them.

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use workway_model::{ProviderId, UserId};

use crate::RunStoreError;

/// Finds installations.
#[async_trait]
pub trait Installations: Send + Sync {
    /// An installation by its id, also one that was uninstalled. None if there never was one.
    async fn find(&self, id: &str) -> Result<Option<Installation>, RunStoreError>;

    /// Installations with their revisions after an id, in the order of ids, at most `most`.
    async fn revisions(&self, after: &str, most: u32) -> Result<Vec<(String, u64)>, RunStoreError>;
}

/// An installation of a workflow, as its runs need it.
#[derive(Clone)]
pub struct Installation {
    pub id: String,
    pub owner: UserId,
    /// The listing.
    pub workflow: String,
    pub version: u32,
    /// Canonical JSON.
    pub definition: String,
    /// Without secrets.
    pub inputs: Value,
    pub secrets: BTreeMap<String, SecretString>,
    pub connections: BTreeMap<ProviderId, String>,
    pub is_paused: bool,
    pub is_uninstalled: bool,
    /// Grows with every write.
    pub revision: u64,
    /// The secret part of the address of a webhook.
    pub webhook_token: Option<SecretString>,
}

impl fmt::Debug for Installation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Installation({}, revision {})", self.id, self.revision)
    }
}
