//! Developers: users with a public profile.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{fields::present, secret::Secret, time::Timestamp};

/// A name with at least one visible character, and no control characters.
#[derive(ToSchema)]
#[schema(
    example = "Ann Smith",
    max_length = 80,
    pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$"
)]
#[expect(dead_code, reason = "only a schema: the form of a text")]
pub(crate) struct DeveloperName(String);

/// A text with at least one visible character, and no control characters except line feeds.
#[derive(ToSchema)]
#[schema(
    max_length = 2000,
    pattern = "^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*$"
)]
#[expect(dead_code, reason = "only a schema: the form of a text")]
pub(crate) struct DeveloperBio(String);

/// A web address without a user name.
#[derive(ToSchema)]
#[schema(
    example = "https://ann.example.com",
    max_length = 500,
    pattern = "^https?://[^\\s\\u0000-\\u001f\\u007f-\\u009f]+$"
)]
#[expect(dead_code, reason = "only a schema: the form of a text")]
pub(crate) struct DeveloperWebsite(String);

/// A developer's public profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Developer {
    /// The developer's id.
    #[schema(example = "dev_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    pub id: String,
    /// The developer's name in URLs.
    #[schema(example = "ann")]
    pub slug: String,
    /// The name to show to people.
    #[schema(example = "Ann Smith")]
    pub name: String,
    /// What the developer says about themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// The developer's website.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// When the profile was created.
    pub created_at: Timestamp,
    /// Whether there are payout details. Only the developer's own requests get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_payout: Option<bool>,
}

/// Creates a developer profile.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewDeveloper {
    /// The developer's name in URLs. It cannot be changed.
    #[schema(example = "ann", pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", min_length = 3, max_length = 40)]
    pub slug: String,
    /// The name to show to people.
    #[schema(value_type = DeveloperName)]
    pub name: String,
    /// What the developer says about themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeveloperBio>)]
    pub bio: Option<String>,
    /// The developer's website.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeveloperWebsite>)]
    pub website: Option<String>,
    /// Where payouts go. Stored encrypted, and never returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 4096)]
    pub payout: Option<Secret>,
}

/// Changes a developer profile. Absent fields keep their value, `null` removes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeveloperChange {
    /// The name to show to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeveloperName>)]
    pub name: Option<String>,
    /// What the developer says about themselves.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeveloperBio>)]
    pub bio: Option<Option<String>>,
    /// The developer's website.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeveloperWebsite>)]
    pub website: Option<Option<String>>,
    /// Where payouts go. Stored encrypted, and never returned.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 4096)]
    pub payout: Option<Option<Secret>>,
}
