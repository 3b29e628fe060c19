//! Names of integrations, actions and triggers: what may be one, and how it reads in Rust and for people.

use std::{fmt, str::FromStr};

/// The longest name of an integration, in bytes, as the host has it.
const MAX_BYTES: usize = 64;
/// The longest name of an action or a trigger, in bytes: generated comments with it fit a line.
const MAX_ITEM_BYTES: usize = 40;

/// Names that Rust has taken: no function and no crate can be called so.
const RUST: &str = "abstract alloc as async await become bool box break char const continue core crate do dyn else enum extern f32 \
    f64 false final fn for gen i128 i16 i32 i64 i8 if impl in isize let loop macro match mod move mut override priv \
    proc-macro pub ref return self static std str struct super test trait true try type typeof u128 u16 u32 u64 u8 \
    union unsafe unsized use usize virtual where while yield";
/// Crates that every integration is built with.
const CRATES: &str = "schemars serde serde-json workway-sdk";
/// What generated files call something of their own, and what YAML takes for no text.
const HELPERS: &str = "null sample tests";

/// A name as the host takes it for an id, and Rust for that of a crate, a module and a function: `post-message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// The same, for an action or a trigger, which lies in a file beside others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName(Name);

/// Why a text is no name.
#[derive(Debug, PartialEq, Eq)]
pub enum NameError {
    Malformed,
    /// Longer than this many bytes.
    TooLong(usize),
    Taken,
}

impl fmt::Display for NameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => formatter.write_str(
                "a name consists of lower-case letters, digits and single dashes between them, and begins with a letter: \
                 [a-z][a-z0-9-]*, for example post-message",
            ),
            Self::TooLong(most) => write!(formatter, "a name must have at most {most} characters"),
            Self::Taken => formatter.write_str("Rust or the generated code reserves this name: choose another"),
        }
    }
}

impl std::error::Error for NameError {}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let begins_well = text.starts_with(|first: char| first.is_ascii_lowercase());
        if !begins_well || !text.split('-').all(is_word) {
            return Err(NameError::Malformed);
        }
        if text.len() > MAX_BYTES {
            return Err(NameError::TooLong(MAX_BYTES));
        }
        if has_word(RUST, text) || has_word(CRATES, text) {
            return Err(NameError::Taken);
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for ItemName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name: Name = text.parse()?;
        if text.len() > MAX_ITEM_BYTES {
            return Err(NameError::TooLong(MAX_ITEM_BYTES));
        }
        if has_word(HELPERS, text) { Err(NameError::Taken) } else { Ok(Self(name)) }
    }
}

impl Name {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `post_message`.
    pub fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `Post message`.
    pub fn words(&self) -> String {
        let words = self.0.replace('-', " ");
        let mut letters = words.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    }

    /// For a component's package name, of whose words each begins with a letter: `top-10` is `top10`.
    pub fn label(&self) -> String {
        let mut label = String::new();
        for word in self.0.split('-') {
            if !label.is_empty() && word.starts_with(|first: char| first.is_ascii_lowercase()) {
                label.push('-');
            }
            label.push_str(word);
        }
        label
    }
}

fn has_word(list: &str, word: &str) -> bool {
    list.split(' ').any(|other| other == word)
}

impl AsRef<Name> for ItemName {
    fn as_ref(&self) -> &Name {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_the_host_and_rust_both_take() {
        for good in ["slack", "post-message", "a", "a1", "top-10", "sample", &"a".repeat(MAX_BYTES)] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in ["", "Slack", "1a", "a_b", "-a", "a-", "a--b", "a b", "../a", "ä", "a/b"] {
            assert_eq!(bad.parse::<Name>(), Err(NameError::Malformed), "{bad}");
        }
        for taken in ["move", "type", "u8", "std", "serde", "serde-json", "workway-sdk"] {
            assert_eq!(taken.parse::<Name>(), Err(NameError::Taken), "{taken}");
        }
        for (bytes, most) in [(MAX_BYTES + 1, MAX_BYTES), (MAX_ITEM_BYTES + 1, MAX_ITEM_BYTES)] {
            assert_eq!("a".repeat(bytes).parse::<ItemName>(), Err(NameError::TooLong(most)));
        }
        for taken in ["tests", "sample", "fn", "null"] {
            assert_eq!(taken.parse::<ItemName>(), Err(NameError::Taken), "{taken}");
        }
    }

    #[test]
    fn the_rule_is_said() {
        assert!(NameError::Malformed.to_string().contains("[a-z][a-z0-9-]*"));
    }

    #[test]
    fn a_name_reads_well_everywhere() {
        let name: Name = "top-10-lists".parse().expect("a name");
        assert_eq!(name.snake(), "top_10_lists");
        assert_eq!(name.words(), "Top 10 lists");
        assert_eq!(name.label(), "top10-lists");
    }
}
