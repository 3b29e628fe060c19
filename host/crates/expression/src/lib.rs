//! Expressions and templates of workflows: reading them into trees, and evaluating them over JSON within bounds on time and memory. Pure:
//! nothing here performs I/O or reads a clock.

pub mod bounds;
mod evaluate;
mod expression;
mod template;
mod text;

pub use evaluate::{EvaluateError, Evaluated, Layer, Scope, SecretText};
pub use expression::{Expression, ExpressionError, Reference, Root, SecretUse, Segment};
pub use template::{Piece, Template, TemplateError};
pub use text::clipped;

#[cfg(test)]
mod tests;
