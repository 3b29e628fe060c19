//! What expressions and templates are read as, and what they give.

mod evaluation;
mod expressions;
mod filters;

use std::{collections::BTreeMap, sync::LazyLock};

use secrecy::SecretString;
use serde_json::Value;
use workway_model::Timestamp;

use super::Scope;

/// The secret inputs of every scope.
pub(super) static SECRETS: LazyLock<BTreeMap<String, SecretString>> = LazyLock::new(|| {
    BTreeMap::from([("signing_key".to_owned(), "Jefe".into()), ("token".to_owned(), "s3cr3t".into())])
});

/// What expressions see with this data, at 2026-11-29T08:30:00Z.
pub(super) fn scope(data: &Value) -> Scope<'_> {
    Scope { data, layers: &[], now: Timestamp::from_seconds(1_795_941_000), secrets: &SECRETS }
}
