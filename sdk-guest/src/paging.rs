//! Lists that an upstream hands out page by page, as one iterator. It asks for a page when the one
//! before is used up, and knows nothing of how an upstream spells its cursors.

use std::collections::VecDeque;

use crate::{Failure, Result};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<Item, Cursor> {
    /// What is on it.
    pub items: Vec<Item>,
    /// Where the next one begins; nothing after the last.
    pub next: Option<Cursor>,
}

/// All items of a paged list, from [`paginate`].
#[derive(Debug)]
pub struct Pages<Item, Cursor, Read> {
    read: Read,
    waiting: VecDeque<Item>,
    /// Where the next page begins; the inner nothing is the first page.
    next: Option<Option<Cursor>>,
}

/// The items of a list that comes in pages. `read` reads one page: the first without a cursor, each
/// further one with the cursor of the page before. Take no more than you need, with `take(1_000)`
/// say: an upstream's list may be longer than a call can hold.
///
/// After an error there are no further items. A page that names itself as the next one is an error.
///
/// ```
/// use workway_sdk::{Page, Result, paginate};
///
/// fn read(cursor: Option<&u32>) -> Result<Page<&'static str, u32>> {
///     Ok(match cursor {
///         None => Page { items: vec!["a", "b"], next: Some(2) },
///         Some(_) => Page { items: vec!["c"], next: None },
///     })
/// }
///
/// let all: Result<Vec<_>> = paginate(read).collect();
/// assert_eq!(all, Ok(vec!["a", "b", "c"]));
/// ```
pub fn paginate<Item, Cursor, Read>(read: Read) -> Pages<Item, Cursor, Read>
where
    Cursor: PartialEq,
    Read: FnMut(Option<&Cursor>) -> Result<Page<Item, Cursor>>,
{
    Pages { read, waiting: VecDeque::new(), next: Some(None) }
}

impl<Item, Cursor, Read> Iterator for Pages<Item, Cursor, Read>
where
    Cursor: PartialEq,
    Read: FnMut(Option<&Cursor>) -> Result<Page<Item, Cursor>>,
{
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.waiting.pop_front() {
                return Some(Ok(item));
            }
            let cursor = self.next.take()?;
            match (self.read)(cursor.as_ref()) {
                Ok(page) if page.next.is_some() && page.next == cursor => {
                    return Some(Err(Failure::Permanent(
                        "the upstream returned the same cursor twice: paging would never end".into(),
                    )));
                }
                Ok(page) => {
                    self.waiting = page.items.into();
                    self.next = page.next.map(Some);
                }
                Err(failure) => return Some(Err(failure)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_when_the_one_before_is_used_up() {
        let mut reads = 0;
        let first: Vec<_> = paginate(|cursor: Option<&u32>| {
            reads += 1;
            let start = cursor.copied().unwrap_or(0);
            Ok(Page { items: vec![start, start + 1], next: Some(start + 2) })
        })
        .take(3)
        .collect();
        assert_eq!(first, [Ok(0), Ok(1), Ok(2)]);
        assert_eq!(reads, 2);
    }

    #[test]
    fn an_empty_page_is_not_the_end_and_an_error_is() {
        let mut pages = paginate(|cursor: Option<&u32>| match cursor {
            None => Ok(Page { items: vec![], next: Some(1) }),
            Some(1) => Ok(Page { items: vec!["a"], next: Some(2) }),
            Some(_) => Err(Failure::Transient("gone".into())),
        });
        assert_eq!(pages.next(), Some(Ok("a")));
        assert_eq!(pages.next(), Some(Err(Failure::Transient("gone".into()))));
        assert_eq!(pages.next(), None);
    }

    #[test]
    fn a_page_that_names_itself_ends_the_list() {
        let mut pages = paginate(|_: Option<&u32>| Ok(Page { items: vec![1], next: Some(7) }));
        assert_eq!(pages.next(), Some(Ok(1)));
        assert!(matches!(pages.next(), Some(Err(Failure::Permanent(_)))));
        assert_eq!(pages.next(), None);
    }
}
