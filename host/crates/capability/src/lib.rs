//! What a guest can ask of the host: each capability is a context, made for one call from what was granted, and `host`
//! binds the contexts to the contract. Without a grant each of them answers `denied`.
//!
//! Never opens a database connection: the outside world is a trait beside its consumer.

pub mod fetch;
mod host;
pub mod log;
pub mod oauth;
pub mod storage;

pub(crate) use host::CapabilitiesView;
pub use host::OpenConnections;

/// Everything that one call may use.
pub struct Capabilities {
    pub fetch: fetch::FetchCtx,
    pub log: log::LogCtx,
    pub oauth: oauth::OAuthCtx,
    pub storage: storage::StorageCtx,
    /// What the call's handles stand for; empty when it begins.
    pub open: OpenConnections,
}
