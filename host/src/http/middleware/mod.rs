//! What happens to every request around its handler.

pub(super) mod admission;
pub(super) mod authority;
pub(super) mod browser;
pub(super) mod fallback;
pub(super) mod local_only;
pub(super) mod request_id;
pub(super) mod trace;
pub(super) mod unread;
