//! The test kit of integration developers: cases in `tests/*.yaml` run the very component in the very sandbox, with the
//! registry, the limits and the checks of permissions that a host has. Accounts, storage and the upstream are the case's.
//!
//! [`Suite`] reads the files, [`Kit`] runs them. In a mock kit nothing reaches the network. A live kit sends for real, with
//! the user's own accounts, and can record what it is answered. It never prints, and what it records holds no token.

mod call;
mod case;
mod connections;
mod fixture;
mod json;
mod kit;
mod meter;
mod outcome;
mod pattern;
mod record;
mod redact;
mod suite;
mod world;

pub use case::{Case, MAX_NAME_BYTES};
pub use fixture::{Fixture, FixtureError, FixtureResponse};
pub use kit::{CaseReport, Kit, KitError, KitOptions, LiveServices};
pub use pattern::{RequestPattern, Texts, UrlPattern};
pub use record::write_recorded;
pub use suite::{MAX_CASES, MAX_FILE_BYTES, MAX_FILES, Suite, SuiteError, recorded_path};
