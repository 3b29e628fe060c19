//! Paging of lists by `limit` and `offset`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;

const DEFAULT_LIMIT: usize = 50;
/// Items of one answer.
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

/// Takes what part of a list a query may name, as limit and offset.
///
/// # Errors
/// 400 `invalid-query`.
pub(super) fn bounds(limit: usize, offset: usize) -> Result<(usize, usize), ApiError> {
    let refused = |detail| Err(ApiError::bad_request("invalid-query", detail));
    if !(1..=MAX_LIMIT).contains(&limit) {
        return refused(format!("limit is {limit}, possible are 1 to {MAX_LIMIT}"));
    }
    if offset > MAX_OFFSET {
        return refused(format!("offset is {offset}, possible are 0 to {MAX_OFFSET}"));
    }
    Ok((limit, offset))
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
        let (limit, offset) = bounds(self.limit.unwrap_or(DEFAULT_LIMIT), self.offset.unwrap_or(0))?;
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

#[cfg(test)]
mod tests {
    use super::{MAX_LIMIT, MAX_OFFSET, bounds};

    #[test]
    fn a_part_of_a_list_has_bounds() {
        assert_eq!(bounds(MAX_LIMIT, MAX_OFFSET).unwrap(), (MAX_LIMIT, MAX_OFFSET));
        for (limit, offset) in [(0, 0), (MAX_LIMIT + 1, 0), (1, MAX_OFFSET + 1), (1, usize::MAX)] {
            assert_eq!(bounds(limit, offset).unwrap_err().problem.code, "invalid-query", "{limit} {offset}");
        }
    }
}
