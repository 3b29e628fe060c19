//! Listings by their average rating: the order, and the sets of those that have at least so much.
//! It never rounds an average: it is the sum divided by the number of reviews, as an f64, and compared as such.

use std::borrow::Cow;

use roaring::RoaringBitmap;

use super::{Doc, order::Order};

/// The place of a listing by rating: best average first, then most reviews; those without a review last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    unrated: bool,
    /// The bits of the average, inverted: floats that are not negative sort as their bits do.
    average: u64,
    reviews: u32,
}

impl Key {
    pub(super) fn new(sum: u64, reviews: u32) -> Self {
        match average(sum, reviews) {
            Some(average) => Self { unrated: false, average: !average.to_bits(), reviews: !reviews },
            None => Self { unrated: true, average: 0, reviews: 0 },
        }
    }

    /// The last place that an average has, after all who have reviews.
    fn last_of(average: f64) -> Self {
        Self { unrated: false, average: !average.to_bits(), reviews: u32::MAX }
    }
}

/// The average of `reviews` ratings that add up to `sum`; none without a review.
pub(super) fn average(sum: u64, reviews: u32) -> Option<f64> {
    (reviews > 0).then(|| {
        let (high, low) = (sum >> 32, sum & u64::from(u32::MAX));
        let half = |half: u64| f64::from(u32::try_from(half).unwrap_or(u32::MAX));
        // Both halves are exact, so that this rounds once, as a conversion would.
        (half(high) * 4_294_967_296.0 + half(low)) / f64::from(reviews)
    })
}

/// What people filter by. Between two of these the order is read, which takes longer the more listings there are.
const THRESHOLDS: [f64; 11] = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0];

#[derive(Debug, Default)]
pub(super) struct Ratings {
    order: Order<Key>,
    /// For each threshold, the listings with at least that average.
    at_least: [RoaringBitmap; THRESHOLDS.len()],
}

impl Ratings {
    pub(super) fn insert(&mut self, doc: Doc, sum: u64, reviews: u32) {
        self.order.insert(Key::new(sum, reviews), doc);
        if let Some(average) = average(sum, reviews) {
            for (docs, threshold) in self.at_least.iter_mut().zip(THRESHOLDS) {
                if average >= threshold {
                    docs.insert(doc);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, doc: Doc, sum: u64, reviews: u32) {
        self.order.remove(Key::new(sum, reviews), doc);
        for docs in &mut self.at_least {
            docs.remove(doc);
        }
    }

    pub(super) fn order(&self) -> &Order<Key> {
        &self.order
    }

    /// The listings whose average is at least `minimum`. What has no review never is, and nothing is at least NaN.
    pub(super) fn at_least(&self, minimum: f64) -> Cow<'_, RoaringBitmap> {
        if minimum.is_nan() {
            return Cow::Owned(RoaringBitmap::new());
        }
        // No average is less than zero, and below it the bits would not sort.
        let minimum = if minimum > 0.0 { minimum } else { 0.0 };
        let after = THRESHOLDS.iter().zip(&self.at_least).find(|(threshold, _)| **threshold >= minimum);
        match after {
            Some((threshold, docs)) if *threshold <= minimum => Cow::Borrowed(docs),
            Some((threshold, docs)) => {
                Cow::Owned(self.order.between(&Key::last_of(*threshold), &Key::last_of(minimum)) | docs)
            }
            None => Cow::Owned(self.order.between(&Key::last_of(f64::INFINITY), &Key::last_of(minimum))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_filter_is_the_comparison(
            rows in proptest::collection::vec((0_u64..40, 0_u32..8), 0..60),
            minimum in prop_oneof![-1.0..12.0, Just(4.0), Just(4.5), Just(f64::NAN), Just(f64::INFINITY), Just(-0.0), Just(10.0 / 3.0)],
        ) {
            let mut ratings = Ratings::default();
            for (doc, (sum, reviews)) in (0..).zip(&rows) {
                ratings.insert(doc, *sum, *reviews);
            }
            let expected: RoaringBitmap = (0..).zip(&rows)
                .filter(|(_, (sum, reviews))| average(*sum, *reviews).is_some_and(|average| average >= minimum))
                .map(|(doc, _)| doc)
                .collect();
            prop_assert_eq!(ratings.at_least(minimum).into_owned(), expected);
        }
    }

    #[test]
    fn an_average_is_exact_for_large_sums() {
        assert_eq!(average(u64::MAX, 1), Some(18_446_744_073_709_551_615.0));
        assert_eq!(average((1 << 53) + 3, 1), Some(9_007_199_254_740_996.0));
        assert_eq!((average(9, 2), average(0, 3), average(0, 0)), (Some(4.5), Some(0.0), None));
    }

    #[test]
    fn an_average_of_zero_is_before_no_review() {
        assert!(Key::new(0, 1) < Key::new(0, 0));
        assert!(Key::new(9, 2) < Key::new(4, 1) && Key::new(8, 2) < Key::new(4, 1));
    }
}
