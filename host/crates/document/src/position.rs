//! Where values stand in a text.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

/// A place in a text. It serializes as `line` and `column`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line, from 1 up.
    pub line: u32,
    /// The character in the line, from 1 up. A byte order mark at the beginning of the text does not count.
    pub column: u32,
}

impl Position {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    pub(crate) fn new(line: usize, column: usize) -> Self {
        Self { line: u32::try_from(line).unwrap_or(u32::MAX), column: u32::try_from(column).unwrap_or(u32::MAX) }
    }

    /// The position of the character that follows a text.
    pub(crate) fn after(text: &str) -> Self {
        let line = text.rsplit('\n').next().unwrap_or_default();
        Self::new(text.matches('\n').count() + 1, line.chars().count() + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// The position of a value and of everything in it.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) position: Position,
    pub(crate) inner: Inner,
}

/// The positions of what a value contains.
#[derive(Clone, Debug)]
pub(crate) enum Inner {
    Nothing,
    Items(Vec<Mark>),
    Members(BTreeMap<String, Mark>),
}

impl Mark {
    pub(crate) fn leaf(position: Position) -> Self {
        Self { position, inner: Inner::Nothing }
    }

    pub(crate) fn find(&self, pointer: &str) -> Position {
        let mut mark = self;
        for token in pointer.split('/').skip(1) {
            let next = match &mark.inner {
                Inner::Nothing => None,
                Inner::Items(items) => token.parse::<usize>().ok().and_then(|place| items.get(place)),
                Inner::Members(members) => members.get(&token.replace("~1", "/").replace("~0", "~")),
            };
            let Some(next) = next else { break };
            mark = next;
        }
        mark.position
    }
}
