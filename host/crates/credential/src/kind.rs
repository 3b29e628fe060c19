//! What one kind of credential looks like: an entry of the table. The pattern does the recognising; an entry may add what
//! has to stand before it, and a check that no pattern can express.

use super::text;

/// One kind of credential.
#[derive(Debug)]
pub(super) struct Kind {
    /// What a message calls it, with its article.
    pub(super) what: &'static str,
    /// The page of the vendor, or the standard, that documents it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tells a reader where the shape comes from; a test checks its form")
    )]
    pub(super) page: &'static str,
    /// In lower case: one of them, in any case, begins every match of the pattern.
    pub(super) keywords: &'static [&'static str],
    /// A regular expression, tried where a keyword begins. Repetitions are bounded and it matches no more than it has to,
    /// so that trying it takes bounded time.
    pub(super) pattern: &'static str,
    /// What stands directly before the keyword.
    pub(super) before: Before,
    /// Judges the pattern's first group or, where it has none, the match.
    pub(super) check: Option<fn(&str) -> bool>,
}

impl Kind {
    /// A kind that begins like a word and needs no further check.
    pub(super) const fn new(
        what: &'static str,
        page: &'static str,
        keywords: &'static [&'static str],
        pattern: &'static str,
    ) -> Self {
        Self { what, page, keywords, pattern, before: Before::NO_WORD, check: None }
    }

    pub(super) const fn after(self, before: Before) -> Self {
        Self { before, ..self }
    }

    pub(super) const fn checked(self, check: fn(&str) -> bool) -> Self {
        Self { check: Some(check), ..self }
    }
}

/// How many bytes of a class stand directly before a keyword.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) class: fn(u8) -> bool,
    pub(super) least: usize,
    pub(super) most: usize,
}

impl Before {
    /// The keyword begins a word.
    pub(super) const NO_WORD: Self = Self::none_of(text::is_word);
    /// The keyword does not stand within base64, where short keywords occur by chance.
    pub(super) const NO_BASE64: Self = Self::none_of(text::is_base64);
    /// Anything.
    pub(super) const ANYTHING: Self = Self::none_of(|_| false);

    const fn none_of(class: fn(u8) -> bool) -> Self {
        Self { class, least: 0, most: 0 }
    }

    /// As many bytes of the class as this, and no more.
    pub(super) const fn some_of(class: fn(u8) -> bool, least: usize, most: usize) -> Self {
        Self { class, least, most }
    }
}
