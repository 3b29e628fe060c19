//! What operators and their machines ask: is it alive, is it ready, what does it count.

pub(in crate::http) mod health;
pub(in crate::http) mod metrics;
