//! Inserting lines into a source text that somebody else has written: the rest stays byte for byte.

use std::ops::Range;

/// A source text with what is to be put into it.
pub struct Text<'source> {
    source: &'source str,
    insertions: Vec<(usize, String)>,
}

impl<'source> Text<'source> {
    pub fn new(source: &'source str) -> Self {
        Self { source, insertions: Vec::new() }
    }

    /// How its lines end.
    pub fn newline(&self) -> &'static str {
        if self.source.contains("\r\n") { "\r\n" } else { "\n" }
    }

    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.insertions.push((at, text.into()));
    }

    /// The text with everything in it. What was put to one place stays in the order in which it came.
    pub fn finish(mut self) -> String {
        self.insertions.sort_by_key(|(at, _)| *at);
        let mut text = String::with_capacity(self.source.len() + 256);
        let mut from = 0;
        for (at, insertion) in &self.insertions {
            text.push_str(&self.source[from..*at]);
            text.push_str(insertion);
            from = *at;
        }
        text.push_str(&self.source[from..]);
        text
    }

    pub fn between(&self, range: Range<usize>) -> &'source str {
        &self.source[range]
    }

    /// Where the line of a place begins.
    pub fn line_start(&self, at: usize) -> usize {
        self.source[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Where the line of a place ends, before its line break.
    pub fn line_end(&self, at: usize) -> usize {
        let end = self.source[at..].find('\n').map_or(self.source.len(), |newline| at + newline);
        if self.source[at..end].ends_with('\r') { end - 1 } else { end }
    }

    /// What the line of a place is indented with.
    pub fn indentation(&self, at: usize) -> &'source str {
        let line = &self.source[self.line_start(at)..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// Whether the line after that of a place is there and has something on it.
    pub fn is_followed_closely(&self, at: usize) -> bool {
        let mut lines = self.source[self.line_end(at)..].lines().skip(1);
        lines.next().is_some_and(|line| !line.trim().is_empty())
    }
}

/// A list between brackets, or the fields of a macro between braces: where its parts lie.
pub struct List {
    /// Behind the opening bracket.
    pub open: usize,
    /// Before the closing one.
    pub close: usize,
    /// Where its last entry begins and where its last token ends, and whether that is a comma; None for an empty list.
    pub last: Option<Last>,
}

pub struct Last {
    pub start: usize,
    pub end: usize,
    pub is_comma: bool,
}

impl List {
    /// Puts an entry behind the others, on a line of its own where they have lines of their own. `entry` is told how that
    /// line is indented, or None where it stays in the list's own.
    ///
    /// Answers whether it is certain where it goes.
    pub fn append(&self, text: &mut Text<'_>, entry: impl FnOnce(Option<&str>) -> String) -> bool {
        let newline = text.newline();
        let Some(last) = &self.last else {
            let inner = text.between(self.open..self.close);
            if inner.contains('\n') {
                let indentation = format!("{}    ", text.indentation(self.open));
                let entry = entry(Some(&indentation));
                text.insert(self.open, format!("{newline}{indentation}{entry},"));
            } else if inner.trim().is_empty() {
                text.insert(self.open, entry(None));
            } else {
                text.insert(self.open, format!("{}, ", entry(None)));
            }
            return true;
        };
        if !text.between(last.end..self.close).contains('\n') {
            let entry = entry(None);
            text.insert(last.end, if last.is_comma { format!(" {entry},") } else { format!(", {entry}") });
            return true;
        }
        let line_end = text.line_end(last.end);
        if text.between(last.end..line_end).contains("/*") {
            return false;
        }
        let indentation = match text.indentation(last.start) {
            own if text.line_start(last.start) >= self.open => own.to_owned(),
            of_the_bracket => format!("{of_the_bracket}    "),
        };
        let entry = entry(Some(&indentation));
        if !last.is_comma {
            text.insert(last.end, ",");
        }
        text.insert(line_end, format!("{newline}{indentation}{entry},"));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_stays_as_it_is() {
        let source = "a\r\n  ä b\r\n";
        let mut text = Text::new(source);
        assert_eq!((text.newline(), text.indentation(5), text.line_end(5)), ("\r\n", "  ", 9));
        text.insert(9, "2");
        text.insert(0, "1");
        text.insert(9, "3");
        assert_eq!(text.finish(), "1a\r\n  ä b23\r\n");
    }

    #[test]
    fn the_last_line_may_have_no_end() {
        let text = Text::new("a\n  b");
        assert_eq!((text.line_start(4), text.line_end(4)), (2, 5));
        assert!(text.is_followed_closely(0) && !text.is_followed_closely(4));
        assert!(!Text::new("a\n\nb").is_followed_closely(0));
    }
}
