//! Where an expression reads secret inputs, and what it does with them.

use std::collections::BTreeSet;

use super::{Expression, Mapping, Node, Reference, Root, Segment};

/// The filter whose key is a secret.
const KEYED: &str = "hmac";

/// A use of secret inputs that is not allowed everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretUse {
    /// The expression gives the secret itself.
    HandedOn(String),
    /// Something looks into the secret, by its reference.
    LookedAt(String),
    /// A member of `inputs` whose name is computed: it could be a secret.
    Computed,
    /// A key of `hmac` that is no secret.
    KeyInTheOpen,
}

/// What becomes of the value of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is what the expression gives.
    Result,
    /// It is the key of `hmac`.
    Key,
    /// Something computes with it.
    Part,
}

impl Expression {
    /// How it uses the inputs `secrets`. Keys of `hmac` are left out, where they may be.
    pub fn secret_uses(&self, secrets: &BTreeSet<&str>) -> Vec<SecretUse> {
        let mut found = Vec::new();
        walk(self.tree(), Place::Result, secrets, &mut found);
        found
    }
}

fn walk(node: &Node, place: Place, secrets: &BTreeSet<&str>, found: &mut Vec<SecretUse>) {
    if let Some(reference) = Reference::of(node) {
        let name = match reference.path.first() {
            Some(Segment::Name(name)) if reference.root == Root::Inputs && secrets.contains(name.as_str()) => name,
            _ if place == Place::Key => return found.push(SecretUse::KeyInTheOpen),
            _ => return,
        };
        return match place {
            _ if reference.path.len() > 1 => found.push(SecretUse::LookedAt(reference.to_string())),
            Place::Result => found.push(SecretUse::HandedOn(name.clone())),
            Place::Part => found.push(SecretUse::LookedAt(reference.to_string())),
            Place::Key => {}
        };
    }
    let mut part = |node: &Node| walk(node, Place::Part, secrets, found);
    match node {
        Node::If { test, then, otherwise } => {
            part(test);
            walk(then, place, secrets, found);
            if let Some(otherwise) = otherwise {
                walk(otherwise, place, secrets, found);
            }
        }
        Node::Filter(filter, of, arguments) if filter.name == KEYED => {
            part(of);
            keyed(arguments, secrets, found);
        }
        Node::Map(of, mapping) => {
            part(of);
            match &**mapping {
                Mapping::Filter(filter, arguments) if filter.name == KEYED => keyed(arguments, secrets, found),
                mapping => mapping.arguments().into_iter().for_each(part),
            }
        }
        Node::Item(of, name) if matches!(**of, Node::Root(Root::Inputs)) && !secrets.is_empty() => {
            part(name);
            found.push(SecretUse::Computed);
        }
        _ if place == Place::Key => found.push(SecretUse::KeyInTheOpen),
        node => node.children().into_iter().for_each(part),
    }
}

/// The arguments of `hmac`, of which the first is the key.
fn keyed(arguments: &[Option<Node>], secrets: &BTreeSet<&str>, found: &mut Vec<SecretUse>) {
    for (position, argument) in arguments.iter().enumerate() {
        if let Some(argument) = argument {
            walk(argument, if position == 0 { Place::Key } else { Place::Part }, secrets, found);
        }
    }
}
