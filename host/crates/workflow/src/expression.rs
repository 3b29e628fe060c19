//! Expressions: minijinja's, compiled once to know that they hold together, with what they read. They read a few roots
//! and never a file, another template or a macro.

use std::fmt;

use serde_json::Value;

use super::{
    bounds::{MAX_EXPRESSION_CHARS, MAX_EXPRESSION_NESTING, MAX_EXPRESSION_TOKENS},
    evaluate,
    guard::guarded,
    problem::clipped,
    token::{Token, tokens},
};

/// Words that are neither roots nor functions.
const KEYWORDS: [&str; 13] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"];
/// The functions that can be called.
pub(super) const FUNCTIONS: [&str; 2] = ["range", "dict"];

/// An expression that compiles and reads only what there is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    source: String,
    /// What is compiled: the source with its guards.
    guarded: String,
    reads: Vec<Reference>,
    form: Form,
}

/// What an expression is as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Reference,
    Literal(Value),
    Computed,
}

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
    Index(i64),
}

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("an expression must not be empty: write one, for example inputs.channel")]
    Empty,
    #[error("an expression must have at most {MAX_EXPRESSION_CHARS} characters: split it up")]
    TooLong,
    #[error(
        "an expression must have at most {MAX_EXPRESSION_TOKENS} tokens and {MAX_EXPRESSION_NESTING} levels of brackets: \
         split it up"
    )]
    TooComplex,
    #[error("invalid expression: {0}")]
    Syntax(String),
    #[error("unknown name `{0}`: an expression can read inputs, trigger, steps, item and run")]
    UnknownRoot(String),
    #[error("`-` means subtraction: write {before}['{name}'] for a name with hyphens")]
    Hyphen { before: String, name: String },
    #[error("unknown filter `{0}`")]
    UnknownFilter(String),
    #[error("unknown test `{0}`")]
    UnknownTest(String),
    #[error("unknown function `{0}`: the functions are range and dict")]
    UnknownFunction(String),
    #[error("the arguments of `map` must be literals, for example map('round', 2)")]
    Map,
    #[error("`{0}` cannot be called: values have no methods, use a filter")]
    Method(String),
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
        let tokens = tokens(source);
        // Before minijinja sees it, whose parser and compiler recurse.
        if tokens.len() > MAX_EXPRESSION_TOKENS || nesting(&tokens) > MAX_EXPRESSION_NESTING {
            return Err(ExpressionError::TooComplex);
        }
        // The compiler works out what is constant, and pays no fuel for it: it sees nothing but what is guarded.
        let guarded = guarded(source)?;
        let undeclared = evaluate::compile(&guarded).map_err(|error| ExpressionError::Syntax(clipped(&error)))?;
        let reads = references(&tokens)?;
        // What was overlooked is not let through.
        let read = |name: &String| reads.iter().any(|reference| reference.root.as_str() == name);
        if let Some(stranger) = undeclared.into_iter().find(|name| !read(name) && !FUNCTIONS.contains(&name.as_str())) {
            return Err(ExpressionError::UnknownRoot(stranger));
        }
        let form = form(&tokens, &reads);
        Ok(Self { source: source.to_owned(), guarded, reads, form })
    }

    /// As it is written, without braces.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn guarded(&self) -> &str {
        &self.guarded
    }

    /// Everything that it reads, in the order in which it stands there.
    pub fn reads(&self) -> &[Reference] {
        &self.reads
    }

    /// What it reads, where it does nothing else.
    pub fn as_reference(&self) -> Option<&Reference> {
        self.reads.first().filter(|_| self.form == Form::Reference)
    }

    /// Its value, where it is a text, a number, true, false or none and nothing else.
    pub fn as_literal(&self) -> Option<&Value> {
        match &self.form {
            Form::Literal(value) => Some(value),
            Form::Reference | Form::Computed => None,
        }
    }
}

pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

