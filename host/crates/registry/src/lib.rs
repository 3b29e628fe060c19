//! The registry of integrations, and the calls of their actions. Readers never wait: they load one snapshot. Writers
//! run one after another, and each swaps the snapshot once.
//!
//! It knows no HTTP and opens no database: it stores through [`Grants`] and the capabilities' traits.

mod activation;
mod admission;
mod events;
mod execute;
mod follow;
mod grants;
mod load;
mod meter;
mod services;
mod settings;
mod snapshot;
mod triggers;
pub mod watcher;

use std::sync::Arc;

use arc_swap::ArcSwap;
use workway_model::{ActionId, IntegrationId};
use workway_resources::Share;
use workway_sandbox::Runtime;

pub use activation::{Activated, ActivationError, ApproveError};
pub use events::{Change, FollowError, Follower, Loading, Notification, Phases, RegistryEvent};
pub use execute::{ExecuteError, Execution};
pub use follow::RecheckQueue;
pub use grants::{Grants, Pin};
pub use services::Services;
pub use settings::{AdmissionSettings, IntegrationSettings, RegistrySettings};
pub use snapshot::{Active, LoadFailure, Pending, RegisteredIntegration, Snapshot, Status};
pub use triggers::TriggerExecution;

use admission::Admission;
use events::Events;

/// The registry of integrations and their actions. Cheap to clone.
#[derive(Clone)]
pub struct ActionRegistry(Arc<Inner>);

struct Inner {
    runtime: Runtime,
    services: Services,
    settings: RegistrySettings,
    admission: Admission,
    snapshot: ArcSwap<Snapshot>,
    events: Events,
    /// Held by whoever is about to swap the snapshot.
    writer: tokio::sync::Mutex<()>,
}

/// There is no such integration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown integration \"{0}\"")]
pub struct UnknownIntegration(pub IntegrationId);

impl ActionRegistry {
    pub fn new(runtime: Runtime, services: Services, settings: RegistrySettings) -> Self {
        let admission = Admission::new(settings.admission);
        Self(Arc::new(Inner {
            runtime,
            services,
            settings,
            admission,
            snapshot: ArcSwap::default(),
            events: Events::new(),
            writer: tokio::sync::Mutex::default(),
        }))
    }

    /// What is registered at this moment. The answer does not change while it is held.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// The serving version of an integration with this action, if there is one.
    pub fn lookup(&self, id: &ActionId) -> Option<Arc<Active>> {
        let snapshot = self.0.snapshot.load();
        let active = snapshot.integrations.get(&id.integration)?.active.as_ref()?;
        active.definition.action(&id.action)?;
        Some(Arc::clone(active))
    }

    /// Follows what happens to integrations from now on.
    ///
    /// # Errors
    /// Too many follow already, or the host shuts down.
    pub fn follow(&self) -> Result<Follower, FollowError> {
        self.0.events.follow()
    }

    /// Ends all who follow.
    pub fn end_events(&self) {
        self.0.events.end();
    }

    /// Waits until the code of what was loaded lies in the cache.
    pub async fn finish_keeping(&self) {
        self.0.runtime.finish_keeping().await;
    }

    /// The host's own share of its memory, for calls that no client asked for.
    pub fn share(&self) -> &Share {
        &self.0.services.share
    }

    /// Calls of an integration that run or wait right now, and those that may.
    pub fn calls_in_flight(&self) -> (usize, usize) {
        self.0.admission.in_flight()
    }
}
