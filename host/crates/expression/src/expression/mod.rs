//! Expressions: minijinja's grammar, read once into a tree of ours. They read a few roots, and never a file, another template or
//! a macro.

mod build;
mod reference;
mod secret;
mod tree;

use minijinja::machinery;
use serde_json::Value;

use super::{
    bounds::{MAX_EXPRESSION_CHARS, MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_NESTING, MAX_EXPRESSION_TOKENS},
    text::clipped,
};
pub(super) use build::segments;
pub use reference::{Reference, Root, Segment};
pub use secret::SecretUse;
pub(super) use tree::{Arithmetic, Comparison, Function, Mapping, Node, Selection};

/// An expression that reads only what there is to read, and calls only what there is to call.
#[derive(Clone, Debug)]
pub struct Expression {
    source: String,
    tree: Node,
    reads: Vec<Reference>,
}

/// Two expressions are equal if they are written alike.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("an expression must not be empty: write one, for example inputs.channel")]
    Empty,
    #[error("an expression must have at most {MAX_EXPRESSION_CHARS} characters: split it up")]
    TooLong,
    #[error(
        "an expression must have at most {MAX_EXPRESSION_TOKENS} tokens, {MAX_EXPRESSION_NESTING} levels of brackets and \
         {MAX_EXPRESSION_DEPTH} operators one after another: split it up"
    )]
    TooComplex,
    #[error("invalid expression: {0}")]
    Syntax(String),
    #[error("unknown name `{0}`: an expression can read inputs, trigger, steps, item and run")]
    UnknownRoot(String),
    #[error("unknown name `{0}`: write none for a value that is empty")]
    Null(String),
    #[error("`-` means subtraction: write {before}['{name}'] for a name with hyphens")]
    Hyphen { before: String, name: String },
    #[error("unknown filter `{0}`")]
    UnknownFilter(String),
    #[error("unknown test `{0}`")]
    UnknownTest(String),
    #[error("unknown function `{0}`: the functions are range, dict and now")]
    UnknownFunction(String),
    #[error("`{0}` cannot be called: values have no methods, use a filter")]
    Method(String),
    #[error("`{name}` takes {rule} (got {got})")]
    Arguments { name: &'static str, rule: String, got: String },
    #[error("`{0}` is not a member that can be named here: write names and places with dots, for example user.name")]
    Attribute(String),
    #[error("arguments cannot be unpacked with `*`: write them one by one")]
    Unpacked,
    #[error("`{0}` must name a filter, a test or an attribute as a text in quotes, for example {0}('upper')")]
    Unnamed(&'static str),
    #[error("an integer must fit in 64 bits (got {0}): write it as a text in quotes")]
    LargeInteger(u128),
}

impl Expression {
    /// Reads an expression, without braces.
    ///
    /// # Errors
    /// The first thing that is wrong. See [`ExpressionError`].
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.chars().count() > MAX_EXPRESSION_CHARS {
            return Err(ExpressionError::TooLong);
        }
        let source = text.trim();
        if source.is_empty() {
            return Err(ExpressionError::Empty);
        }
        // Before anything recurses.
        check_size(source)?;
        let parsed = machinery::parse_expr(source).map_err(|error| syntax(&error))?;
        let tree = build::tree(source, &parsed)?;
        Ok(Self { source: source.to_owned(), reads: Reference::all_in(&tree), tree })
    }

    /// As it is written, without braces.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn tree(&self) -> &Node {
        &self.tree
    }

    /// Everything that it reads, in the order in which it stands there.
    pub fn reads(&self) -> &[Reference] {
        &self.reads
    }

    /// What it reads, where it does nothing else.
    pub fn as_reference(&self) -> Option<&Reference> {
        self.reads.first().filter(|_| Reference::of(&self.tree).is_some())
    }

    /// Its value, where it is a text, a number, true, false or none and nothing else.
    pub fn as_literal(&self) -> Option<&Value> {
        match &self.tree {
            Node::Literal(value) => Some(value),
            _ => None,
        }
    }
}

/// Counts tokens and brackets. What cannot be split into tokens is left to the parser, which says why.
fn check_size(source: &str) -> Result<(), ExpressionError> {
    use machinery::Token::{BraceClose, BraceOpen, BracketClose, BracketOpen, ParenClose, ParenOpen};

    let mut depth = 0_usize;
    for (count, token) in machinery::tokenize(source, true, minijinja::syntax::SyntaxConfig::default()).enumerate() {
        let Ok((token, _)) = token else { return Ok(()) };
        match token {
            ParenOpen | BracketOpen | BraceOpen => depth += 1,
            ParenClose | BracketClose | BraceClose => depth = depth.saturating_sub(1),
            _ => {}
        }
        if count >= MAX_EXPRESSION_TOKENS || depth > MAX_EXPRESSION_NESTING {
            return Err(ExpressionError::TooComplex);
        }
    }
    Ok(())
}

fn syntax(error: &minijinja::Error) -> ExpressionError {
    ExpressionError::Syntax(clipped(&error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned)))
}
