//! What is kept of each listing besides its words: counters, sort keys and what is needed to take it out again.
//! It never keeps a text but the folded name, and never knows an order.

use std::{collections::BTreeMap, sync::Arc};

use super::{Doc, packed::Packed};

/// One listing.
#[derive(Debug)]
pub(super) struct Record {
    /// Folded; shared with the order by name.
    pub name: Arc<str>,
    pub installs: u32,
    pub active_installs: u32,
    pub rating_sum: u64,
    pub reviews: u32,
    pub published_at: i64,
    pub featured: Option<u32>,
    /// A hash of all texts, to know whether any of them changed.
    pub texts: u64,
    pub facets: Packed,
    pub terms: Packed,
}

/// Keys are given in sequence, so that a page is full or nearly: a map of single listings takes twice the memory.
const PAGE: u32 = 1024;

/// All listings by their key.
#[derive(Debug, Default)]
pub(super) struct Records {
    pages: BTreeMap<u32, Page>,
    len: usize,
}

#[derive(Debug)]
struct Page {
    slots: Vec<Option<Record>>,
    used: usize,
}

impl Records {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, doc: Doc) -> Option<&Record> {
        self.pages.get(&(doc / PAGE))?.slots.get(slot(doc))?.as_ref()
    }

    pub(super) fn get_mut(&mut self, doc: Doc) -> Option<&mut Record> {
        self.pages.get_mut(&(doc / PAGE))?.slots.get_mut(slot(doc))?.as_mut()
    }

    /// Keeps a listing, in place of the one that had this key.
    pub(super) fn insert(&mut self, doc: Doc, record: Record) {
        let page = self.pages.entry(doc / PAGE).or_insert_with(|| Page { slots: Vec::new(), used: 0 });
        if page.slots.len() <= slot(doc) {
            page.slots.resize_with(slot(doc) + 1, || None);
        }
        if page.slots[slot(doc)].replace(record).is_none() {
            page.used += 1;
            self.len += 1;
        }
    }

    pub(super) fn remove(&mut self, doc: Doc) -> Option<Record> {
        let page = self.pages.get_mut(&(doc / PAGE))?;
        let record = page.slots.get_mut(slot(doc))?.take()?;
        page.used -= 1;
        self.len -= 1;
        if page.used == 0 {
            self.pages.remove(&(doc / PAGE));
        }
        Some(record)
    }
}

fn slot(doc: Doc) -> usize {
    usize::try_from(doc % PAGE).unwrap_or(0)
}
