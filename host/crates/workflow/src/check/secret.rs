//! Checks where a definition uses secret inputs. Two uses are allowed: as the key of `hmac`, and as the value of a field that the
//! action's schema marks `format: secret`.

use serde_json::Value;
use workway_expression::SecretUse;
use workway_model::{Pointer, Schema};

use super::{
    Checker,
    kinds::Kinds,
    shape::{Shape, Type},
};
use crate::{Expression, Segment, secret};

/// What takes a value.
#[derive(Clone, Copy, Default)]
pub(super) enum Taker<'a> {
    /// No action and no trigger, but the workflow itself.
    #[default]
    Workflow,
    /// An action or a trigger that is not known: that is a problem of its own.
    Unknown,
    Schema(&'a Schema),
}

impl<'a> Checker<'a> {
    /// Adds the uses of secret inputs that are not allowed where an expression stands.
    pub(super) fn secrets_in(&mut self, expression: &Expression, at: Pointer<'_>) {
        for found in expression.secret_uses(&self.secrets) {
            let message = match found {
                SecretUse::HandedOn(_) if self.takes_secrets(at) => continue,
                SecretUse::HandedOn(name) => format!(
                    "`inputs.{name}` is secret: it can only be the key of `hmac`, or stand in a field that the action marks \
                     `format: secret`: use such a field, or remove `format: secret` from the input"
                ),
                SecretUse::LookedAt(reference) => format!(
                    "`{reference}` is secret, so no operator, test or filter can use it, except as the key of `hmac`: write it \
                     by itself, for example Bearer {{{{ inputs.token }}}}, in a field that the action marks `format: secret`"
                ),
                SecretUse::Computed => {
                    "`inputs[…]` with a computed name could read a secret input: write the input's name \
                                        itself, for example inputs.channel"
                        .to_owned()
                }
                SecretUse::KeyInTheOpen => {
                    "the key of `hmac` must be a secret input: declare one with `type: string` and \
                                            `format: secret`, and write for example hmac(inputs.key)"
                        .to_owned()
                }
            };
            self.problems.add(&at.to_text(), message);
        }
    }

    /// Whether a field of what is checked is marked. One that is not known to be is not.
    fn takes_secrets(&self, field: Pointer<'_>) -> bool {
        match self.taker {
            Taker::Workflow => false,
            Taker::Unknown => true,
            Taker::Schema(schema) => field_of(self.described(schema), field).is_some_and(|field| is_marked(&field)),
        }
    }
}

/// What is known of a field of what `whole` describes.
fn field_of<'a>(whole: Shape<'a>, field: Pointer<'_>) -> Option<Shape<'a>> {
    match field {
        Pointer::At(_) => Some(whole),
        Pointer::Member(parent, name) => field_of(whole, *parent)?.member(&Segment::Name(name.to_owned())).ok(),
        Pointer::Item(parent, _) => field_of(whole, *parent)?.member(&Segment::Index(0)).ok(),
    }
}

/// Whether a field can be a text that its schema marks as secret.
fn is_marked(field: &Shape<'_>) -> bool {
    let is_marked = |alternative: &Type<'_>| match alternative {
        Type::Schema { nodes, .. } => {
            let format = |node: &&Value| node.get("format").and_then(Value::as_str) == Some(secret::FORMAT);
            alternative.kinds().meets(Kinds::STRING) && nodes.iter().any(format)
        }
        Type::Of(_) | Type::Fields(_) | Type::ListOf(_) => false,
    };
    field.0.iter().any(is_marked)
}
