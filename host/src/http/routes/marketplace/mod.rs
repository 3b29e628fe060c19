//! Workflows that developers publish: finding, writing, installing and reviewing them.

pub(super) mod actor;
pub(super) mod convert;
mod problems;

pub(in crate::http) mod installations;
pub(in crate::http) mod lists;
pub(in crate::http) mod publication;
pub(in crate::http) mod reviews;
pub(in crate::http) mod screenshots;
pub(in crate::http) mod search;
pub(in crate::http) mod stats;
pub(in crate::http) mod validation;
pub(in crate::http) mod versions;
pub(in crate::http) mod workflows;
