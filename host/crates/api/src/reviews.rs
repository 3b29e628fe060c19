//! Reviews of workflows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{fields::whole, page::Page, time::Timestamp};

/// Reviews of a workflow, newest first.
pub type ReviewPage = Page<Review>;

/// A user's review of a workflow. It does not identify the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// 1 to 5.
    pub rating: u8,
    /// The review's text; may be empty.
    pub text: String,
    /// When the user first reviewed the workflow.
    pub created_at: Timestamp,
    /// When the review was last changed.
    pub updated_at: Timestamp,
}

/// Reviews a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewReview {
    /// 1 to 5.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 5)]
    pub rating: u8,
    /// At most 4,000 characters without NUL.
    #[serde(default)]
    #[schema(max_length = 4000, pattern = "^[^\\u0000]*$")]
    pub text: String,
}
