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

#[derive(Debug, Default)]
pub(super) struct Terms {
    dictionary: Dictionary<Term>,
    /// Of the words that are in names.
    neighbours: Neighbours,
}

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
        let mut found: Vec<(String, u8)> = Vec::new();
        found.extend(words(&entry.name).map(|word| (word, NAME)));
        found.extend(entry.tags.iter().flat_map(|tag| words(tag)).map(|word| (word, TAGS)));
        found.extend(words(&entry.tagline).map(|word| (word, TAGLINE)));
        found.extend(words(&entry.description).map(|word| (word, 0)));
        found.sort_unstable();
        found.dedup_by(|again, first| {
            let same = again.0 == first.0;
            if same {
                first.1 |= again.1;
            }
            same
        });
        let ids = found.iter().map(|(word, fields)| self.add_word(doc, word, *fields)).collect();
        Packed::new(ids)
    }

    fn add_word(&mut self, doc: Doc, word: &str, fields: u8) -> u32 {
        let (id, term) = self.dictionary.entry(word);
        term.any.insert(doc);
        if fields & NAME != 0 {
            if term.name.is_empty() {
                self.neighbours.insert(word, id);
            }
            term.name.insert(doc);
        }
        if fields & TAGS != 0 {
            term.tags.insert(doc);
        }
        if fields & TAGLINE != 0 {
            term.tagline.insert(doc);
        }
        id
    }

    /// Takes a listing out; a word that was its alone is forgotten.
    pub(super) fn remove(&mut self, doc: Doc, ids: &Packed) {
        for id in ids.iter() {
            let Some((word, term)) = self.dictionary.at_mut(id) else { continue };
            term.any.remove(doc);
            term.tags.remove(doc);
            term.tagline.remove(doc);
            if term.name.remove(doc) && term.name.is_empty() {
                self.neighbours.remove(word, id);
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
        let begun: Vec<&Term> = if word.chars().nth(1).is_some() {
            self.dictionary.starting_with(word).map(|(_, term)| term).collect()
        } else {
            whole.into_iter().collect()
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
    pub(super) fn len(&self) -> (usize, usize) {
        (self.dictionary.len(), self.neighbours.len())
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

    /// Adds what the word is worth to listings that all have it: sets of equal relevance become sets of equal relevance.
    pub(super) fn score(&self, scored: BTreeMap<u32, RoaringBitmap>) -> BTreeMap<u32, RoaringBitmap> {
        let levels = self.levels();
        let mut sums = BTreeMap::<u32, RoaringBitmap>::new();
        for (score, mut rest) in scored {
            for (weight, docs) in &levels {
                if rest.is_empty() {
                    break;
                }
                let here = &rest & docs.as_ref();
                rest -= &here;
                if !here.is_empty() {
                    *sums.entry(score + weight).or_default() |= here;
                }
            }
        }
        sums
    }

    /// What the word is worth and where, most first. A listing counts where it comes first.
    fn levels(&self) -> Vec<(u32, Cow<'_, RoaringBitmap>)> {
        match self {
            Self::Near { one, two } => {
                vec![(weight::ONE_AWAY, Cow::Borrowed(one)), (weight::TWO_AWAY, Cow::Borrowed(two))]
            }
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
                levels.push((weight::WHOLE / 2, union(begun, |term| &term.any)));
                // Stable: of equal weights either order gives the same sums.
                levels.sort_by_key(|(weight, _)| Reverse(*weight));
                levels
            }
        }
    }
}

fn union<'a>(terms: &[&'a Term], field: impl Fn(&'a Term) -> &'a RoaringBitmap) -> Cow<'a, RoaringBitmap> {
    match terms {
        [term] => Cow::Borrowed(field(term)),
        _ => Cow::Owned(terms.iter().map(|term| field(term)).union()),
    }
}
