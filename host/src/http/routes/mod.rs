//! The handlers: one domain a folder, one verb a file. Each loads, authorises, acts and answers, in that order.

pub(super) mod auth;
pub(super) mod developers;
pub(super) mod marketplace;
pub(super) mod oauth;
pub(super) mod operation;
pub(super) mod registry;
pub(super) mod schemas;
