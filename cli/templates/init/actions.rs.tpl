//! The actions, one to a file.

pub(crate) mod greet;
