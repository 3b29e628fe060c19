//! Typos in names: how many are forgiven, which parts of a word survive them, and which words were meant. It never decides when
//! a typo is looked for, and never asks a store.

use std::collections::BTreeMap;

use strsim::osa_distance;

use super::bounds::MAX_CORRECTIONS;

/// Shorter words are not corrected: too many others differ in one letter.
const ONE_TYPO_FROM: usize = 4;
/// From this length on, two typos are forgiven.
const TWO_TYPOS_FROM: usize = 8;
/// The length of a part, in letters: what a trigram index can look up.
const MIN_PART: usize = 3;

/// Parts of a word, of which a name contains at least one if the word was meant to be one of the name's. None for a word that
/// is not corrected.
///
/// Blanks mark the ends of words, in the parts as in the name. A typo damages one part only: there is one part more than typos,
/// and between parts one letter is left out, so that two swapped letters are never in two parts. Words of four letters are too
/// short for that gap: a swap of their middle letters is not found.
pub fn parts(word: &str) -> Option<Vec<String>> {
    let typos = allowed(word)?;
    let padded: Vec<char> = [' '].into_iter().chain(word.chars()).chain([' ']).collect();
    let count = typos + 1;
    let mut gaps = typos.min(padded.len() - MIN_PART * count);
    let mut rest = padded.as_slice();
    let mut parts = Vec::with_capacity(count);
    for left in (1..=count).rev() {
        let (part, behind) = rest.split_at((rest.len() - gaps) / left);
        parts.push(part.iter().collect());
        let gap = usize::from(gaps > 0);
        gaps -= gap;
        rest = &behind[gap..];
    }
    Some(parts)
}

/// The words of folded names that a word may have been meant to be, nearest first, at most [`MAX_CORRECTIONS`].
pub fn corrections<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let Some(typos) = allowed(word) else { return Vec::new() };
    let mut distances = BTreeMap::new();
    for candidate in names.flat_map(|name| name.split(' ')) {
        if candidate.chars().count().abs_diff(word.chars().count()) <= typos {
            distances.entry(candidate).or_insert_with(|| osa_distance(word, candidate));
        }
    }
    let mut near: Vec<(usize, &str)> = distances
        .into_iter()
        .filter(|(_, distance)| *distance <= typos)
        .map(|(word, distance)| (distance, word))
        .collect();
    near.sort_unstable();
    near.into_iter().take(MAX_CORRECTIONS).map(|(_, word)| word.to_owned()).collect()
}

/// Typos that are forgiven in a word, by the restricted Damerau-Levenshtein distance: two swapped letters are one.
fn allowed(word: &str) -> Option<usize> {
    match word.chars().count() {
        ..ONE_TYPO_FROM => None,
        ONE_TYPO_FROM..TWO_TYPOS_FROM => Some(1),
        TWO_TYPOS_FROM.. => Some(2),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_have_a_gap_where_the_word_is_long_enough() {
        assert_eq!(parts("abc"), None);
        assert_eq!(parts("abcd").unwrap(), [" ab", "cd "]);
        assert_eq!(parts("slack").unwrap(), [" sl", "ck "]);
        assert_eq!(parts("invoices").unwrap(), [" in", "oic", "es "]);
        assert_eq!(parts("reminders").unwrap(), [" re", "ind", "rs "]);
    }

    #[test]
    fn nearest_words_come_first() {
        let names = ["invoice voice", "invoices", "spreadsheet", "invoise"];
        assert_eq!(corrections("invioce", names.into_iter()), ["invoice"]);
        assert_eq!(corrections("invoicee", names.into_iter()), ["invoice", "invoices", "invoise"]);
        assert_eq!(corrections("inv", names.into_iter()), [""; 0]);
    }

    /// A word with typos in it, each at a place of its own.
    fn mistyped(word: &str, edits: &[(usize, usize)]) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        for (kind, place) in edits {
            let place = place % letters.len();
            match kind % 4 {
                0 => letters[place] = 'x',
                1 => letters.insert(place, 'x'),
                2 => drop(letters.remove(place)),
                _ => {
                    let other = place.saturating_sub(1);
                    letters.swap(place, other);
                }
            }
        }
        letters.into_iter().collect()
    }

    proptest! {
        #[test]
        fn a_name_has_a_part_of_its_mistyped_word(word in "[a-zй]{5,20}", edits in prop::collection::vec((0..4_usize, 0..20_usize), 1..3)) {
            let typed = mistyped(&word, &edits);
            let distance = osa_distance(&typed, &word);
            let padded = format!(" other {word} ");
            // Words of eight letters have one gap for two typos.
            let is_bounded = typed.chars().count() != TWO_TYPOS_FROM && allowed(&typed).is_some_and(|typos| distance <= typos);
            if is_bounded && typed.chars().count() > ONE_TYPO_FROM {
                let parts = parts(&typed).unwrap_or_default();
                prop_assert!(parts.iter().all(|part| part.chars().count() >= MIN_PART), "{parts:?}");
                prop_assert!(parts.iter().any(|part| padded.contains(part.as_str())), "{typed}: {parts:?}");
                prop_assert_eq!(corrections(&typed, [word.as_str()].into_iter()), [word]);
            }
        }
    }
}
