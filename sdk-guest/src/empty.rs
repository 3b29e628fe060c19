//! The input of an action that takes nothing and the output of one that answers nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An object without fields: `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}
