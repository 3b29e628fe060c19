//! Splits texts into words for search, for sorting by name and for comparing names: accents, case and typography are folded.
//! It keeps nothing and never fails.

use std::{iter::from_fn, mem::take, str::Chars};

use unicode_normalization::{Decompositions, UnicodeNormalization, char::is_combining_mark};

use super::bounds::MAX_INDEXED_WORDS;

/// The longest word, in bytes of UTF-8. What a word has beyond that is dropped, at the boundary of a character.
pub const MAX_WORD_BYTES: usize = 64;

/// The words of a text, in its order, repeated as often as they occur.
///
/// - Compatibility forms and accents go (NFKD without its marks): "Café" is `cafe`, "ﬁle" is `file`, "x²" is `x2`.
/// - Everything is in lower case. Letters that Unicode does not take apart are written as people type them without that
///   keyboard: ß is `ss`, æ `ae`, ø `o`, ł `l`, and both of Turkish's letters, İ and ı, are `i`.
/// - Anything but letters and digits separates words. Apostrophes do not ("don't" is `dont`), nor do invisible characters such as
///   soft hyphens and joiners: otherwise two names could look the same and be different.
/// - Han, Hiragana, Katakana and Thai are written without spaces: each of their letters is a word. A query of several finds the
///   listings that have them all.
/// - A word is at most [`MAX_WORD_BYTES`] long.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    // Most texts are ASCII, where nothing decomposes: reading them is twice as fast for it.
    let letters = if text.is_ascii() { Letters::Ascii(text.chars()) } else { Letters::Any(text.nfkd()) };
    Words { letters, alone: None }
}

/// A part of a text as search sees it.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// A word between separators.
    Word(String),
    /// Letters of a script without spaces, as they stand beside each other.
    Run(String),
}

/// The parts of a text, in its order. Only white space separates runs.
pub fn parts(text: &str) -> impl Iterator<Item = Part> {
    text.split_whitespace().flat_map(|piece| {
        let mut words = words(piece).peekable();
        from_fn(move || {
            let mut part = words.next()?;
            if !part.chars().all(is_alone) {
                return Some(Part::Word(part));
            }
            while let Some(letter) = words.next_if(|word| word.chars().all(is_alone)) {
                part.push_str(&letter);
            }
            Some(Part::Run(part))
        })
    })
}

/// The words under which a text is found, at most [`MAX_INDEXED_WORDS`]: of a run every letter and every pair of neighbours.
pub fn indexed_words(text: &str) -> impl Iterator<Item = String> {
    let words = parts(text).flat_map(|part| match part {
        Part::Word(word) => vec![word],
        Part::Run(run) => run.chars().map(String::from).chain(pairs(&run)).collect(),
    });
    words.take(MAX_INDEXED_WORDS)
}

/// Every two neighbours of a run.
pub fn pairs(run: &str) -> impl Iterator<Item = String> {
    run.chars().zip(run.chars().skip(1)).map(|(letter, next)| String::from_iter([letter, next]))
}

/// A name as it is sorted and compared: its words with one space between them. Empty for a name without a word.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in words(text) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word);
    }
    folded
}

enum Letters<'a> {
    Ascii(Chars<'a>),
    Any(Decompositions<Chars<'a>>),
}

impl Iterator for Letters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Ascii(letters) => letters.next(),
            Self::Any(letters) => letters.next(),
        }
    }
}

struct Words<'a> {
    letters: Letters<'a>,
    /// A letter that is a word of its own, met while the word before it was read.
    alone: Option<char>,
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if let Some(letter) = self.alone.take() {
            return Some(letter.to_string());
        }
        let mut word = Word::default();
        for letter in self.letters.by_ref() {
            if is_alone(letter) {
                if word.text.is_empty() {
                    return Some(letter.to_string());
                }
                self.alone = Some(letter);
                return Some(word.text);
            }
            if is_unseen(letter) {
                continue;
            }
            if letter.is_alphanumeric() {
                word.push(letter);
            } else if !word.text.is_empty() {
                return Some(take(&mut word.text));
            }
        }
        (!word.text.is_empty()).then_some(word.text)
    }
}

#[derive(Default)]
struct Word {
    text: String,
    full: bool,
}

