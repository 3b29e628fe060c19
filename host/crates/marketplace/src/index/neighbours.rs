//! Finds the words that a mistyped one may have meant: what both become when letters are left out is looked up, then the distance
//! is measured. It never decides when a typo is forgiven or what it is worth.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
};

use strsim::osa_distance;

/// Shorter words are never corrected: too many others are one letter away.
const FORGIVEN_FROM: usize = 4;
/// From this length on, two letters may be wrong.
const TWICE_FORGIVEN_FROM: usize = 8;
/// Only the beginnings of words are compared by leaving letters out; it finds the same, as two words within a distance have
/// beginnings within it. It bounds what a long word costs: 29 entries, where a word of 20 letters would have 211.
const BEGINNING: usize = 7;
/// The most words whose distance is measured for one word of a query; what shares its beginning beyond that is not found.
pub(super) const MAX_CANDIDATES: usize = 2_000;

/// The words of names by what they become when letters are left out.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// The hash of a variant, and the word. Half a hash is enough, as the distance is measured: 8 bytes an entry. A set takes
    /// less memory than lists by hash.
    variants: BTreeSet<(u32, u32)>,
    /// With a key of its own, so that nobody can make names that collide.
    hasher: RandomState,
}

impl Neighbours {
    /// Adds a word by its id.
    pub(super) fn insert(&mut self, word: &str, id: u32) {
        for hash in self.indexed(word) {
            self.variants.insert((hash, id));
        }
    }

    pub(super) fn remove(&mut self, word: &str, id: u32) {
        for hash in self.indexed(word) {
            self.variants.remove(&(hash, id));
        }
    }

    /// The words within the distance that a word of this length is forgiven, with that distance: one or two, by
    /// restricted Damerau-Levenshtein, where two letters swapped are one mistake. `text` gives the word of an id.
    pub(super) fn near<'a>(&self, word: &str, text: impl Fn(u32) -> Option<&'a str>) -> Vec<(u32, usize)> {
        let distance = match word.chars().count() {
            ..FORGIVEN_FROM => return Vec::new(),
            FORGIVEN_FROM..TWICE_FORGIVEN_FROM => 1,
            TWICE_FORGIVEN_FROM.. => 2,
        };
        let mut candidates = BTreeSet::new();
        for hash in self.hashes(word, distance) {
            for (_, id) in self.variants.range((hash, 0)..=(hash, u32::MAX)) {
                if candidates.len() < MAX_CANDIDATES {
                    candidates.insert(*id);
                }
            }
        }
        candidates
            .into_iter()
            .filter_map(|id| Some((id, osa_distance(word, text(id)?))))
            .filter(|(_, measured)| *measured <= distance)
            .collect()
    }

    /// A word is found by what is longer or shorter than it by the distance: six letters by eight, three by four.
    fn indexed(&self, word: &str) -> BTreeSet<u32> {
        const ONCE: usize = FORGIVEN_FROM - 1;
        const TWICE: usize = TWICE_FORGIVEN_FROM - 2;
        match word.chars().count() {
            ..ONCE => BTreeSet::new(),
            ONCE..TWICE => self.hashes(word, 1),
            TWICE.. => self.hashes(word, 2),
        }
    }

    fn hashes(&self, word: &str, distance: usize) -> BTreeSet<u32> {
        let beginning: Vec<char> = word.chars().take(BEGINNING).collect();
        let mut hashes = BTreeSet::from([self.hash(&beginning)]);
        self.leave_out(&beginning, 0, distance, &mut hashes);
        hashes
    }

    /// Leaves out every letter from `from` on, and then as many more after it.
    fn leave_out(&self, letters: &[char], from: usize, distance: usize, hashes: &mut BTreeSet<u32>) {
        if distance == 0 {
            return;
        }
        for at in from..letters.len() {
            let mut shorter = letters.to_vec();
            shorter.remove(at);
            hashes.insert(self.hash(&shorter));
            self.leave_out(&shorter, at, distance - 1, hashes);
        }
    }

    fn hash(&self, letters: &[char]) -> u32 {
        u32::try_from(self.hasher.hash_one(letters) >> 32).unwrap_or(u32::MAX)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.variants.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(names: &[String], word: &str) -> Vec<(u32, usize)> {
        let mut neighbours = Neighbours::default();
        for (id, name) in (0..).zip(names) {
            neighbours.insert(name, id);
        }
        neighbours.near(word, |id| names.get(usize::try_from(id).ok()?).map(String::as_str))
    }

    proptest! {
        #[test]
        fn what_is_near_is_found_and_nothing_else(
            names in proptest::collection::btree_set("[abй]{1,12}", 0..30),
            word in "[abй]{1,12}",
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let distance = match word.chars().count() { 0..4 => None, 4..8 => Some(1), _ => Some(2) };
            let expected: Vec<(u32, usize)> = (0..).zip(&names)
                .map(|(id, name)| (id, osa_distance(&word, name)))
                .filter(|(_, measured)| distance.is_some_and(|distance| *measured <= distance))
                .collect();
            prop_assert_eq!(near(&names, &word), expected);
        }
    }

    #[test]
    fn a_long_word_costs_no_more_than_its_beginning() {
        let mut neighbours = Neighbours::default();
        neighbours.insert("abcdefghijklmnopqrstuvwxyz", 1);
        assert_eq!(neighbours.len(), 1 + 7 + 21);
        neighbours.remove("abcdefghijklmnopqrstuvwxyz", 1);
        assert_eq!(neighbours.len(), 0);
    }

    #[test]
    fn the_number_of_words_that_are_measured_is_bounded() {
        let names: Vec<String> = (0..2 * MAX_CANDIDATES).map(|number| format!("beginning{number:06}")).collect();
        assert_eq!(near(&names, "beginning").len(), 0);
        let measured = std::cell::Cell::new(0);
        let mut neighbours = Neighbours::default();
        for (id, name) in (0..).zip(&names) {
            neighbours.insert(name, id);
        }
        neighbours.near("beginninx000001", |_| {
            measured.set(measured.get() + 1);
            None
        });
        assert_eq!(measured.get(), MAX_CANDIDATES);
    }
}
