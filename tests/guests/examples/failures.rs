//! A guest that fails in each way that the contract knows.

use std::time::Duration;

use workway_sdk::prelude::*;

integration! {
    id: "failures",
    name: "Failures",
    version: "1.0.0",
    description: "",
    actions: [fail],
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    InvalidInput,
    AuthRequired,
    PermissionDenied,
    NotFound,
    Conflict,
    RateLimited,
    Transient,
    Permanent,
    Halt,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Fail {
    kind: Kind,
    /// For `rate-limited` only.
    retry_after_ms: Option<u64>,
}

/// Fails in the way asked for.
#[action]
fn fail(_context: &Context, input: Fail) -> Result<Empty> {
    let message = "the guest failed on purpose".to_owned();
    Err(match input.kind {
        Kind::InvalidInput => Failure::InvalidInput(message),
        Kind::AuthRequired => Failure::AuthRequired(message),
        Kind::PermissionDenied => Failure::PermissionDenied(message),
        Kind::NotFound => Failure::NotFound(message),
        Kind::Conflict => Failure::Conflict(message),
        Kind::RateLimited => {
            Failure::RateLimited { message, retry_after: input.retry_after_ms.map(Duration::from_millis) }
        }
        Kind::Transient => Failure::Transient(message),
        Kind::Permanent => Failure::Permanent(message),
        Kind::Halt => Failure::Halt(message),
    })
}
