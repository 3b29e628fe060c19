//! Who may reach what over HTTP, beside tokens, and how much of it.

use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use url::Url;
use workway_model::check_range;
use workway_oauth::check_origin;

const MOST_CONNECTIONS: u32 = 65_536;
const MOST_GRACE_SECONDS: u64 = 3_600;

/// The section `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Origins of web pages that may send requests and read the answers.
    pub allowed_origins: Vec<Url>,
    /// Whether everybody may read `GET /metrics`, and not the operator alone.
    pub public_metrics: bool,
    /// Networks of proxies whose `Forwarded` and `X-Forwarded-For` name the client.
    pub trusted_proxies: Vec<IpNet>,
    /// Connections of all clients; a few more are answered for health checks and the operator only. Default: 1,024.
    pub connections: u32,
    /// Connections of one client, or requests that trusted proxies forward for it. Default: 256.
    pub connections_per_client: u32,
    /// How long requests may take to end at a shutdown, in seconds. Default: 10.
    pub shutdown_grace: u64,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            public_metrics: false,
            trusted_proxies: Vec::new(),
            connections: 1_024,
            connections_per_client: 256,
            shutdown_grace: 10,
        }
    }
}

impl ServerSettings {
    /// How long requests may take to end at a shutdown.
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace)
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let origins = self.allowed_origins.iter().try_for_each(check_origin);
        origins.map_err(|problem| format!("allowed_origins: {problem}"))?;
        check_range("connections", self.connections, 1, MOST_CONNECTIONS)?;
        check_range("connections_per_client", self.connections_per_client, 1, MOST_CONNECTIONS)?;
        check_range("shutdown_grace", self.shutdown_grace, 0, MOST_GRACE_SECONDS)
    }
}
