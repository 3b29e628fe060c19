//! What listings are filtered by exactly: category, pricing, developer, providers and tags, with the set of listings of each.
//! It never folds or checks a value: what it is given is what it compares.

use std::{borrow::Cow, collections::BTreeMap};

use roaring::RoaringBitmap;

use super::{Doc, dictionary::Dictionary, packed::Packed};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Category,
    Pricing,
    Developer,
    Provider,
    Tag,
}

impl Kind {
    /// All kinds are in one dictionary; this keeps them apart in it.
    const fn letter(self) -> char {
        match self {
            Self::Category => 'c',
            Self::Pricing => 'p',
            Self::Developer => 'd',
            Self::Provider => 'o',
            Self::Tag => 't',
        }
    }

    fn key(self, value: &str) -> String {
        format!("{}{value}", self.letter())
    }
}

/// Every value of every kind that a listing has.
#[derive(Debug, Default)]
pub(super) struct Facets {
    values: Dictionary<RoaringBitmap>,
    developers: u64,
}

impl Facets {
    /// Files a listing under its values; the answer is what [`Facets::remove`] wants.
    pub(super) fn add<'a>(&mut self, doc: Doc, values: impl Iterator<Item = (Kind, Cow<'a, str>)>) -> Packed {
        let mut ids = Vec::new();
        for (kind, value) in values {
            let (id, docs) = self.values.entry(&kind.key(&value));
            if kind == Kind::Developer && docs.is_empty() {
                self.developers += 1;
            }
            docs.insert(doc);
            ids.push(id);
        }
        Packed::new(ids)
    }

    /// Takes a listing out; a value that was its alone is forgotten.
    pub(super) fn remove(&mut self, doc: Doc, ids: &Packed) {
        for id in ids.iter() {
            let Some((key, docs)) = self.values.at_mut(id) else { continue };
            docs.remove(doc);
            if docs.is_empty() {
                if key.starts_with(Kind::Developer.letter()) {
                    self.developers -= 1;
                }
                self.values.remove(id);
            }
        }
    }

    /// The listings that have this value, if any has.
    pub(super) fn get(&self, kind: Kind, value: &str) -> Option<&RoaringBitmap> {
        self.values.get(&kind.key(value))
    }

    /// How many developers have a listing.
    pub(super) fn developers(&self) -> u64 {
        self.developers
    }

    /// How many listings each category has, of those that have one.
    pub(super) fn categories(&self) -> BTreeMap<String, u64> {
        let letter = Kind::Category.letter();
        let mut buffer = [0; 4];
        let prefix: &str = letter.encode_utf8(&mut buffer);
        self.values
            .starting_with(prefix)
            .map(|(key, docs)| (key.strip_prefix(letter).unwrap_or(key).to_owned(), docs.len()))
            .collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}
