//! The search index of the marketplace: every public listing, in memory, so that filters, totals and pages of any depth cost
//! microseconds. Pure data: it never reads a database or a clock, and what it holds can be built again from the rows at any time.
//!
//! A word, and every value that is filtered by, has the set of its listings as a compressed bitmap (roaring). A search
//! intersects sets, so that the total is exact and nearly free; a page is then read from the order that was asked for. Whoever
//! owns an [`Index`] puts a lock or a snapshot around it.

mod dictionary;
mod face;
mod facets;
mod neighbours;
mod order;
mod packed;
mod rating;
mod records;
mod search;
mod terms;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use facets::{Facets, Kind};
use order::{Order, Window};
use rating::Ratings;
use records::{Record, Records};
use terms::Terms;

use super::text::fold;

pub use face::{Doc, Entry, Page, Query, Sort, Stats};
pub use search::MAX_WORDS;

/// All public listings, as they are searched.
///
/// Nothing in it fails. A change takes microseconds when only counters changed, and some tens of them when texts did.
#[derive(Debug, Default)]
pub struct Index {
    records: Records,
    terms: Terms,
    facets: Facets,
    /// By installs, inverted: most first.
    popular: Order<u32>,
    /// By time of publishing, inverted: last first.
    recent: Order<i64>,
    ratings: Ratings,
    names: Order<Arc<str>>,
    featured: BTreeSet<(u32, Doc)>,
    installs: u64,
    active_installs: u64,
    reviews: u64,
    hasher: RandomState,
}

impl Index {
    /// Adds a listing, or replaces the one with this key. When no text of it changed, only counters and orders move.
    pub fn put(&mut self, entry: Entry) {
        let texts = self.hash(&entry);
        let kept = match self.records.get_mut(entry.doc) {
            Some(record) if record.texts == texts => {
                let name = Arc::clone(&record.name);
                let (facets, terms) = (std::mem::take(&mut record.facets), std::mem::take(&mut record.terms));
                self.uncount(entry.doc);
                Some((name, facets, terms))
            }
            _ => None,
        };
        let (name, facets, terms) = kept.unwrap_or_else(|| {
            self.remove(entry.doc);
            let name: Arc<str> = Arc::from(fold(&entry.name));
            self.names.insert(Arc::clone(&name), entry.doc);
            (name, self.facets.add(entry.doc, facet_values(&entry)), self.terms.add(entry.doc, &entry))
        });
        let record = Record {
            name,
            installs: entry.installs,
            active_installs: entry.active_installs,
            rating_sum: entry.rating_sum,
            reviews: entry.reviews,
            published_at: entry.published_at,
            featured: entry.featured,
            texts,
            facets,
            terms,
        };
        self.count(entry.doc, &record);
        self.records.insert(entry.doc, record);
    }

    /// Takes a listing out; nothing happens when it is not there.
    pub fn remove(&mut self, doc: Doc) {
        self.uncount(doc);
        if let Some(record) = self.records.remove(doc) {
            self.names.remove(record.name, doc);
            self.facets.remove(doc, &record.facets);
            self.terms.remove(doc, &record.terms);
        }
    }

    /// What is featured, by position, then by key.
    pub fn featured(&self, limit: usize, offset: usize) -> Page {
        let docs = self.featured.iter().skip(offset).take(limit).map(|(_, doc)| *doc).collect();
        Page { docs, total: count(self.featured.len()) }
    }

    /// Counts over all listings. They are kept, so this takes as long as there are categories.
    pub fn stats(&self) -> Stats {
        Stats {
            listings: count(self.records.len()),
            developers: self.facets.developers(),
            installs: self.installs,
            active_installs: self.active_installs,
            reviews: self.reviews,
            categories: self.facets.categories(),
        }
    }

    /// Adds what may change without any text changing.
    fn count(&mut self, doc: Doc, record: &Record) {
        self.popular.insert(popular_key(record), doc);
        self.recent.insert(recent_key(record), doc);
        self.ratings.insert(doc, record.rating_sum, record.reviews);
        if let Some(position) = record.featured {
            self.featured.insert((position, doc));
        }
        self.installs += u64::from(record.installs);
        self.active_installs += u64::from(record.active_installs);
        self.reviews += u64::from(record.reviews);
    }

    fn uncount(&mut self, doc: Doc) {
        let Some(record) = self.records.get(doc) else { return };
        self.popular.remove(popular_key(record), doc);
        self.recent.remove(recent_key(record), doc);
        self.ratings.remove(doc, record.rating_sum, record.reviews);
        if let Some(position) = record.featured {
            self.featured.remove(&(position, doc));
        }
        self.installs -= u64::from(record.installs);
        self.active_installs -= u64::from(record.active_installs);
        self.reviews -= u64::from(record.reviews);
    }

    /// Of all texts; it has a key of its own, so that nobody can write a text that passes for another.
    fn hash(&self, entry: &Entry) -> u64 {
        let Entry { name, tagline, description, tags, category, developer, pricing, providers, .. } = entry;
        self.hasher.hash_one((name, tagline, description, tags, category, developer, pricing, providers))
    }
}

fn popular_key(record: &Record) -> u32 {
    !record.installs
}

fn recent_key(record: &Record) -> i64 {
    !record.published_at
}

fn facet_values(entry: &Entry) -> impl Iterator<Item = (Kind, Cow<'_, str>)> {
    let one = [(Kind::Category, &entry.category), (Kind::Pricing, &entry.pricing), (Kind::Developer, &entry.developer)];
    let one = one.into_iter().map(|(kind, value)| (kind, Cow::Borrowed(value.as_str())));
    let providers = entry.providers.iter().map(|value| (Kind::Provider, Cow::Borrowed(value.as_str())));
    one.chain(providers).chain(entry.tags.iter().map(|tag| (Kind::Tag, Cow::Owned(fold(tag)))))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
