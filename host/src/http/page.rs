//! Paging of lists by `limit` and `offset`, or by `limit` and a cursor.

use workway_api::{
    error::ErrorCode,
    page::{Page, PageQuery},
    registry::RegistryQuery,
};

use super::error::ApiError;

/// Default limit of the marketplace's lists, whose items are large.
const DEFAULT_LIMIT: usize = 20;
/// Default limit of the registry's lists.
const REGISTRY_DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;
/// Nobody pages through a longer list: a larger offset is a mistake or a probe.
const MAX_OFFSET: usize = 1_000_000;

/// Returns the limit and offset of a query.
///
/// # Errors
/// 400 `invalid-query`.
pub(super) fn bounds(query: PageQuery) -> Result<(usize, usize), ApiError> {
    check(query.limit.unwrap_or(DEFAULT_LIMIT), query.offset.unwrap_or(0))
}

/// Returns the limit of a list that is paged by a cursor.
///
/// # Errors
/// 400 `invalid-query`.
pub(super) fn limit(limit: Option<usize>) -> Result<usize, ApiError> {
    Ok(check(limit.unwrap_or(DEFAULT_LIMIT), 0)?.0)
}

/// Returns the part of `all` that the query chooses. Only its items are shown; the others are counted.
///
/// # Errors
/// 400 `invalid-query`.
pub(super) fn of<I, T>(
    query: &RegistryQuery,
    all: impl Iterator<Item = I>,
    show: impl Fn(I) -> T,
) -> Result<Page<T>, ApiError> {
    let (limit, offset) = check(query.limit.unwrap_or(REGISTRY_DEFAULT_LIMIT), query.offset.unwrap_or(0))?;
    let mut total = 0;
    let mut items = Vec::new();
    for (position, item) in all.enumerate() {
        if position >= offset && items.len() < limit {
            items.push(show(item));
        }
        total += 1;
    }
    Ok(Page { items, total, limit, offset })
}

fn check(limit: usize, offset: usize) -> Result<(usize, usize), ApiError> {
    let refused = |detail| Err(ApiError::bad_request(ErrorCode::InvalidQuery, detail));
    if !(1..=MAX_LIMIT).contains(&limit) {
        return refused(format!("limit must be between 1 and {MAX_LIMIT} (got {limit})"));
    }
    if offset > MAX_OFFSET {
        return refused(format!("offset must be between 0 and {MAX_OFFSET} (got {offset})"));
    }
    Ok((limit, offset))
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, MAX_LIMIT, MAX_OFFSET, RegistryQuery, check, of};

    #[test]
    fn limit_and_offset_are_bounded() {
        assert_eq!(check(MAX_LIMIT, MAX_OFFSET).unwrap(), (MAX_LIMIT, MAX_OFFSET));
        for (limit, offset) in [(0, 0), (MAX_LIMIT + 1, 0), (1, MAX_OFFSET + 1), (1, usize::MAX)] {
            assert_eq!(check(limit, offset).unwrap_err().problem.code, ErrorCode::InvalidQuery, "{limit} {offset}");
        }
        assert_eq!(check(0, 0).unwrap_err().problem.detail, "limit must be between 1 and 100 (got 0)");
    }

    #[test]
    fn items_outside_the_page_are_counted_and_not_shown() {
        let query = RegistryQuery { limit: Some(2), offset: Some(1), ..RegistryQuery::default() };
        let page = of(&query, 0..5, |item| {
            assert!((1..3).contains(&item), "{item} is shown");
            item
        });
        let page = page.unwrap();
        assert_eq!((page.items, page.total, page.limit, page.offset), (vec![1, 2], 5, 2, 1));
    }
}
