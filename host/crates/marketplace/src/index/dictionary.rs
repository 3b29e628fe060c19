//! Texts and the small numbers that stand for them, with a value each: the words of all listings, and what is filtered by.
//! It never decides when a text is no longer needed; who empties a value says so.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::Arc,
};

/// Texts with an id and a value each. The id of a removed text is given to another one later.
#[derive(Debug)]
pub(super) struct Dictionary<T> {
    /// For exact texts: every word of every listing is looked up here, and the sorted map takes five times as long.
    ids: HashMap<Arc<str>, u32>,
    sorted: BTreeMap<Arc<str>, u32>,
    slots: Vec<Option<Slot<T>>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    text: Arc<str>,
    value: T,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { ids: HashMap::new(), sorted: BTreeMap::new(), slots: Vec::new(), free: Vec::new() }
    }
}

impl<T: Default> Dictionary<T> {
    /// The id and the value of a text, which is added with an empty value when it is new.
    pub(super) fn entry(&mut self, text: &str) -> (u32, &mut T) {
        let id = match self.ids.get(text) {
            Some(id) => *id,
            None => self.add(text),
        };
        let slot = &mut self.slots[index(id)];
        let slot = slot.get_or_insert_with(|| Slot { text: Arc::from(text), value: T::default() });
        (id, &mut slot.value)
    }

    fn add(&mut self, text: &str) -> u32 {
        let text: Arc<str> = Arc::from(text);
        let slot = Some(Slot { text: Arc::clone(&text), value: T::default() });
        let id = match self.free.pop() {
            Some(id) => {
                self.slots[index(id)] = slot;
                id
            }
            None => {
                self.slots.push(slot);
                // Four thousand million texts do not fit in memory.
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.ids.insert(Arc::clone(&text), id);
        self.sorted.insert(text, id);
        id
    }

    /// The id of a text.
    pub(super) fn id(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    /// The value of a text.
    pub(super) fn get(&self, text: &str) -> Option<&T> {
        self.at(self.id(text)?).map(|(_, value)| value)
    }

    /// The text and the value of an id.
    pub(super) fn at(&self, id: u32) -> Option<(&str, &T)> {
        let slot = self.slots.get(index(id))?.as_ref()?;
        Some((&slot.text, &slot.value))
    }

    /// The text and the value of an id, to be changed.
    pub(super) fn at_mut(&mut self, id: u32) -> Option<(&str, &mut T)> {
        let slot = self.slots.get_mut(index(id))?.as_mut()?;
        Some((&slot.text, &mut slot.value))
    }

    /// Forgets a text; its id is free.
    pub(super) fn remove(&mut self, id: u32) {
        if let Some(slot) = self.slots.get_mut(index(id)).and_then(Option::take) {
            self.ids.remove(&slot.text);
            self.sorted.remove(&slot.text);
            self.free.push(id);
        }
    }

    /// The texts that begin with `prefix`, in order.
    pub(super) fn starting_with<'a>(&'a self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a T)> {
        self.sorted
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(text, _)| text.starts_with(prefix))
            .filter_map(|(_, id)| self.at(*id))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}

fn index(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_id_and_a_removed_one_gives_it_away() {
        let mut dictionary = Dictionary::<u32>::default();
        let (first, value) = dictionary.entry("mail");
        *value = 7;
        let (second, _) = dictionary.entry("mailer");
        assert_ne!(first, second);
        assert_eq!(dictionary.entry("mail"), (first, &mut 7));
        dictionary.remove(first);
        dictionary.remove(first);
        assert_eq!((dictionary.get("mail"), dictionary.at(first), dictionary.len()), (None, None, 1));
        assert_eq!(dictionary.entry("other"), (first, &mut 0));
    }

    #[test]
    fn a_prefix_finds_its_texts_in_order() {
        let mut dictionary = Dictionary::<u32>::default();
        for text in ["mb", "mailer", "ma", "mail", "l"] {
            dictionary.entry(text);
        }
        let found: Vec<&str> = dictionary.starting_with("ma").map(|(text, _)| text).collect();
        assert_eq!(found, ["ma", "mail", "mailer"]);
    }
}
