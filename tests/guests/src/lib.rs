//! What several guests share. The guests themselves are this package's examples: each is one
//! component, named after the case that it plays.

pub mod outcome;
pub mod ping;
pub mod raw;
