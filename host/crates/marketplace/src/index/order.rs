//! Listings in one order, from which a page is taken at any depth: sorted blocks, each with the set of its listings.
//! It never knows what the order means; whoever inserts a listing keeps its key to be able to take it out.

use std::fmt::Debug;

use roaring::RoaringBitmap;

use super::Doc;

/// The most listings in one block. Larger blocks make a change slower (a block is moved up in memory), smaller ones a deep page.
const BLOCK: usize = 4096;

/// Listings sorted by key ascending, then by their own key ascending: total, so a page never repeats or misses one.
#[derive(Debug)]
pub(super) struct Order<K> {
    /// None is empty.
    blocks: Vec<Block<K>>,
}

#[derive(Debug)]
struct Block<K> {
    items: Vec<(K, Doc)>,
    /// Tells in microseconds how many of a result are in this block, so that all before a page are skipped.
    docs: RoaringBitmap,
}

/// What part of an order a page shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub backwards: bool,
    pub offset: usize,
    pub limit: usize,
}

impl<K> Default for Order<K> {
    fn default() -> Self {
        Self { blocks: Vec::new() }
    }
}

impl<K: Ord> Block<K> {
    fn new(items: Vec<(K, Doc)>) -> Self {
        let docs = items.iter().map(|(_, doc)| *doc).collect();
        Self { items, docs }
    }

    fn is_all_before(&self, item: &(K, Doc)) -> bool {
        self.items.last().is_none_or(|last| last < item)
    }
}

impl<K: Ord> Order<K> {
    pub(super) fn insert(&mut self, key: K, doc: Doc) {
        let item = (key, doc);
        let at =
            self.blocks.partition_point(|block| block.is_all_before(&item)).min(self.blocks.len().saturating_sub(1));
        let Some(block) = self.blocks.get_mut(at) else {
            return self.blocks.push(Block::new(vec![item]));
        };
        if let Err(position) = block.items.binary_search(&item) {
            block.items.insert(position, item);
            block.docs.insert(doc);
        }
        if block.items.len() > BLOCK {
            let upper = Block::new(block.items.split_off(BLOCK / 2));
            block.docs -= &upper.docs;
            self.blocks.insert(at + 1, upper);
        }
    }

    /// Takes a listing out that was inserted with this key.
    pub(super) fn remove(&mut self, key: K, doc: Doc) {
        let item = (key, doc);
        let at = self.blocks.partition_point(|block| block.is_all_before(&item));
        let Some(block) = self.blocks.get_mut(at) else { return };
        let Ok(position) = block.items.binary_search(&item) else { return };
        block.items.remove(position);
        block.docs.remove(doc);
        self.merge(at);
    }

    /// Joins a block that has become small to the one after it, so that there are never many small ones.
    fn merge(&mut self, at: usize) {
        if self.blocks[at].items.is_empty() {
            self.blocks.remove(at);
            return;
        }
        let here = self.blocks[at].items.len();
        let fits = |next: &Block<K>| here + next.items.len() <= BLOCK / 2;
        if here <= BLOCK / 4 && self.blocks.get(at + 1).is_some_and(fits) {
            let next = self.blocks.remove(at + 1);
            self.blocks[at].items.extend(next.items);
            self.blocks[at].docs |= next.docs;
        }
    }

    /// The listings of a window: of all there are, or of those in `within`, which is part of them.
    pub(super) fn page(&self, within: Option<&RoaringBitmap>, window: Window) -> Vec<Doc> {
        let mut page = Page { within, skip: window.offset, limit: window.limit, docs: Vec::new() };
        if window.backwards {
            self.blocks.iter().rev().find(|block| page.take(block, block.items.iter().rev()));
        } else {
            self.blocks.iter().find(|block| page.take(block, block.items.iter()));
        }
        page.docs
    }

