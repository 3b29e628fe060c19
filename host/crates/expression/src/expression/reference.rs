//! What an expression reads: a root, and the members that lead from it.

use std::fmt;

use super::Node;

/// Something that an expression reads: `steps.find.output.items[0]`. What follows a computed index is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub root: Root,
    pub path: Vec<Segment>,
}

/// Where a reference begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// What the installer filled in.
    Inputs,
    /// The event that started the run.
    Trigger,
    /// Steps that have ended.
    Steps,
    /// What a `for-each` is at.
    Item,
    /// The run itself.
    Run,
}

/// One member on the way of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    Name(String),
    /// Counted from 0; from the end, where it is negative: -1 is the last.
    Index(i64),
}

impl Root {
    /// All roots.
    pub const ALL: [Self; 5] = [Self::Inputs, Self::Trigger, Self::Steps, Self::Item, Self::Run];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Trigger => "trigger",
            Self::Steps => "steps",
            Self::Item => "item",
            Self::Run => "run",
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.root.as_str())?;
        self.path.iter().try_for_each(|segment| segment.fmt(formatter))
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(formatter, "[{index}]"),
            Self::Name(name) => {
                let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
                if !name.is_empty()
                    && name.chars().all(plain)
                    && !name.starts_with(|digit: char| digit.is_ascii_digit())
                {
                    write!(formatter, ".{name}")
                } else {
                    write!(formatter, "['{name}']")
                }
            }
        }
    }
}

impl Reference {
    /// Everything that `node` reads, in the order in which it stands there.
    pub(super) fn all_in(node: &Node) -> Vec<Self> {
        let mut found = Vec::new();
        collect(node, &mut found);
        found
    }

    /// What `node` reads, if it is a root with members that are written out.
    pub(crate) fn of(node: &Node) -> Option<Self> {
        match node {
            Node::Root(root) => Some(Self { root: *root, path: Vec::new() }),
            Node::Member(of, segment) => {
                let mut reference = Self::of(of)?;
                reference.path.push(segment.clone());
                Some(reference)
            }
            _ => None,
        }
    }
}

fn collect(node: &Node, found: &mut Vec<Reference>) {
    if let Some(reference) = Reference::of(node) {
        found.push(reference);
    } else {
        node.children().into_iter().for_each(|child| collect(child, found));
    }
}
