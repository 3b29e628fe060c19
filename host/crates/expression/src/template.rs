//! Values that may hold expressions. A text that is exactly one `{{ expression }}` stands for the expression's value with
//! its type; in any other text expressions are put in as text. Blocks and comments are refused.

use std::{collections::BTreeMap, fmt};

use minijinja::{
    machinery::{Token, tokenize},
    syntax::SyntaxConfig,
};
use serde_json::Value;
use workway_model::Pointer;

use super::{
    bounds::MAX_EXPRESSION_CHARS,
    expression::{Expression, ExpressionError},
};

/// A JSON value with expressions in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// Null, true or false, a number, or a text without expressions.
    Literal(Value),
    /// Exactly one expression.
    Exact(Expression),
    /// A text with expressions in it, of at least one piece.
    Text(Vec<Piece>),
    List(Vec<Template>),
    Object(BTreeMap<String, Template>),
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    Expression(Expression),
}

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("`{{{{` is never closed: add `}}}}`, or write {{{{ '{{{{' }}}} for literal braces")]
    Open,
    #[error("`{0}` is not supported: write {{{{ expression }}}}, there are no blocks or comments")]
    Block(&'static str),
    #[error("`{{{{-` is not supported: write {{{{ expression }}}}")]
    Trimming,
    #[error(transparent)]
    Expression(#[from] ExpressionError),
}

impl Template {
    /// Reads one text.
    ///
    /// # Errors
    /// The first thing that is wrong. See [`TemplateError`].
    pub fn parse_text(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = pieces(text)?;
        if let [Piece::Expression(_)] = pieces.as_slice()
            && let Some(Piece::Expression(only)) = pieces.pop()
        {
            return Ok(Self::Exact(only));
        }
        if pieces.iter().any(|piece| matches!(piece, Piece::Expression(_))) {
            return Ok(Self::Text(pieces));
        }
        Ok(Self::Literal(text.into()))
    }

    /// Reads a value, however it nests. `problem` is told what is wrong, with its pointer, and null stands there instead.
    pub fn read(value: &Value, pointer: &str, problem: &mut dyn FnMut(&str, &dyn fmt::Display)) -> Self {
        Self::read_at(value, Pointer::At(pointer), problem)
    }

    fn read_at(value: &Value, at: Pointer<'_>, problem: &mut dyn FnMut(&str, &dyn fmt::Display)) -> Self {
        match value {
            Value::String(text) => Self::parse_text(text).unwrap_or_else(|error| {
                problem(&at.to_text(), &error);
                Self::Literal(Value::Null)
            }),
            Value::Array(items) => {
                let item = |(place, item)| Self::read_at(item, Pointer::Item(&at, place), problem);
                Self::List(items.iter().enumerate().map(item).collect())
            }
            Value::Object(members) => {
                let mut read = BTreeMap::new();
                for (name, member) in members {
                    let at = Pointer::Member(&at, name);
                    if name.contains("{{") {
                        problem(&at.to_text(), &"a member's name cannot contain an expression: write the name itself");
                    }
                    read.insert(name.clone(), Self::read_at(member, at, problem));
                }
                Self::Object(read)
            }
            other => Self::Literal(other.clone()),
        }
    }

    /// The value as it was written, but for blanks within braces.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Exact(expression) => Value::String(braced(expression)),
            Self::Text(pieces) => Value::String(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) => text.clone(),
                        Piece::Expression(expression) => braced(expression),
                    })
                    .collect(),
            ),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(members) => {
                Value::Object(members.iter().map(|(name, member)| (name.clone(), member.to_value())).collect())
            }
        }
    }

    /// Whether it is a text with `${{`, the spelling of another product: here the dollar sign is a part of the text.
    pub fn has_dollar_braces(&self) -> bool {
        let Self::Text(pieces) = self else { return false };
        let is_dollar =
            |pair: &[Piece]| matches!(pair, [Piece::Text(text), Piece::Expression(_)] if text.ends_with('$'));
        pieces.windows(2).any(is_dollar)
    }

    /// How many expressions it holds.
    pub fn expressions(&self) -> usize {
        match self {
            Self::Literal(_) => 0,
            Self::Exact(_) => 1,
            Self::Text(pieces) => pieces.iter().filter(|piece| matches!(piece, Piece::Expression(_))).count(),
            Self::List(items) => items.iter().map(Self::expressions).sum(),
            Self::Object(members) => members.values().map(Self::expressions).sum(),
        }
    }
}

fn braced(expression: &Expression) -> String {
    format!("{{{{ {} }}}}", expression.source())
}

fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let start = rest.find("{{").unwrap_or(rest.len());
        let (plain, after) = rest.split_at(start);
        for block in ["{%", "{#"] {
            if plain.contains(block) {
                return Err(TemplateError::Block(block));
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain.to_owned()));
        }
        let Some(inner) = after.strip_prefix("{{") else { return Ok(pieces) };
        if inner.starts_with(['-', '+']) {
            return Err(TemplateError::Trimming);
        }
        let length = expression_length(inner)?;
        pieces.push(Piece::Expression(Expression::parse(&inner[..length])?));
        rest = inner.get(length + 2..).unwrap_or_default();
    }
}

/// Bytes up to the `}}` that ends an expression: not one within quotes, or of objects within the expression.
fn expression_length(inner: &str) -> Result<usize, TemplateError> {
    // What is longer is no expression, and not looked at.
    let end = inner.char_indices().nth(MAX_EXPRESSION_CHARS + 2).map_or(inner.len(), |(end, _)| end);
    for token in tokenize(&inner[..end], true, SyntaxConfig::default()) {
        match token {
            Ok((Token::VariableEnd, span)) => return Ok(span.end_offset as usize - "}}".len()),
            Ok(_) => {}
            // The parser says what is wrong.
            Err(_) => break,
        }
    }
    match inner.find("}}") {
        Some(length) if length < end => Ok(length),
        _ if end < inner.len() => Err(ExpressionError::TooLong.into()),
        _ => Err(TemplateError::Open),
    }
}
