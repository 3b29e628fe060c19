//! The JSON that a host takes and answers with: every request and response body, every query and the error envelope.
//!
//! The host, the CLI and the tests share these types, so each one is written once, for serializing and deserializing. The
//! crate holds shapes only: it validates nothing beyond them, knows no domain type but `Timestamp`, and performs no request. The
//! name of a type here is its schema name in `/openapi.json`.
//!
//! ```
//! use workway_api::{actions::ActionPage, error::{ErrorCode, Problem}};
//!
//! let page: ActionPage = serde_json::from_str(r#"{ "items": [], "total": 0, "limit": 50, "offset": 0 }"#)?;
//! assert_eq!(page.total, 0);
//!
//! let problem: Problem = serde_json::from_str(
//!     r#"{ "type": "about:blank", "title": "Not Found", "status": 404, "code": "action-not-found", "detail": "…" }"#,
//! )?;
//! assert_eq!(problem.code, ErrorCode::ActionNotFound);
//! # Ok::<_, serde_json::Error>(())
//! ```

pub mod actions;
pub mod auth;
pub mod connections;
pub mod developers;
pub mod error;
pub mod events;
mod fields;
pub mod health;
pub mod installations;
pub mod listings;
pub mod marketplace;
pub mod page;
pub mod providers;
pub mod registry;
pub mod reviews;
pub mod runs;
pub mod secret;
pub mod time;
pub mod validation;
pub mod versions;
