//! Integrations and their actions.

pub(in crate::http) mod approve_integration;
pub(in crate::http) mod execute_action;
pub(in crate::http) mod follow_events;
pub(in crate::http) mod get_action;
pub(in crate::http) mod get_integration;
pub(in crate::http) mod get_stats;
pub(in crate::http) mod list_actions;
pub(in crate::http) mod list_integrations;
pub(in crate::http) mod reload_integration;
mod wire;
