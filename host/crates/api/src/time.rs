//! Points in time on the wire.

pub use workway_model::Timestamp;