    /// The listings whose key is greater than `after` and at most `through`.
    pub(super) fn between(&self, after: &K, through: &K) -> RoaringBitmap {
        let first = self.blocks.partition_point(|block| block.items.last().is_none_or(|(key, _)| key <= after));
        let mut found = RoaringBitmap::new();
        for block in &self.blocks[first..] {
            let start = block.items.partition_point(|(key, _)| key <= after);
            let end = block.items.partition_point(|(key, _)| key <= through);
            if start == 0 && end == block.items.len() {
                found |= &block.docs;
                continue;
            }
            found.extend(block.items[start..end.max(start)].iter().map(|(_, doc)| *doc));
            if end < block.items.len() {
                break;
            }
        }
        found
    }
}

/// A page while it is filled, block by block.
struct Page<'a> {
    within: Option<&'a RoaringBitmap>,
    skip: usize,
    limit: usize,
    docs: Vec<Doc>,
}

impl Page<'_> {
    /// Takes what it needs of a block; true when the page is full.
    fn take<'b, K: 'b>(&mut self, block: &'b Block<K>, items: impl Iterator<Item = &'b (K, Doc)>) -> bool {
        let wanted = self.limit - self.docs.len();
        if wanted == 0 {
            return true;
        }
        let matching = match self.within {
            None => block.items.len(),
            Some(within) => usize::try_from(within.intersection_len(&block.docs)).unwrap_or(usize::MAX),
        };
        if matching <= self.skip {
            self.skip -= matching;
            return false;
        }
        let wanted = wanted.min(matching - self.skip);
        let docs = items.map(|(_, doc)| *doc);
        match self.within {
            None => self.docs.extend(docs.skip(self.skip).take(wanted)),
            Some(within) => self.docs.extend(docs.filter(|doc| within.contains(*doc)).skip(self.skip).take(wanted)),
        }
        self.skip = 0;
        self.docs.len() == self.limit
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Keys that collide often, more listings than a block holds, removals in between.
    fn filled(seed: u32) -> (Order<u32>, BTreeSet<(u32, Doc)>) {
        let mut order = Order::default();
        let mut model = BTreeSet::new();
        let mut state = seed | 1;
        for doc in 0..14_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = (state >> 16) % 500;
            order.insert(key, doc);
            model.insert((key, doc));
        }
        for item in model.clone().into_iter().filter(|(key, doc)| doc % 3 != 0 && *key > 100) {
            order.remove(item.0, item.1);
            model.remove(&item);
        }
        (order, model)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn windows_are_those_of_a_sorted_list(seed in any::<u32>(), offset in 0_usize..9_000, limit in 0_usize..3_000, modulus in 1_u32..40) {
            let (order, model) = filled(seed);
            let within: RoaringBitmap = model.iter().map(|(_, doc)| *doc).filter(|doc| doc % modulus == 0).collect();
            for backwards in [false, true] {
                let sorted = |within: Option<&RoaringBitmap>| {
                    let mut docs: Vec<Doc> = model.iter().map(|(_, doc)| *doc).collect();
                    if backwards { docs.reverse(); }
                    docs.retain(|doc| within.is_none_or(|within| within.contains(*doc)));
                    docs.into_iter().skip(offset).take(limit).collect::<Vec<_>>()
                };
                let window = Window { backwards, offset, limit };
                prop_assert_eq!(order.page(None, window), sorted(None));
                prop_assert_eq!(order.page(Some(&within), window), sorted(Some(&within)));
            }
        }

        #[test]
        fn ranges_are_those_of_a_sorted_list(seed in any::<u32>(), after in 0_u32..510, through in 0_u32..510) {
            let (order, model) = filled(seed);
            let expected: RoaringBitmap =
                model.iter().filter(|(key, _)| *key > after && *key <= through).map(|(_, doc)| *doc).collect();
            prop_assert_eq!(order.between(&after, &through), expected);
        }
    }

    #[test]
    fn blocks_stay_bounded_when_listings_come_and_go() {
        let (mut order, model) = filled(7);
        assert!(order.blocks.iter().all(|block| block.items.len() <= BLOCK && !block.items.is_empty()));
        for (key, doc) in model.iter().filter(|(_, doc)| doc % 100 != 0) {
            order.remove(*key, *doc);
        }
        assert_eq!(order.blocks.len(), 1, "small blocks are joined");
        for (key, doc) in model {
            order.remove(key, doc);
            order.remove(key, doc);
        }
        assert!(order.blocks.is_empty());
    }
}
