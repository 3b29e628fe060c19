//! JSON pointers (RFC 6901): as texts, and as references within a JSON Schema.

use std::fmt;

use percent_encoding::percent_decode_str;

/// Where in a value something is, below another place. Walking through a value with places costs nothing; their texts are only made
/// for what is told.
#[derive(Clone, Copy, Debug)]
pub enum Pointer<'p> {
    /// Where this text leads.
    At(&'p str),
    Member(&'p Pointer<'p>, &'p str),
    Item(&'p Pointer<'p>, usize),
}

impl Pointer<'_> {
    pub fn to_text(self) -> String {
        match self {
            Self::At(text) => text.to_owned(),
            Self::Member(parent, name) => child(&parent.to_text(), name),
            Self::Item(parent, place) => child(&parent.to_text(), place),
        }
    }
}

/// The pointer of a member of what `pointer` points to.
pub fn child(pointer: &str, member: impl fmt::Display) -> String {
    let mut made = String::with_capacity(pointer.len() + LIKELY_BYTES);
    made.push_str(pointer);
    made.push('/');
    // Writing into a text never fails.
    let _ = fmt::write(&mut Escaped(&mut made), format_args!("{member}"));
    made
}

/// What one step of a pointer mostly takes, in bytes.
const LIKELY_BYTES: usize = 16;

/// Writes one step of a pointer (RFC 6901, section 3).
struct Escaped<'t>(&'t mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '~' => self.0.push_str("~0"),
                '/' => self.0.push_str("~1"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

/// The pointer of a `$ref` that leads to a place in its own document. It is percent-encoded there (RFC 6901, section 6). `None` for
/// a reference to a name or to another document.
pub fn local_pointer(reference: &str) -> Option<String> {
    let pointer = percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()?;
    (pointer.is_empty() || pointer.starts_with('/')).then(|| pointer.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Pointer, child, local_pointer};

    #[test]
    fn a_member_is_escaped() {
        assert_eq!(child("", "a"), "/a");
        assert_eq!(child("/a", 7), "/a/7");
        assert_eq!(child("/a", "b/c~d"), "/a/b~1c~0d");
        assert_eq!(child("/a", ""), "/a/");
    }

    #[test]
    fn a_place_has_the_pointer_of_its_steps() {
        let (root, at) = (Pointer::At(""), Pointer::At("/with"));
        assert_eq!(root.to_text(), "");
        let member = Pointer::Member(&at, "a/b");
        assert_eq!(Pointer::Item(&member, 3).to_text(), "/with/a~1b/3");
    }

    #[test]
    fn a_reference_is_a_pointer_within_the_document_or_none() {
        assert_eq!(local_pointer("#").as_deref(), Some(""));
        assert_eq!(local_pointer("#/$defs/a%3Cb%3E").as_deref(), Some("/$defs/a<b>"));
        for other in ["", "#name", "other.json#/a", "https://example.com/#/a", "#/%ff"] {
            assert_eq!(local_pointer(other), None, "{other}");
        }
    }
}
