//! The handlers, grouped by resource. Each one authorizes, loads, acts and answers, in that order, and converts the domain's
//! types to those of `workway_api`.

pub(super) mod auth;
pub(super) mod developers;
pub(super) mod installations;
pub(super) mod marketplace;
pub(super) mod oauth;
pub(super) mod operation;
pub(super) mod registry;
pub(super) mod runs;
pub(super) mod schemas;
