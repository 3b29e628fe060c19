//! What an integration is: ids, definition, permissions, failures; and the one clock type. Pure data: nothing here performs
//! I/O, sees a runtime or knows a wire shape other than its own `serde` one.

mod definition;
mod draft;
mod failure;
mod file_name;
mod grant;
mod id;
mod json_size;
mod mode;
mod permissions;
mod pointer;
mod range;
mod schema;
mod schema_cost;
mod schema_meter;
mod surrogate;
mod timestamp;

pub use definition::{Action, Definition, Trigger, TriggerKind};
pub use draft::{ActionDraft, DefinitionDraft, PermissionsDraft, TriggerDraft};
pub use failure::{Failure, FailureKind};
pub use file_name::{FileName, FileNameError};
pub use grant::{Grant, GrantError, GrantStore};
pub use id::{ActionId, IdError, IntegrationId, LocalId, ProviderId, UserId, is_slug};
pub use json_size::json_tree_bytes;
pub use mode::Mode;
pub use permissions::{ConnectionNeed, Permissions, Widening};
pub use pointer::{Pointer, child, local_pointer};
pub use range::check_range;
pub use schema::{InputProblem, Schema, SchemaError};
pub use schema_cost::CostError;
pub use surrogate::has_lone_surrogate;
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use workway_policy::{HostPattern, HostPatternError};
