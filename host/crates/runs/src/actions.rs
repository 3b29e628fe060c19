//! What runs need from the registry: calling actions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use workway_model::{ActionId, ProviderId, UserId};
use workway_reducer::{Failure, StepPath};

use crate::RunId;

/// Calls actions.
#[async_trait]
pub trait Actions: Send + Sync {
    /// Whether an action may be called again after a call of which nobody knows what came of it. Not, if no integration offers
    /// the action now.
    fn is_idempotent(&self, action: &ActionId) -> bool;

    /// Calls an action and returns its output.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn call(&self, call: ActionCall<'_>) -> Result<Value, CallError>;
}

/// One attempt of a step.
#[derive(Debug)]
pub struct ActionCall<'a> {
    pub owner: &'a UserId,
    pub action: &'a ActionId,
    /// JSON text, secrets included.
    pub input: secrecy::SecretString,
    pub run: &'a RunId,
    pub path: &'a StepPath,
    /// From 1.
    pub attempt: u32,
    /// The same for all attempts of a step.
    pub idempotency_key: &'a str,
    /// Which account to use for which provider; the owner's default account where none is named.
    pub connections: &'a BTreeMap<ProviderId, String>,
}

/// Why an action gave no output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The host has no place for the call now. Nothing was called.
    Busy,
    Failed(Failure),
}
