//! What a client says of a workflow, in the bodies of several routes.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use workway_marketplace::{Actor, ListingChange};

use super::wire::{WirePricing, WireVisibility};
use crate::{
    app::App,
    http::{error::ApiError, extract::optional_object},
};

/// A word or two to find a workflow by.
#[derive(ToSchema)]
#[schema(example = "standup", min_length = 1, max_length = 32)]
#[expect(dead_code, reason = "a schema alone: the shape of a text")]
pub(in crate::http) struct Tag(String);

/// What is to be changed of a workflow; what is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct WorkflowChange {
    /// At most 80 characters, of which one at least is a letter or digit.
    #[serde(default)]
    #[schema(example = "Daily standup", min_length = 1, max_length = 80)]
    pub(super) name: Option<String>,
    /// 3 to 64 lower-case letters and digits, in words joined by single hyphens.
    #[serde(default)]
    #[schema(example = "daily-standup", min_length = 3, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub(super) slug: Option<String>,
    /// What it does, in one line of at most 160 characters.
    #[serde(default)]
    #[schema(max_length = 160)]
    pub(super) tagline: Option<String>,
    /// At most 20,000 characters, none of them NUL.
    #[serde(default)]
    #[schema(max_length = 20000, pattern = "^[^\\u0000]*$")]
    pub(super) description: Option<String>,
    /// One of `GET /marketplace/stats`.
    #[serde(default)]
    #[schema(example = "productivity")]
    pub(super) category: Option<String>,
    /// At most ten of at most 32 characters, each with a letter or digit.
    #[serde(default)]
    #[schema(max_items = 10, value_type = Option<Vec<Tag>>)]
    pub(super) tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "optional_object")]
    pub(super) pricing: Option<WirePricing>,
    #[serde(default)]
    pub(super) visibility: Option<WireVisibility>,
}

impl From<WorkflowChange> for ListingChange {
    fn from(change: WorkflowChange) -> Self {
        Self {
            name: change.name,
            slug: change.slug,
            tagline: change.tagline,
            description: change.description,
            category: change.category,
            tags: change.tags,
            pricing: change.pricing.map(Into::into),
            visibility: change.visibility.map(Into::into),
        }
    }
}

/// The definition of a body that has it as JSON or as YAML.
pub(super) async fn definition(
    app: &App,
    actor: &Actor,
    json: Option<Value>,
    yaml: Option<String>,
) -> Result<Option<Value>, ApiError> {
    match (json, yaml) {
        (Some(_), Some(_)) => {
            let detail = "send workflowDefinition or workflowYaml, not both";
            Err(ApiError::bad_request("invalid-body", detail))
        }
        (json, None) => Ok(json),
        (None, Some(yaml)) => Ok(Some(app.marketplace().read_yaml(actor, yaml).await?)),
    }
}
