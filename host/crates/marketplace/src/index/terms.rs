//! The words of all listings, each with the listings that have it and where: what a text is searched in.
//! It never keeps the texts, and forgets a word that no listing has any more.

use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap};

use roaring::{MultiOps, RoaringBitmap};

use super::super::text::words;
use super::{Doc, Entry, dictionary::Dictionary, neighbours::Neighbours, packed::Packed};

/// The listings that have a word anywhere, and in which of the fields that weigh more than the description.
#[derive(Debug, Default)]
pub(super) struct Term {
    any: RoaringBitmap,
    name: RoaringBitmap,
    tags: RoaringBitmap,
    tagline: RoaringBitmap,
}

impl Term {
    fn insert(&mut self, doc: Doc, fields: u8) {
        self.any.insert(doc);
        for (field, docs) in [(NAME, &mut self.name), (TAGS, &mut self.tags), (TAGLINE, &mut self.tagline)] {
            if fields & field != 0 {
                docs.insert(doc);
            }
        }
    }

    fn remove(&mut self, doc: Doc) {
        for docs in [&mut self.any, &mut self.name, &mut self.tags, &mut self.tagline] {
            docs.remove(doc);
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Terms {
    dictionary: Dictionary<Term>,
    /// All words that begin with the same two letters as one term. Thousands of words may, which takes too long to unite for a
    /// query; with three letters it does not.
    beginnings: Dictionary<Term>,
    /// Of the words that are in names.
    neighbours: Neighbours,
}

/// Words of one text that are looked at: who writes more of them fills the dictionary for everybody.
const MAX_WORDS_OF_TEXT: usize = 2_000;
/// Words that one beginning of three letters or more may stand for, in alphabetical order.
const MAX_BEGUN: usize = 4_096;

const NAME: u8 = 1;
const TAGS: u8 = 2;
const TAGLINE: u8 = 4;

/// What a word of a query is worth in a listing, by the best place where it is: as a whole word 8 times the weight of the field
/// (name 8, tags 4, tagline 2, description 1), as the beginning of a word half of that. A whole word is so worth as much as a
/// beginning one field up, and more than one in its own field.
mod weight {
    pub(super) const WHOLE_IN_NAME: u32 = 64;
    pub(super) const WHOLE_IN_TAGS: u32 = 32;
    pub(super) const WHOLE_IN_TAGLINE: u32 = 16;
    pub(super) const WHOLE: u32 = 8;
    /// Less than any word that is there: a corrected one, by its distance.
    pub(super) const ONE_AWAY: u32 = 2;
    pub(super) const TWO_AWAY: u32 = 1;
}

impl Terms {
    /// Files a listing under its words; the answer is what [`Terms::remove`] wants.
    pub(super) fn add(&mut self, doc: Doc, entry: &Entry) -> Packed {
        let mut found: Vec<(u32, u8)> = Vec::new();
        let mut read = |text: &str, field: u8| {
            for word in words(text).take(MAX_WORDS_OF_TEXT) {
                found.push((self.dictionary.entry(&word).0, field));
            }
        };
        read(&entry.name, NAME);
        entry.tags.iter().for_each(|tag| read(tag, TAGS));
        read(&entry.tagline, TAGLINE);
        read(&entry.description, 0);
        once_each(&mut found);
        let mut begun: Vec<(u32, u8)> = Vec::with_capacity(found.len());
        for (id, fields) in &found {
            let Some((word, term)) = self.dictionary.at_mut(*id) else { continue };
            if fields & NAME != 0 && term.name.is_empty() {
                self.neighbours.insert(word, *id);
            }
            term.insert(doc, *fields);
            if let Some(beginning) = beginning(word) {
                begun.push((self.beginnings.entry(beginning).0, *fields));
            }
        }
        once_each(&mut begun);
        for (id, fields) in begun {
            if let Some((_, term)) = self.beginnings.at_mut(id) {
                term.insert(doc, fields);
            }
        }
        Packed::new(found.into_iter().map(|(id, _)| id).collect())
    }

    /// Takes a listing out; a word that was its alone is forgotten.
    pub(super) fn remove(&mut self, doc: Doc, ids: &Packed) {
        for id in ids.iter() {
            let Some((word, term)) = self.dictionary.at_mut(id) else { continue };
            if term.name.contains(doc) && term.name.len() == 1 {
                self.neighbours.remove(word, id);
            }
            term.remove(doc);
            if let Some(begun) = beginning(word).and_then(|beginning| self.beginnings.id(beginning))
                && let Some((_, term)) = self.beginnings.at_mut(begun)
            {
                term.remove(doc);
                if term.any.is_empty() {
                    self.beginnings.remove(begun);
                }
            }
            if term.any.is_empty() {
                self.dictionary.remove(id);
            }
        }
    }

    /// Where a word of a query is found: in words that begin with it (a single letter only as a whole), and where there are none
    /// at all, in the words of names that it may have been meant to be.
    pub(super) fn find(&self, word: &str) -> Found<'_> {
        let whole = self.dictionary.get(word);
        let begun: Vec<&Term> = match beginning(word) {
            None => whole.into_iter().collect(),
            Some(all) if all == word => self.beginnings.get(all).into_iter().collect(),
            // The word itself is the first of them.
            Some(_) => self.dictionary.starting_with(word).map(|(_, term)| term).take(MAX_BEGUN).collect(),
        };
        if !begun.is_empty() {
            return Found::Words { whole, begun };
        }
        let near = self.neighbours.near(word, |id| self.dictionary.at(id).map(|(text, _)| text));
        let at_distance = |distance: usize| {
            let near = near.iter().filter(move |(_, measured)| *measured == distance);
            near.filter_map(|(id, _)| self.dictionary.at(*id)).map(|(_, term)| &term.name).union()
        };
        Found::Near { one: at_distance(1), two: at_distance(2) }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize, usize) {
        (self.dictionary.len(), self.beginnings.len(), self.neighbours.len())
    }
}

/// Where one word of a query is found.
pub(super) enum Found<'a> {
    /// In words of listings: `begun` has all that begin with it, `whole` among them.
    Words { whole: Option<&'a Term>, begun: Vec<&'a Term> },
    /// Nowhere; these listings have a name that it may have meant, one or two letters away.
    Near { one: RoaringBitmap, two: RoaringBitmap },
}

impl Found<'_> {
    /// All listings that have it.
    pub(super) fn docs(&self) -> Cow<'_, RoaringBitmap> {
        match self {
            Self::Words { begun, .. } => union(begun, |term| &term.any),
            Self::Near { one, two } if two.is_empty() => Cow::Borrowed(one),
            Self::Near { one, two } => Cow::Owned(one | two),
        }
    }

    /// What the word is worth in listings that all have it: sets that have nothing in common, with the worth of each.
    pub(super) fn split(&self, within: &RoaringBitmap) -> Vec<(u32, RoaringBitmap)> {
        split(&self.levels(), self.least(), within.clone())
    }

    /// Adds what the word is worth to listings that all have it: sets of equal relevance become sets of equal relevance.
    pub(super) fn score(&self, scored: BTreeMap<u32, RoaringBitmap>) -> BTreeMap<u32, RoaringBitmap> {
        let levels = self.levels();
        let mut sums = BTreeMap::<u32, RoaringBitmap>::new();
        for (score, docs) in scored {
            for (weight, here) in split(&levels, self.least(), docs) {
                *sums.entry(score + weight).or_default() |= here;
            }
        }
        sums
    }

    /// What the word is worth and where, most first; a listing counts where it comes first. Those that are nowhere here are
    /// worth the least, see [`Found::least`]: their set, the largest, is not needed.
    fn levels(&self) -> Vec<(u32, Cow<'_, RoaringBitmap>)> {
        match self {
            Self::Near { one, .. } => vec![(weight::ONE_AWAY, Cow::Borrowed(one))],
            Self::Words { whole, begun } => {
                let mut levels = Vec::new();
                if let Some(whole) = whole {
                    levels.push((weight::WHOLE_IN_NAME, Cow::Borrowed(&whole.name)));
                    levels.push((weight::WHOLE_IN_TAGS, Cow::Borrowed(&whole.tags)));
                    levels.push((weight::WHOLE_IN_TAGLINE, Cow::Borrowed(&whole.tagline)));
                    levels.push((weight::WHOLE, Cow::Borrowed(&whole.any)));
                }
                levels.push((weight::WHOLE_IN_NAME / 2, union(begun, |term| &term.name)));
                levels.push((weight::WHOLE_IN_TAGS / 2, union(begun, |term| &term.tags)));
                levels.push((weight::WHOLE_IN_TAGLINE / 2, union(begun, |term| &term.tagline)));
                levels.sort_by_key(|(weight, _)| Reverse(*weight));
                levels
            }
        }
    }

    fn least(&self) -> u32 {
        match self {
            Self::Words { .. } => weight::WHOLE / 2,
            Self::Near { .. } => weight::TWO_AWAY,
        }
    }
}