fn nesting(tokens: &[Token<'_>]) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for token in tokens {
        match token {
            Token::Sign("(" | "[" | "{") => depth += 1,
            Token::Sign(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

fn form(tokens: &[Token<'_>], reads: &[Reference]) -> Form {
    match tokens {
        [Token::Text(text)] if !text.contains('\\') => Form::Literal((*text).into()),
        [Token::Number(number)] => number.parse::<u64>().map_or(Form::Computed, |number| Form::Literal(number.into())),
        [Token::Name("true" | "True")] => Form::Literal(true.into()),
        [Token::Name("false" | "False")] => Form::Literal(false.into()),
        [Token::Name("none")] => Form::Literal(Value::Null),
        [Token::Name(_), ..] => match reads {
            [only] if reference(tokens, 0).is_ok_and(|found| found == Some((only.clone(), tokens.len()))) => {
                Form::Reference
            }
            _ => Form::Computed,
        },
        _ => Form::Computed,
    }
}

fn references(tokens: &[Token<'_>]) -> Result<Vec<Reference>, ExpressionError> {
    let mut found = Vec::new();
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        let before = |back: usize| place.checked_sub(back).and_then(|place| tokens.get(place));
        let after = tokens.get(place + 1);
        let Token::Name(name) = token else {
            place += 1;
            continue;
        };
        let is_test = matches!(before(1), Some(Token::Name("is")))
            || matches!((before(2), before(1)), (Some(Token::Name("is")), Some(Token::Name("not"))));
        match before(1) {
            // `is not` is one word.
            _ if is_test && *name == "not" => {}
            _ if is_test => {
                if !evaluate::knows("test", name) {
                    return Err(ExpressionError::UnknownTest((*name).to_owned()));
                }
            }
            Some(Token::Sign("|")) => {
                if !evaluate::knows("filter", name) {
                    return Err(ExpressionError::UnknownFilter((*name).to_owned()));
                }
            }
            // A member of something that was computed.
            Some(Token::Sign(".")) => {
                if after == Some(&Token::Sign("(")) {
                    return Err(ExpressionError::Method((*name).to_owned()));
                }
            }
            _ if is_keyword(name) || after == Some(&Token::Sign("=")) => {}
            _ if after == Some(&Token::Sign("(")) => {
                if !FUNCTIONS.contains(name) {
                    return Err(ExpressionError::UnknownFunction((*name).to_owned()));
                }
            }
            _ => {
                let Some((reference, end)) = reference(tokens, place)? else {
                    return Err(unknown_root(tokens, place, name));
                };
                found.push(reference);
                place = end;
                continue;
            }
        }
        place += 1;
    }
    Ok(found)
}

/// The reference that begins at `place`, and where it ends; none where no root is there.
fn reference(tokens: &[Token<'_>], place: usize) -> Result<Option<(Reference, usize)>, ExpressionError> {
    let root = match tokens.get(place) {
        Some(Token::Name(name)) => Root::ALL.into_iter().find(|root| root.as_str() == *name),
        _ => None,
    };
    let Some(root) = root else { return Ok(None) };
    let mut path = Vec::new();
    let mut end = place + 1;
    loop {
        match tokens.get(end..).unwrap_or_default() {
            [Token::Sign("."), Token::Name(name), Token::Sign("("), ..] => {
                return Err(ExpressionError::Method((*name).to_owned()));
            }
            [Token::Sign("."), Token::Name(name), ..] => {
                path.push(Segment::Name((*name).to_owned()));
                end += 2;
            }
            [Token::Sign("["), Token::Text(name), Token::Sign("]"), ..] if !name.contains('\\') => {
                path.push(Segment::Name((*name).to_owned()));
                end += 3;
            }
            [Token::Sign("["), Token::Number(number), Token::Sign("]"), ..] => match number.parse() {
                Ok(index) => {
                    path.push(Segment::Index(index));
                    end += 3;
                }
                Err(_) => break,
            },
            _ => break,
        }
    }
    Ok(Some((Reference { root, path }, end)))
}

/// `steps.post-message` subtracts: what comes after the hyphen is told apart from a slip of the pen.
fn unknown_root(tokens: &[Token<'_>], place: usize, name: &str) -> ExpressionError {
    let hyphen = place.checked_sub(2).and_then(|start| tokens.get(start..place));
    if let Some([Token::Name(left), Token::Sign("-")]) = hyphen {
        let is_member = place.checked_sub(3).and_then(|dot| tokens.get(dot)) == Some(&Token::Sign("."));
        let owner = place.checked_sub(4).and_then(|owner| tokens.get(owner));
        if let (true, Some(Token::Name(owner))) = (is_member, owner) {
            return ExpressionError::Hyphen { before: (*owner).to_owned(), name: format!("{left}-{name}") };
        }
    }
    ExpressionError::UnknownRoot(name.to_owned())
}
