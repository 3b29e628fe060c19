//! Answers a query: sets are intersected, then a page is taken from an order, in the way that looks at fewer listings.
//! It never changes the index and never looks at all listings one by one.

use std::{
    borrow::Cow,
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use roaring::RoaringBitmap;

use super::super::text::words;
use super::{
    Doc, Index, Kind, Order, Page, Query, Record, Sort, Window, count, fold, popular_key, rating::Key, recent_key,
    terms::Found,
};

/// The most different words of a query that count; those after them are not looked at.
pub const MAX_WORDS: usize = 8;
/// The most of a query's text that is looked at, in bytes, cut at a character.
pub const MAX_TEXT_BYTES: usize = 4096;

/// Up to so many listings are scored one by one when there are more than two words: sets would be many and small.
const ONE_BY_ONE: u64 = 20_000;
/// What it takes to read one listing's key by its own key, and to pass over one in an order, relative to each other. Measured with
/// a million listings, where the first misses the processor's cache.
const COLLECT_COST: u64 = 40;
const PASS_COST: u64 = 1;
/// What a page costs that is read from an order, at least: the block where it begins.
const WALK_COST: u64 = 20_000;

impl Index {
    /// Finds listings.
    pub fn search(&self, query: &Query) -> Page {
        let backwards = query.descending.is_some_and(|descending| descending != query.sort.descends());
        let window = Window { backwards, offset: query.offset, limit: query.limit };
        let text = query.text.as_deref().filter(|text| !text.trim().is_empty());
        let found: Vec<Found<'_>> =
            text.map(query_words).unwrap_or_default().iter().map(|word| self.terms.find(word)).collect();
        if text.is_some() && found.is_empty() {
            return Page::default();
        }
        let Some(mut sets) = self.filtered(query) else { return Page::default() };
        sets.extend(found.iter().map(Found::docs));
        let within = intersection(sets);
        let within = within.as_deref();
        let total = within.map_or(count(self.records.len()), RoaringBitmap::len);
        let docs = match (query.sort, within) {
            (Sort::Relevance, Some(within)) if !found.is_empty() => self.by_relevance(&found, within, window),
            (Sort::Popular | Sort::Relevance, _) => self.page(&self.popular, popular_key, within, window),
            (Sort::Recent, _) => self.page(&self.recent, recent_key, within, window),
            (Sort::Rating, _) => {
                let key = |record: &Record| Key::new(record.rating_sum, record.reviews);
                self.page(self.ratings.order(), key, within, window)
            }
            (Sort::Name, _) => self.page(&self.names, |record| record.name.clone(), within, window),
        };
        Page { docs, total }
    }

    /// The sets of all conditions but the text; None when one of them has no listing at all.
    fn filtered(&self, query: &Query) -> Option<Vec<Cow<'_, RoaringBitmap>>> {
        let tag = query.tag.as_deref().map(fold);
        let exact = [
            (Kind::Category, &query.category),
            (Kind::Pricing, &query.pricing),
            (Kind::Developer, &query.developer),
            (Kind::Provider, &query.provider),
            (Kind::Tag, &tag),
        ];
        let mut sets = Vec::new();
        for (kind, value) in exact {
            if let Some(value) = value {
                sets.push(Cow::Borrowed(self.facets.get(kind, value)?));
            }
        }
        if let Some(minimum) = query.min_rating {
            sets.push(self.ratings.at_least(minimum));
        }
        Some(sets)
    }

    /// Best first (or last), each equal by popularity.
    fn by_relevance(&self, found: &[Found<'_>], within: &RoaringBitmap, window: Window) -> Vec<Doc> {
        if found.len() > 2 && within.len() <= ONE_BY_ONE {
            self.scored_one_by_one(found, within, window)
        } else {
            self.scored_in_sets(found, within, window)
        }
    }

    pub(super) fn scored_one_by_one(&self, found: &[Found<'_>], within: &RoaringBitmap, window: Window) -> Vec<Doc> {
        let mut scored: Vec<(Doc, u32)> = within.iter().map(|doc| (doc, 0)).collect();
        for word in found {
            for (weight, part) in word.split(within) {
                // Both are sorted, and everything in the part is in the list.
                let mut part = part.iter().peekable();
                for (doc, score) in &mut scored {
                    if part.next_if_eq(doc).is_some() {
                        *score += weight;
                    }
                }
            }
        }
        let keyed = scored.into_iter();
        let keyed = keyed.filter_map(|(doc, score)| Some(((Reverse(score), popular_key(self.records.get(doc)?)), doc)));
        select(keyed.collect(), window)
    }

    pub(super) fn scored_in_sets(&self, found: &[Found<'_>], within: &RoaringBitmap, mut window: Window) -> Vec<Doc> {
        let mut scored = BTreeMap::from([(0, within.clone())]);
        for word in found {
            scored = word.score(scored);
        }
        let mut sets: Vec<RoaringBitmap> = scored.into_values().collect();
        if !window.backwards {
            sets.reverse();
        }
        let mut docs = Vec::new();
        for set in sets {
            let len = size(set.len());
            if window.limit > 0 && window.offset < len {
                let part = self.page(&self.popular, popular_key, Some(&set), window);
                window.limit -= part.len();
                docs.extend(part);
            }
            window.offset = window.offset.saturating_sub(len);
        }
        docs
    }

    /// A page of an order: of all listings, or of those in `within`.
    fn page<K: Ord>(
        &self,
        order: &Order<K>,
        key: impl Fn(&Record) -> K,
        within: Option<&RoaringBitmap>,
        window: Window,
    ) -> Vec<Doc> {
        let found = within.map_or(count(self.records.len()), RoaringBitmap::len);
        if window.limit == 0 || count(window.offset) >= found {
            return Vec::new();
        }
        let end = count(window.offset.saturating_add(window.limit)).min(found);
        match within {
            Some(within) if found * COLLECT_COST < WALK_COST + self.passed(end, found) * PASS_COST => {
                let keyed = within.iter().filter_map(|doc| Some((key(self.records.get(doc)?), doc))).collect();
                select(keyed, window)
            }
            _ => order.page(within, window),
        }
    }

    /// How many listings of an order are passed over to meet `end` of those `found`, if they are spread evenly.
    fn passed(&self, end: u64, found: u64) -> u64 {
        let passed = u128::from(count(self.records.len())) * u128::from(end) / u128::from(found.max(1));
        u64::try_from(passed).unwrap_or(u64::MAX)
    }
}

/// The page of listings that were collected in no order.
fn select<K: Ord>(mut keyed: Vec<(K, Doc)>, window: Window) -> Vec<Doc> {
    let compare = |left: &(K, Doc), right: &(K, Doc)| -> Ordering {
        if window.backwards { right.cmp(left) } else { left.cmp(right) }
    };
    let end = window.offset.saturating_add(window.limit);
    if end < keyed.len() {
        keyed.select_nth_unstable_by(end, compare);
        keyed.truncate(end);
    }
    keyed.sort_unstable_by(compare);
    keyed.into_iter().skip(window.offset).map(|(_, doc)| doc).collect()
}

/// What all sets have in common; None when there is no set.
fn intersection(mut sets: Vec<Cow<'_, RoaringBitmap>>) -> Option<Cow<'_, RoaringBitmap>> {
    sets.sort_by_cached_key(|set| set.len());
    let mut sets = sets.into_iter();
    let first = sets.next()?;
    let Some(second) = sets.next() else { return Some(first) };
    let mut common = first.as_ref() & second.as_ref();
    for set in sets {
        common &= set.as_ref();
    }
    Some(Cow::Owned(common))
}

/// The different words of a query, in its order.
fn query_words(text: &str) -> Vec<String> {
    let mut different: Vec<String> = Vec::new();
    for word in words(&text[..text.floor_char_boundary(MAX_TEXT_BYTES)]) {
        if different.len() == MAX_WORDS {
            break;
        }
        if !different.contains(&word) {
            different.push(word);
        }
    }
    different
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_words_and_so_much_text_count() {
        let many: String = (0..100).map(|number| format!("word{} ", number / 2)).collect();
        assert_eq!(query_words(&many).len(), MAX_WORDS);
        assert_eq!(query_words("b a B á"), ["b", "a"]);
        let long = format!("{} beyond", "é ".repeat(MAX_TEXT_BYTES));
        assert_eq!(query_words(&long), ["e"]);
    }
}