impl Word {
    fn push(&mut self, letter: char) {
        if letter.is_ascii() {
            return self.push_folded(letter.to_ascii_lowercase());
        }
        for lower in letter.to_lowercase().filter(|lower| !is_combining_mark(*lower)) {
            match spelled(lower) {
                Some(spelled) => spelled.chars().for_each(|letter| self.push_folded(letter)),
                None => self.push_folded(lower),
            }
        }
    }

    fn push_folded(&mut self, letter: char) {
        // Once full it stays full: a shorter letter after a longer one that did not fit would make another word.
        self.full |= self.text.len() + letter.len_utf8() > MAX_WORD_BYTES;
        if !self.full {
            self.text.push(letter);
        }
    }
}

/// Letters that have no decomposition, as they are written in plain Latin letters; and the two forms of sigma as one.
fn spelled(lower: char) -> Option<&'static str> {
    Some(match lower {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ł' => "l",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

/// What is dropped without ending a word: marks, apostrophes in all their forms, and characters that have no width.
fn is_unseen(letter: char) -> bool {
    match letter {
        '\'' => true,
        _ if letter.is_ascii() => false,
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bb}' | '\u{2bc}' => true,
        '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' => true,
        _ => is_combining_mark(letter),
    }
}

fn is_alone(letter: char) -> bool {
    matches!(letter,
        '\u{e01}'..='\u{e4e}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
        && letter.is_alphanumeric()
        && !is_combining_mark(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn accents_case_and_compatibility_forms_are_folded() {
        for (text, folded) in [
            ("Café CRÈME", "cafe creme"),
            ("Cafe\u{301}", "cafe"),
            ("Straße STRASSE ẞ", "strasse strasse ss"),
            ("ﬁle ﬀ", "file ff"),
            ("İstanbul ısı I", "istanbul isi i"),
            ("Øre Łódź Æsir œuvre Đorđe", "ore lodz aesir oeuvre dorde"),
            ("ＦＵＬＬ ｗｉｄｔｈ", "full width"),
            ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
            ("Ⅷ x² ½", "viii x2 1 2"),
            ("Привет Ёлка", "привет елка"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn apostrophes_and_the_unseen_do_not_split_a_word() {
        assert_eq!(list("don't don’t donʼt rock'n'roll 'quoted'"), ["dont", "dont", "dont", "rocknroll", "quoted"]);
        assert_eq!(list("co\u{ad}operate Sla\u{200d}ck"), ["cooperate", "slack"]);
    }

    #[test]
    fn everything_else_splits() {
        assert_eq!(
            list("a-b_c/d.e,f\u{0}g\"h*(i)^:j\u{1F600}k"),
            ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]
        );
        assert_eq!(list("!!! \u{1F468}\u{200d}\u{1F469} \u{301}"), Vec::<String>::new());
        assert_eq!(list(""), Vec::<String>::new());
    }

    #[test]
    fn letters_of_scripts_without_spaces_are_words() {
        assert_eq!(list("東京api接続"), ["東", "京", "api", "接", "続"]);
        assert_eq!(list("カが ไทย"), ["カ", "か", "ไ", "ท", "ย"]);
    }

    #[test]
    fn runs_are_indexed_by_letters_and_neighbours() {
        let indexed = |text| indexed_words(text).collect::<Vec<_>>();
        assert_eq!(indexed("Daily 東京api 天"), ["daily", "東", "京", "東京", "api", "天"]);
        assert_eq!(indexed("東・京"), ["東", "京", "東京"]);
        assert_eq!(indexed(&"a ".repeat(3_000)).len(), MAX_INDEXED_WORDS);
    }

    #[test]
    fn a_long_word_is_cut_at_a_character() {
        assert_eq!(list(&"a".repeat(1000)), ["a".repeat(MAX_WORD_BYTES)]);
        let mixed = format!("{}дa b", "a".repeat(MAX_WORD_BYTES - 1));
        assert_eq!(list(&mixed), ["a".repeat(MAX_WORD_BYTES - 1), "b".to_owned()]);
    }

    #[test]
    fn a_megabyte_of_marks_is_no_word() {
        assert_eq!(list(&"\u{301}".repeat(500_000)), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn no_word_is_empty_or_too_long(text in "\\PC{0,200}") {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && word.len() <= MAX_WORD_BYTES);
                prop_assert!(word.chars().all(char::is_alphanumeric), "{}", word);
            }
        }
    }
}