fn split(levels: &[(u32, Cow<'_, RoaringBitmap>)], least: u32, mut rest: RoaringBitmap) -> Vec<(u32, RoaringBitmap)> {
    let mut parts = Vec::new();
    for (weight, docs) in levels {
        if rest.is_empty() {
            break;
        }
        let here = &rest & docs.as_ref();
        if !here.is_empty() {
            rest -= &here;
            parts.push((*weight, here));
        }
    }
    if !rest.is_empty() {
        parts.push((least, rest));
    }
    parts
}

/// The first two letters of a word; None when it has only one, which is no beginning but a word.
fn beginning(word: &str) -> Option<&str> {
    let (second, letter) = word.char_indices().nth(1)?;
    Some(&word[..second + letter.len_utf8()])
}

/// Sorts ids and joins the fields of those that are there several times.
fn once_each(found: &mut Vec<(u32, u8)>) {
    found.sort_unstable();
    found.dedup_by(|again, first| {
        let same = again.0 == first.0;
        if same {
            first.1 |= again.1;
        }
        same
    });
}

fn union<'a>(terms: &[&'a Term], field: impl Fn(&'a Term) -> &'a RoaringBitmap) -> Cow<'a, RoaringBitmap> {
    match terms {
        [term] => Cow::Borrowed(field(term)),
        _ => Cow::Owned(terms.iter().map(|term| field(term)).union()),
    }
}
