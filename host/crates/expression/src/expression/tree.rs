//! The tree of an expression. Every name in it is known, and every call has the arguments that it takes.

use serde_json::Value;

use super::{Root, Segment};
use crate::evaluate::{filters::Filter, tests::Test};

/// A part of an expression that has a value.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Literal(Value),
    Root(Root),
    /// A member by a name or a place that is written out.
    Member(Box<Node>, Segment),
    /// A member by a computed name or place.
    Item(Box<Node>, Box<Node>),
    /// What is cut, from where, to where, by which step.
    Slice(Box<[Option<Node>; 4]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<(Node, Node)>),
    Or(Box<(Node, Node)>),
    Arithmetic(Arithmetic, Box<(Node, Node)>),
    /// Joined as texts.
    Concat(Box<(Node, Node)>),
    /// `a < b <= c`: every pair of neighbours has to hold.
    Compare(Box<Node>, Vec<(Comparison, Node)>),
    If {
        test: Box<Node>,
        then: Box<Node>,
        otherwise: Option<Box<Node>>,
    },
    Filter(&'static Filter, Box<Node>, Vec<Option<Node>>),
    Test(&'static Test, Box<Node>, Vec<Node>),
    Map(Box<Node>, Box<Mapping>),
    Select(Box<Node>, Box<Selection>),
    Call(Function, Vec<Node>),
    List(Vec<Node>),
    Object(Vec<(Node, Node)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// `//`: rounded down.
    DivideWhole,
    /// `%`: has the sign of the divisor.
    Remainder,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// What can be called by itself.
#[derive(Clone, Debug)]
pub(crate) enum Function {
    Range,
    /// With the names of its members.
    Dict(Vec<String>),
    Now,
}

/// What `map` makes of every item.
#[derive(Clone, Debug)]
pub(crate) enum Mapping {
    /// A member of it, and what stands for one that is missing.
    Attribute(Vec<Segment>, Option<Node>),
    Filter(&'static Filter, Vec<Option<Node>>),
}

/// Which items `select`, `reject`, `selectattr` and `rejectattr` keep.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// What is looked at: the item itself, if this is empty.
    pub(crate) attribute: Vec<Segment>,
    /// Without a test: whether it is true.
    pub(crate) test: Option<(&'static Test, Vec<Node>)>,
    pub(crate) keeps: bool,
}

impl Node {
    /// The parts that are evaluated, in the order in which they are written.
    pub(super) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Literal(_) | Self::Root(_) => Vec::new(),
            Self::Member(of, _) | Self::Not(of) | Self::Negate(of) => vec![of],
            Self::Item(of, place) => vec![of, place],
            Self::Slice(parts) => parts.iter().flatten().collect(),
            Self::And(pair) | Self::Or(pair) | Self::Arithmetic(_, pair) | Self::Concat(pair) => vec![&pair.0, &pair.1],
            Self::Compare(first, others) => {
                std::iter::once(&**first).chain(others.iter().map(|(_, other)| other)).collect()
            }
            Self::If { test, then, otherwise } => [&**then, test].into_iter().chain(otherwise.as_deref()).collect(),
            Self::Filter(_, of, arguments) => std::iter::once(&**of).chain(arguments.iter().flatten()).collect(),
            Self::Test(_, of, arguments) => std::iter::once(&**of).chain(arguments).collect(),
            Self::Map(of, mapping) => std::iter::once(&**of).chain(mapping.arguments()).collect(),
            Self::Select(of, selection) => {
                std::iter::once(&**of).chain(selection.test.iter().flat_map(|(_, arguments)| arguments)).collect()
            }
            Self::Call(_, arguments) | Self::List(arguments) => arguments.iter().collect(),
            Self::Object(members) => members.iter().flat_map(|(name, member)| [name, member]).collect(),
        }
    }
}

impl Mapping {
    pub(super) fn arguments(&self) -> Vec<&Node> {
        match self {
            Self::Attribute(_, default) => default.iter().collect(),
            Self::Filter(_, arguments) => arguments.iter().flatten().collect(),
        }
    }
}

impl Arithmetic {
    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::DivideWhole => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }
}

impl Comparison {
    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}
