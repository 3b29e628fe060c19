//! A developer as this folder's handlers answer with.

use serde::Serialize;
use utoipa::ToSchema;
use workway_users::Developer;

/// A name that has more than blanks, and no control characters.
#[derive(ToSchema)]
#[schema(
    example = "Ann Smith",
    max_length = 80,
    pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$"
)]
#[expect(dead_code, reason = "a schema alone: the shape of a text")]
pub(in crate::http) struct DeveloperName(String);

/// A text that has more than blanks, and of control characters line feeds alone.
#[derive(ToSchema)]
#[schema(
    max_length = 2000,
    pattern = "^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*$"
)]
#[expect(dead_code, reason = "a schema alone: the shape of a text")]
pub(in crate::http) struct DeveloperBio(String);

/// A web address, without a user in it.
#[derive(ToSchema)]
#[schema(
    example = "https://ann.example.com",
    max_length = 500,
    pattern = "^https?://[^\\s\\u0000-\\u001f\\u007f-\\u009f]+$"
)]
#[expect(dead_code, reason = "a schema alone: the shape of a text")]
pub(in crate::http) struct DeveloperWebsite(String);

/// A developer's public profile.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WireDeveloper {
    #[schema(example = "dev_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    id: String,
    #[schema(example = "ann")]
    slug: String,
    #[schema(example = "Ann Smith")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<String>,
    /// Unix seconds.
    created_at: u64,
    /// Whether there are payout details. The developer alone is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_payout: Option<bool>,
}

impl WireDeveloper {
    /// As everybody sees it.
    pub(super) fn public(developer: Developer) -> Self {
        Self { has_payout: None, ..Self::own(developer) }
    }

    /// As the developer sees it.
    pub(super) fn own(developer: Developer) -> Self {
        Self {
            id: developer.id.to_string(),
            slug: developer.slug.to_string(),
            name: developer.name,
            bio: developer.bio,
            website: developer.website,
            created_at: developer.created_at,
            has_payout: Some(developer.has_payout),
        }
    }
}
