//! Actions and their execution.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};

use crate::page::Page;

/// Actions, ordered by the ids of their integrations.
pub type ActionPage = Page<Action>;

/// An action in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// `<integration>.<action>`.
    #[schema(example = "slack.post-message")]
    pub id: String,
    /// The integration's id.
    pub integration: String,
    /// The name to show to people.
    pub name: String,
    /// What the action does.
    pub description: String,
    /// The provider whose connection the action uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The scopes that the action needs.
    pub scopes: Vec<String>,
    /// Whether repeating a call with the same idempotency key is safe.
    pub idempotent: bool,
}

/// An action with its schemas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionDetail {
    /// What lists show.
    #[serde(flatten)]
    pub summary: Action,
    /// JSON Schema 2020-12 of the request's `input`.
    #[schema(value_type = Object)]
    pub input_schema: Value,
    /// JSON Schema 2020-12 of the response's `output`.
    #[schema(value_type = Object)]
    pub output_schema: Value,
}

/// Runs an action. The input stays text: the host passes it on to the guest as it came.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecuteRequest {
    /// The action's input, as its `inputSchema` describes it.
    #[schema(value_type = Value, example = json!({ "channel": "C0123456789", "text": "Hello" }))]
    pub input: Box<RawValue>,
    /// Ids of the connections to use, by provider. Without an entry the caller's default connection is used.
    #[serde(default)]
    #[schema(schema_with = connections_by_provider)]
    pub connections: BTreeMap<String, String>,
}

fn connections_by_provider() -> Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let provider = text().pattern(Some("^[a-z][a-z0-9-]*$")).max_length(Some(64)).build();
    ObjectBuilder::new()
        .description(Some(
            "Ids of the connections to use, by provider. Without an entry the caller's default connection is used.",
        ))
        .property_names(Some(provider))
        .additional_properties(Some(text()))
        .build()
}

/// The result of an action.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteResponse {
    /// The action's output, as its `outputSchema` describes it; `null` if the action halted.
    #[schema(value_type = Value)]
    pub output: Option<Box<RawValue>>,
    /// Why the action halted: there was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub halted: Option<String>,
    /// Time from the request's arrival to its answer, in milliseconds.
    pub duration_ms: f64,
}
