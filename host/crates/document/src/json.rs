//! Reads JSON. `serde_json` decides what is JSON; this file decides which of it arrives unchanged, and finds where each value
//! stands.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, error::Category, value::RawValue};

use super::{
    Document, DocumentError, SURROGATE,
    number::{clipped, exact},
    position::{Inner, Mark, Position},
    too_deep,
};

pub(super) fn read(text: &str, nesting: usize) -> Result<Document, DocumentError> {
    if text.trim().is_empty() {
        return Err(DocumentError::new(Position::START, "the document is empty"));
    }
    let root: &RawValue = serde_json::from_str(text).map_err(|error| syntax(text, &error))?;
    let mut reader = Reader { text, nesting, offset: 0, position: Position::START };
    let at = reader.position_of(root);
    let (value, inner) = reader.value(root, at, 1)?;
    Ok(Document { value, mark: Mark { position: at, inner } })
}

/// Reads values in the order of the text, so that counting lines and characters takes one pass.
struct Reader<'t> {
    text: &'t str,
    nesting: usize,
    /// How far lines and characters are counted, in bytes.
    offset: usize,
    position: Position,
}

impl<'t> Reader<'t> {
    fn value(&mut self, raw: &'t RawValue, at: Position, depth: usize) -> Result<(Value, Inner), DocumentError> {
        let text = raw.get();
        let is_container = text.starts_with(['{', '[']);
        if is_container && depth > self.nesting {
            return Err(too_deep(at, self.nesting));
        }
        let value = match text.as_bytes().first() {
            Some(b'{') => return self.object(text, at, depth),
            Some(b'[') => return self.list(text, at, depth),
            Some(b'"') => Value::String(string(text, at)?),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') => Value::Null,
            _ => Value::Number(exact(text).map_err(|message| DocumentError::new(at, message))?),
        };
        Ok((value, Inner::Nothing))
    }

    fn list(&mut self, text: &'t str, at: Position, depth: usize) -> Result<(Value, Inner), DocumentError> {
        let raw: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| within(at, &error))?;
        let (mut items, mut marks) = (Vec::with_capacity(raw.len()), Vec::with_capacity(raw.len()));
        for item in raw {
            let position = self.position_of(item);
            let (value, inner) = self.value(item, position, depth + 1)?;
            items.push(value);
            marks.push(Mark { position, inner });
        }
        Ok((Value::Array(items), Inner::Items(marks)))
    }

    fn object(&mut self, text: &'t str, at: Position, depth: usize) -> Result<(Value, Inner), DocumentError> {
        let raw: Members<'t> = serde_json::from_str(text).map_err(|error| within(at, &error))?;
        let (mut members, mut marks) = (Map::new(), BTreeMap::new());
        for (name, member) in raw.0 {
            let position = self.position_of(name);
            let name = string(name.get(), position)?;
            if members.contains_key(&name) {
                return Err(DocumentError::new(position, format!("duplicate key {:?}: remove one", clipped(&name))));
            }
            let at = self.position_of(member);
            let (value, inner) = self.value(member, at, depth + 1)?;
            members.insert(name.clone(), value);
            marks.insert(name, Mark { position, inner });
        }
        Ok((Value::Object(members), Inner::Members(marks)))
    }

    fn position_of(&mut self, raw: &'t RawValue) -> Position {
        let offset = raw.get().as_ptr().addr() - self.text.as_ptr().addr();
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        let Position { line, column } = Position::after(passed);
        let column = if line == 1 { self.position.column + column - 1 } else { column };
        self.position = Position { line: self.position.line + line - 1, column };
        self.offset = offset;
        self.position
    }
}

fn string(text: &str, at: Position) -> Result<String, DocumentError> {
    serde_json::from_str(text).map_err(|error| {
        let message = if error.to_string().contains("surrogate") || error.to_string().contains("hex escape") {
            SURROGATE.to_owned()
        } else {
            described(&error)
        };
        DocumentError::new(at, message)
    })
}

/// What is wrong with the text as a whole.
fn syntax(text: &str, error: &serde_json::Error) -> DocumentError {
    // The error counts bytes of the line.
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = line.floor_char_boundary(error.column().saturating_sub(1));
    let column = line.get(..before).unwrap_or_default().chars().count() + 1;
    DocumentError::new(Position::new(error.line(), column), described(error))
}

/// What is wrong within a value that began well: nothing, because the whole text was parsed before.
fn within(at: Position, error: &serde_json::Error) -> DocumentError {
    DocumentError::new(at, described(error))
}

fn described(error: &serde_json::Error) -> String {
    if error.classify() == Category::Eof {
        return "invalid JSON: the text ends too early: close every string, list and object".to_owned();
    }
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    match message {
        "expected ident" => "invalid JSON: expected true, false or null".to_owned(),
        message => format!("invalid JSON: {message}"),
    }
}

/// The members of an object in their order, with their names as they are written.
struct Members<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
