//! Reads YAML. `granit-parser` decides what is YAML; this file decides which of it has one meaning only. Plain scalars are
//! read by YAML 1.2's core schema, without what YAML 1.1 or JSON reads differently.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput};
use regex::Regex;
use serde_json::{Map, Value};

use super::{
    Document, DocumentError,
    number::{clipped, exact},
    position::{Inner, Mark, Position},
    too_deep,
    yaml_error::{self, ALIAS, BRACES, TAG},
};

/// A number that every reader of YAML and JSON reads alike. YAML 1.1 takes `1e3` and `1.5e3` for texts.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+][0-9]+)?)?$").expect("the pattern is a regular expression")
});
/// What some reader takes for a number: octal, hexadecimal, binary and sexagesimal ones of YAML 1.1 and 1.2, and decimal ones
/// with `+`, `_`, leading zeros or a missing part.
static NUMBER_FOR_SOME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|\.[0-9][0-9_]*(?:e[-+]?[0-9]+)?|0x[0-9a-f_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|\.inf)|\.nan)$",
    )
    .expect("the pattern is a regular expression")
});

pub(super) fn read(text: &str, nesting: usize) -> Result<Document, DocumentError> {
    if text.starts_with('\u{feff}') {
        return Err(DocumentError::new(Position::START, yaml_error::BYTE_ORDER_MARK));
    }
    check_characters(text)?;
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_comments: false,
        flow_nesting_limit: nesting,
        block_nesting_limit: nesting,
    };
    let mut reader = Reader { text, nesting, events: Parser::new_from_str_with_options(text, options) };
    let mut document = None;
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(..) if document.is_none() => document = Some(reader.next_node(1)?),
            _ => return Err(refused(&span.start, "a text must have one document: remove `---` and what follows")),
        }
    }
    let (value, mark) = document.ok_or_else(|| DocumentError::new(Position::START, "the document is empty"))?;
    Ok(Document { value, mark })
}

struct Reader<'t> {
    text: &'t str,
    nesting: usize,
    events: Parser<'t, StrInput<'t>>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, DocumentError> {
        self.events.next_event().transpose().map_err(|error| {
            let position = position(error.marker());
            DocumentError::new(
                position,
                yaml_error::message(error.kind(), line(self.text, error.marker()), self.nesting),
            )
        })
    }

    /// Reads the next event, which the grammar promises.
    fn expect(&mut self) -> Result<(Event<'t>, Span), DocumentError> {
        let next = self.next()?;
        next.ok_or_else(|| DocumentError::new(Position::after(self.text), "invalid YAML: the text ends too early"))
    }

    fn next_node(&mut self, depth: usize) -> Result<(Value, Mark), DocumentError> {
        let (event, span) = self.expect()?;
        self.node(event, &span, depth)
    }

    fn node(&mut self, event: Event<'t>, span: &Span, depth: usize) -> Result<(Value, Mark), DocumentError> {
        check_properties(&event, span)?;
        let at = position(&span.start);
        if !matches!(event, Event::Scalar(..)) && depth > self.nesting {
            return Err(too_deep(at, self.nesting));
        }
        match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) => {
                let value = resolve(text).map_err(|message| DocumentError::new(at, message))?;
                Ok((value, Mark::leaf(at)))
            }
            Event::Scalar(text, ..) => Ok((Value::String(text.into_owned()), Mark::leaf(at))),
            Event::SequenceStart(..) => self.list(at, depth),
            Event::MappingStart(..) => self.object(at, depth),
            _ => Err(refused(&span.start, "invalid YAML: a value is missing")),
        }
    }

    fn list(&mut self, at: Position, depth: usize) -> Result<(Value, Mark), DocumentError> {
        let (mut items, mut marks) = (Vec::new(), Vec::new());
        loop {
            let (event, span) = self.expect()?;
            if event == Event::SequenceEnd {
                return Ok((Value::Array(items), Mark { position: at, inner: Inner::Items(marks) }));
            }
            let (value, mark) = self.node(event, &span, depth + 1)?;
            items.push(value);
            marks.push(mark);
        }
    }

    fn object(&mut self, at: Position, depth: usize) -> Result<(Value, Mark), DocumentError> {
        let (mut members, mut marks) = (Map::new(), BTreeMap::new());
        loop {
            let (event, span) = self.expect()?;
            if event == Event::MappingEnd {
                return Ok((Value::Object(members), Mark { position: at, inner: Inner::Members(marks) }));
            }
            let name = self.name(event, &span)?;
            if members.contains_key(&name) {
                let message = format!("duplicate key {:?}: remove one", clipped(&name));
                return Err(refused(&span.start, message));
            }
            let (value, mark) = self.next_node(depth + 1)?;
            members.insert(name.clone(), value);
            marks.insert(name, Mark { position: position(&span.start), ..mark });
        }
    }

    /// The name of a member. What would be another value than a text is refused, because JSON has only texts for names.
    fn name(&self, event: Event<'t>, span: &Span) -> Result<String, DocumentError> {
        check_properties(&event, span)?;
        match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<" => {
                Err(refused(&span.start, "merge keys (`<<`) are not supported: write the members out"))
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) => match resolve(text.clone()) {
                Ok(Value::String(name)) => Ok(name),
                _ if span.start == span.end => {
                    Err(refused(&span.start, "the value has no name: write one before the colon"))
                }
                _ => {
                    let quoted = clipped(&text);
                    Err(refused(&span.start, format!("the name of a member must be a text: put `{quoted}` in quotes")))
                }
            },
            Event::Scalar(text, ..) => Ok(text.into_owned()),
            _ if yaml_error::has_bare_braces(line(self.text, &span.start)) => Err(refused(&span.start, BRACES)),
            _ => Err(refused(&span.start, "the name of a member must be a text, not a list or an object")),
        }
    }
}

