//! What a guest can ask of the host: each capability is a context, made for one call from what was granted. Without a
//! grant each of them answers `denied`. The sandbox binds the contexts to the contract.
//!
//! Never opens a database connection: the outside world is a trait beside its consumer.

pub mod fetch;
pub mod log;
pub mod oauth;
mod settings;
pub mod storage;

pub use settings::DnsSettings;
use workway_resources::HeldMemory;

/// Everything that one call may use.
pub struct Capabilities {
    /// The host's memory that the call holds. Its guest's memory counts towards it.
    pub memory: HeldMemory,
    pub fetch: fetch::FetchCtx,
    pub log: log::LogCtx,
    pub oauth: oauth::OAuthCtx,
    pub storage: storage::StorageCtx,
    /// The connections behind the call's handles; empty at its start.
    pub open: oauth::OpenConnections,
}
