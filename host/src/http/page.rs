//! Paging of lists by `limit` and `offset`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;
/// No list that a person pages through is longer; what is asked for beyond it is a mistake or a probe.
const MAX_OFFSET: usize = 1_000_000;

/// Which part of a list, and which of its items.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Items in the answer, 1 to 100; 50 unless said.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
    /// Items to leave out first, at most 1,000,000.
    #[param(maximum = 1_000_000, default = 0)]
    offset: Option<usize>,
    /// Only integrations of this category, or their actions.
    pub(super) category: Option<String>,
    /// Only what uses connections of this provider.
    pub(super) provider: Option<String>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    items: Vec<T>,
    /// Items in the whole list, after filtering.
    total: usize,
    limit: usize,
    offset: usize,
}

impl ListQuery {
    /// The items asked for, each made by `show`; the others are only counted.
    pub(super) fn page<I, T>(&self, all: impl Iterator<Item = I>, show: impl Fn(I) -> T) -> Result<Page<T>, ApiError> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(ApiError::bad_request(
                "invalid-query",
                format!("limit is {limit}, possible are 1 to {MAX_LIMIT}"),
            ));
        }
        let offset = self.offset.unwrap_or(0);
        if offset > MAX_OFFSET {
            return Err(ApiError::bad_request(
                "invalid-query",
                format!("offset is {offset}, possible are 0 to {MAX_OFFSET}"),
            ));
        }
        let mut total = 0;
        let mut items = Vec::new();
        for item in all {
            if total >= offset && items.len() < limit {
                items.push(show(item));
            }
            total += 1;
        }
        Ok(Page { items, total, limit, offset })
    }
}