/// Refuses what has no meaning in JSON, or another one than it seems.
fn check_properties(event: &Event<'_>, span: &Span) -> Result<(), DocumentError> {
    if event.is_alias() || matches!(event, Event::UnresolvedAlias(_)) || event.anchor_id().is_some() {
        return Err(refused(&span.start, ALIAS));
    }
    if event.tag().is_some() {
        return Err(refused(&span.tag_start().unwrap_or(span.start), TAG));
    }
    Ok(())
}

/// Resolves a scalar without quotes.
///
/// # Errors
/// A message for the author if readers disagree, or if the value would change.
fn resolve(text: Cow<'_, str>) -> Result<Value, String> {
    match text.as_ref() {
        "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) {
        return Ok(Value::String(text.into_owned()));
    }
    if NUMBER.is_match(&text) {
        return exact(&text).map(Value::Number);
    }
    if NUMBER_FOR_SOME.is_match(&text) {
        return Err(format!(
            "{} is a number for some readers of YAML and a text for others: put it in quotes to make it a text, or write the \
             number as in JSON, such as 10 or 2.5",
            clipped(&text)
        ));
    }
    Ok(Value::String(text.into_owned()))
}

/// Refuses characters that YAML does not allow (YAML 1.2.2, section 5.1), and those that only YAML 1.1 takes for line breaks.
fn check_characters(text: &str) -> Result<(), DocumentError> {
    let is_refused = |character: char| match character {
        '\t' | '\n' | '\r' => false,
        '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => true,
        character => character.is_control(),
    };
    let Some((before, character)) = text.find(is_refused).and_then(|at| {
        let (before, after) = text.split_at(at);
        after.chars().next().map(|character| (before, character))
    }) else {
        return Ok(());
    };
    let escape = format!("\\u{:04x}", u32::from(character));
    let message =
        format!("the character U+{:04X} is not allowed here: write {escape} in double quotes", u32::from(character));
    Err(DocumentError::new(Position::after(before), message))
}

fn refused(mark: &Marker, message: impl Into<String>) -> DocumentError {
    DocumentError::new(position(mark), message)
}

fn position(mark: &Marker) -> Position {
    Position::new(mark.line(), mark.col() + 1)
}

fn line<'t>(text: &'t str, mark: &Marker) -> &'t str {
    text.split('\n').nth(mark.line().saturating_sub(1)).unwrap_or_default()
}
