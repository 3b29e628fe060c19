//! Listings: workflows in the marketplace.
//!
//! A listing has five shapes, because five things are said about it:
//!
//! - [`Listing`]: what lists show. It has no description, definition or screenshots, so that a page of 100 stays small.
//! - [`ListingDetail`]: a [`Listing`] with those three.
//! - [`ListingPage`](crate::marketplace::ListingPage): a part of a list. It is not a [`Page`](crate::page::Page), because its
//!   total may be a lower bound.
//! - [`NewListing`]: creates one. The name is required, and the first definition comes with it.
//! - [`ListingChange`]: changes one. Every field is optional, and the definition is changed by adding a version.
//!
//! The last two repeat fields, because serde cannot combine `flatten` with `deny_unknown_fields`, and a misspelt field must be
//! refused.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    fields::{optional_object, whole},
    time::Timestamp,
};

/// A workflow in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The workflow's id.
    #[schema(example = "wf_01939b1e6f5c7d0e8a9b0c1d2e3f4a5b")]
    pub id: String,
    /// The workflow's name in URLs.
    #[schema(example = "daily-standup")]
    pub slug: String,
    /// The name to show to people.
    pub name: String,
    /// What the workflow does, in one line.
    pub tagline: String,
    /// The category's id.
    #[schema(example = "productivity")]
    pub category: String,
    /// Words to find the workflow by.
    pub tags: Vec<String>,
    /// What an installation costs.
    pub pricing: Pricing,
    /// Who can see the workflow.
    pub visibility: Visibility,
    /// Whether the workflow is published.
    pub status: ListingStatus,
    /// Providers at which a user needs an account, computed from the definition.
    pub required_oauth_providers: Vec<String>,
    /// The workflow's developer.
    pub developer: ListingDeveloper,
    /// Number of users who ever installed it.
    pub install_count: u32,
    /// Number of users who have it installed.
    pub active_install_count: u32,
    /// 1 to 5, not rounded; `null` without a review.
    pub average_rating: Option<f64>,
    /// Number of reviews.
    pub review_count: u32,
    /// Whether the operator features it.
    pub featured: bool,
    /// The version that new installations get.
    pub workflow_version: u32,
    /// When the workflow was created.
    pub created_at: Timestamp,
    /// When the workflow was last changed.
    pub updated_at: Timestamp,
    /// When the workflow was last published; `null` if it never was.
    pub published_at: Option<Timestamp>,
}

/// A workflow with its description, definition and screenshots.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListingDetail {
    /// What lists show.
    #[serde(flatten)]
    pub summary: Listing,
    /// What the workflow does.
    pub description: String,
    /// The definition. `/schemas/workflow-1.json` describes a published one.
    #[schema(value_type = Object)]
    pub workflow_definition: Box<RawValue>,
    /// The text of the definition, as its developer sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<WorkflowSource>,
    /// The screenshots, in order.
    pub screenshots: Vec<Screenshot>,
}

/// The text of a definition, with its comments and order. Versions from before texts were stored have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowSource {
    /// The language of the text.
    pub format: SourceFormat,
    /// The text, at most 256 KiB.
    pub text: String,
}

/// The language of a definition's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceFormat {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// A screenshot of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Screenshot {
    /// The screenshot's id.
    pub id: String,
    /// The image's path on this host.
    pub url: String,
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// The developer of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListingDeveloper {
    /// The developer's id.
    pub id: String,
    /// The developer's name in URLs.
    pub slug: String,
    /// The name to show to people.
    pub name: String,
}

/// What an installation costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pricing {
    /// How the price is paid.
    pub model: PricingModel,
    /// Whole cents of US dollars: 0 for a free workflow, otherwise 100 to 99,900.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 99_900, default = 0)]
    pub cents: u32,
}

/// How a price is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PricingModel {
    /// Not at all.
    Free,
    /// Once.
    OneTime,
    /// Every month.
    Monthly,
}

/// Who can see a published workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everyone.
    Public,
    /// Its developer.
    Private,
}

/// Whether a workflow is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ListingStatus {
    /// It was never published.
    Draft,
    /// It is published.
    Published,
    /// It was published before.
    Unpublished,
    /// It was deleted.
    Deleted,
}

/// A word or two to find a workflow by.
#[derive(ToSchema)]
#[schema(example = "standup", min_length = 1, max_length = 32)]
#[expect(dead_code, reason = "only a schema: the form of a text")]
pub(crate) struct Tag(String);

/// Creates a workflow. It is a draft until it is published, and may be incomplete until then.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewListing {
    /// At most 80 characters, with at least one letter or digit.
    #[schema(example = "Daily standup", min_length = 1, max_length = 80)]
    pub name: String,
    /// 3 to 64 lower-case letters and digits, in words joined by single hyphens. By default made from the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "daily-standup", min_length = 3, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: Option<String>,
    /// What the workflow does, in one line of at most 160 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 160)]
    pub tagline: Option<String>,
    /// At most 20,000 characters without NUL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20000, pattern = "^[^\\u0000]*$")]
    pub description: Option<String>,
    /// A category's id, from `GET /marketplace/stats`. By default `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "productivity")]
    pub category: Option<String>,
    /// At most ten tags of at most 32 characters, each with a letter or digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10, value_type = Option<Vec<Tag>>)]
    pub tags: Option<Vec<String>>,
    /// What an installation costs. By default nothing.
    #[serde(default, deserialize_with = "optional_object", skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    /// Who can see the workflow once it is published. By default everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// The definition as JSON, at most 256 KiB, the text of which is stored as you send it. To be published, it must match `/schemas/workflow-1.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, example = json!({
        "name": "Daily standup",
        "trigger": { "schedule": { "cron": "0 9 * * 1-5", "timezone": "Europe/Rome" } },
        "steps": [{ "id": "ask", "uses": "slack.post-message", "with": { "channel": "#team", "text": "What is new?" } }],
    }))]
    pub workflow_definition: Option<Box<RawValue>>,
    /// The definition as YAML, at most 256 KiB, which must be complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_yaml: Option<String>,
}

/// Changes a workflow. Absent fields keep their value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListingChange {
    /// At most 80 characters, with at least one letter or digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Daily standup", min_length = 1, max_length = 80)]
    pub name: Option<String>,
    /// 3 to 64 lower-case letters and digits, in words joined by single hyphens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "daily-standup", min_length = 3, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: Option<String>,
    /// What the workflow does, in one line of at most 160 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 160)]
    pub tagline: Option<String>,
    /// At most 20,000 characters without NUL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20000, pattern = "^[^\\u0000]*$")]
    pub description: Option<String>,
    /// A category's id, from `GET /marketplace/stats`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "productivity")]
    pub category: Option<String>,
    /// At most ten tags of at most 32 characters, each with a letter or digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10, value_type = Option<Vec<Tag>>)]
    pub tags: Option<Vec<String>>,
    /// What an installation costs.
    #[serde(default, deserialize_with = "optional_object", skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    /// Who can see the workflow once it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
}

/// Features a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeaturedPosition {
    /// Lower positions come first.
    #[serde(deserialize_with = "whole")]
    #[schema(format = Int64, minimum = 0, maximum = 4294967295_u64)]
    pub position: u32,
}
