//! What the registry needs from outside. The host, the test kit and tests pass their own.

use std::sync::Arc;

use cap_std::fs::Dir;
use workway_capability::{
    fetch::{CredentialHeaders, FetchClient},
    oauth::ConnectionSource,
    storage::{StorageBackend, StorageLimits},
};

use workway_resources::Share;

use super::Grants;

/// The registry's ways to files, network, accounts, storage, grants and meters.
#[derive(Clone)]
pub struct Services {
    /// The plugins folder; nothing outside it is reached.
    pub plugins: Arc<Dir>,
    /// From which each integration gets a client of its own.
    pub fetch: FetchClient,
    /// The host's own share of memory, for what no client asked for.
    pub share: Share,
    pub connections: Arc<dyn ConnectionSource>,
    /// The headers that an integration may not set towards a provider's hosts.
    pub credential_headers: Arc<CredentialHeaders>,
    pub storage: Arc<dyn StorageBackend>,
    pub storage_limits: StorageLimits,
    pub grants: Grants,
    /// Where calls are counted.
    pub recorder: Arc<dyn metrics::Recorder + Send + Sync>,
}
