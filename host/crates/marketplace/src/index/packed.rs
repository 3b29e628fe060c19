//! A set of small numbers in as few bytes as they need: what a listing has, kept so that it can be taken out again.
//! It never changes after it was made; whoever needs another set makes another.

/// A set of ids: sorted, then the distance to the one before, seven bits a byte. A listing has about forty words, and a million
/// listings are kept.
#[derive(Debug, Default)]
pub(super) struct Packed(Box<[u8]>);

impl Packed {
    /// Packs ids in any order; what is there twice is kept once.
    pub(super) fn new(mut ids: Vec<u32>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        let mut bytes = Vec::with_capacity(ids.len() * 2);
        let mut before = 0;
        for id in ids {
            let mut distance = id - before;
            before = id;
            while distance >= 0x80 {
                bytes.push(low_bits(distance) | 0x80);
                distance >>= 7;
            }
            bytes.push(low_bits(distance));
        }
        Self(bytes.into_boxed_slice())
    }

    /// The ids, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        let mut bytes = self.0.iter();
        let mut id = 0_u32;
        std::iter::from_fn(move || {
            let mut distance = 0_u32;
            let mut shift = 0;
            loop {
                let byte = *bytes.next()?;
                distance |= u32::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
                shift += 7;
            }
            id += distance;
            Some(id)
        })
    }
}

fn low_bits(number: u32) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_packed_comes_out_sorted_and_once(ids in proptest::collection::vec(any::<u32>(), 0..50)) {
            let expected: Vec<u32> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(Packed::new(ids).iter().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn the_ends_of_the_range_fit() {
        assert_eq!(Packed::new(vec![u32::MAX, 0, 127, 128]).iter().collect::<Vec<_>>(), [0, 127, 128, u32::MAX]);
        assert_eq!(Packed::new(Vec::new()).iter().count(), 0);
    }
}
