//! Whether a host is alive and ready.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer of a health check that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Which check passed.
    pub status: HealthStatus,
}

/// Which health check passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// The process answers.
    Ok,
    /// The integrations are loaded.
    Ready,
}
