//! Who may reach what over HTTP, beside tokens.

use serde::Deserialize;
use url::Url;
use workway_oauth::check_origin;

/// The section `[server]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Origins of web pages that may send requests and read the answers.
    pub allowed_origins: Vec<Url>,
    /// Whether everybody may read `GET /metrics`, and not the operator alone.
    pub public_metrics: bool,
}

impl ServerSettings {
    pub(super) fn check(&self) -> Result<(), String> {
        self.allowed_origins.iter().try_for_each(check_origin).map_err(|problem| format!("allowed_origins: {problem}"))
    }
}
