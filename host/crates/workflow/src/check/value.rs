//! Values with expressions in them: every expression is checked, and the whole is held against the schema of what takes it.

use std::collections::BTreeMap;

use workway_model::{Pointer, Schema};

use super::{Checker, given::Given, kinds::Kinds, secret::Taker};
use crate::{Piece, Template};

/// What `${{ x }}` gets, which means something else elsewhere.
const DOLLAR: &str = "`${{ … }}` is read as a dollar sign and an expression: write `{{ … }}` for the expression only, or \
                      `{{ '$' ~ … }}` if the dollar sign is meant";

impl<'a> Checker<'a> {
    /// Checks the expressions of a value. What is known of the value is returned.
    pub(super) fn given(&mut self, template: &'a Template, at: Pointer<'_>) -> Given<'a> {
        match template {
            Template::Literal(value) => Given::from_value(value),
            Template::Exact(expression) => {
                let shape = self.expression(expression, at);
                expression.as_literal().map_or(Given::Of(shape), Given::from_value)
            }
            Template::Text(pieces) => {
                for piece in pieces {
                    if let Piece::Expression(expression) = piece {
                        self.expression(expression, at);
                    }
                }
                if template.has_dollar_braces() {
                    self.warnings.add(&at.to_text(), DOLLAR);
                }
                Given::Text(pieces)
            }
            Template::List(items) => {
                let item = |(place, item)| self.given(item, Pointer::Item(&at, place));
                Given::List(items.iter().enumerate().map(item).collect())
            }
            Template::Object(members) => self.given_members(members, at),
        }
    }

    fn given_members(&mut self, members: &'a BTreeMap<String, Template>, at: Pointer<'_>) -> Given<'a> {
        let member = |(name, member): (&'a String, &'a Template)| {
            (name.as_str(), self.given(member, Pointer::Member(&at, name)))
        };
        Given::Object(members.iter().map(member).collect())
    }

    /// The members of an object for something that takes `schema`. What is wrong with the object as a whole is told at `owner`
    /// if it has no members: it may be missing in the document.
    pub(super) fn input(
        &mut self,
        schema: Option<&'a Schema>,
        members: &'a BTreeMap<String, Template>,
        pointer: &str,
        owner: &str,
    ) {
        self.taker = schema.map_or(Taker::Unknown, Taker::Schema);
        let given = self.given_members(members, Pointer::At(pointer));
        self.taker = Taker::Workflow;
        let Some(schema) = schema else { return };
        for finding in self.judge.findings(schema, &given, self.steps) {
            let place = if members.is_empty() { owner.to_owned() } else { format!("{pointer}{}", finding.pointer) };
            self.problems.add(&place, finding.about.message(&self.suggester));
        }
    }

    /// A value that has to be of a type.
    pub(super) fn value_of(&mut self, template: &'a Template, wanted: Kinds, pointer: &str) {
        let found = self.given(template, Pointer::At(pointer)).kinds();
        self.expect(wanted, found, pointer);
    }

    pub(super) fn expect(&mut self, wanted: Kinds, found: Kinds, pointer: &str) {
        if !found.meets(wanted) {
            self.problems.add(pointer, format_args!("expected {wanted}, found {found}"));
        }
    }
}
