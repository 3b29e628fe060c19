//! The actions, one file each.

pub(crate) mod greet;
