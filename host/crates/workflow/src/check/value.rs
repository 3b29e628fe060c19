//! Values with expressions in them, held against the schema of what takes them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Checker,
    shape::{Kind, Shape, can_meet, kind_of, names},
};
use crate::{Piece, Segment, Template, problem::child};

impl<'a> Checker<'a> {
    /// A value for something of which `wanted` is known.
    pub(super) fn value(&mut self, template: &'a Template, wanted: &Shape<'a>, pointer: &str) {
        let given = match template {
            Template::Exact(expression) => self.expression(expression, pointer).kinds(),
            other => kind_of(other).map(|kind| [kind].into()),
        };
        let fits = self.compare_kinds(given.as_ref(), wanted, pointer);
        match template {
            Template::Exact(_) => {}
            Template::Literal(value) => {
                if fits && wanted.excludes(value) {
                    self.problems.add(pointer, "must be one of the values that the schema allows");
                }
            }
            Template::Text(pieces) => {
                for piece in pieces {
                    if let Piece::Expression(expression) = piece {
                        self.expression(expression, pointer);
                    }
                }
            }
            Template::List(items) => {
                let item = wanted.item();
                for (place, template) in items.iter().enumerate() {
                    self.value(template, &item, &child(pointer, place));
                }
            }
            Template::Object(members) => self.members(members, wanted, pointer, pointer),
        }
    }

    /// Members of an object; what is missing is told at `owner`, where the object itself may be missing too.
    pub(super) fn members(
        &mut self,
        members: &'a BTreeMap<String, Template>,
        wanted: &Shape<'a>,
        pointer: &str,
        owner: &str,
    ) {
        let is_object = can_meet(Some(&[Kind::Object].into()), wanted.kinds().as_ref());
        let missing = if is_object { wanted.missing(|name| members.contains_key(name)) } else { Vec::new() };
        for name in missing {
            let place = if members.is_empty() { owner } else { pointer };
            self.problems.add(place, format_args!("`{name}` is missing"));
        }
        for (name, template) in members {
            let pointer = child(pointer, name);
            let member = match wanted.member(&Segment::Name(name.clone())) {
                Ok(member) => member,
                Err(why) => {
                    if is_object {
                        self.problems.add(&pointer, format_args!("unknown field: the schema {why}"));
                    }
                    Shape::Unknown
                }
            };
            self.value(template, &member, &pointer);
        }
    }

    fn compare_kinds(&mut self, given: Option<&BTreeSet<Kind>>, wanted: &Shape<'a>, pointer: &str) -> bool {
        let wanted = wanted.kinds();
        let fits = can_meet(given, wanted.as_ref());
        if let (false, Some(given), Some(wanted)) = (fits, given, &wanted) {
            self.problems.add(pointer, format_args!("expected {}, found {}", names(wanted), names(given)));
        }
        fits
    }
}
