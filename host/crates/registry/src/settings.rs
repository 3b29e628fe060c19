//! Settings of integrations: limits of a call, overrides for one integration, and how many calls run concurrently.

use std::collections::BTreeMap;

use serde::Deserialize;
use workway_model::{IntegrationId, check_range};
use workway_sandbox::{CallLimits, LimitOverrides};

const MOST_CALLS: u32 = 2_000;

/// The limits of calls.
#[derive(Clone, Debug, Default)]
pub struct RegistrySettings {
    pub limits: CallLimits,
    pub admission: AdmissionSettings,
    /// What differs for single integrations.
    pub integrations: BTreeMap<IntegrationId, IntegrationSettings>,
}

/// What an operator decides for one integration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntegrationSettings {
    pub limits: LimitOverrides,
}

impl RegistrySettings {
    /// The limits of one integration: the general ones with the operator's exceptions for it.
    pub fn limits_of(&self, integration: &IntegrationId) -> CallLimits {
        match self.integrations.get(integration) {
            Some(settings) => settings.limits.over(self.limits),
            None => self.limits,
        }
    }

    /// The largest memory that any integration may use, in bytes.
    pub fn largest_memory_bytes(&self) -> u64 {
        let overrides = self.integrations.values().filter_map(|settings| settings.limits.memory_bytes);
        overrides.chain([self.limits.memory_bytes]).max().unwrap_or(self.limits.memory_bytes)
    }

    /// The largest body that any integration may be sent, in bytes.
    pub fn largest_body_bytes(&self) -> u64 {
        let overrides = self.integrations.values().filter_map(|settings| settings.limits.body_bytes);
        overrides.chain([self.limits.body_bytes]).max().unwrap_or(self.limits.body_bytes)
    }

    /// Checks every number against its bounds.
    ///
    /// # Errors
    /// The section of the file and the setting that is out of range, in words.
    pub fn check(&self) -> Result<(), (String, String)> {
        let each = self.integrations.keys().map(|id| (format!("integrations.{id}.limits"), self.limits_of(id)));
        for (section, limits) in [("limits".to_owned(), self.limits)].into_iter().chain(each) {
            limits.check().map_err(|problem| (section, problem))?;
        }
        self.admission.check().map_err(|problem| ("admission".to_owned(), problem))
    }
}

/// How many calls run at once; one more is told to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionSettings {
    /// In the whole host. Default: 256.
    pub calls: u32,
    /// Of one integration, so that a slow one leaves room for the others. Default: 128.
    pub calls_per_integration: u32,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        Self { calls: 256, calls_per_integration: 128 }
    }
}

impl AdmissionSettings {
    /// Checks every number against its bounds.
    ///
    /// # Errors
    /// The setting that is out of range, in words.
    pub fn check(self) -> Result<(), String> {
        check_range("calls", self.calls, 1, MOST_CALLS)?;
        check_range("calls_per_integration", self.calls_per_integration, 1, MOST_CALLS)
    }
}
