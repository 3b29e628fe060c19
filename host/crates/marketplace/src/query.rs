//! What lists may be asked for.

use super::index::{Query, Sort};

/// A part of a list of public listings, and which of them. Also the key that answers are kept under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListFilter {
    pub category: Option<String>,
    pub pricing: Option<super::PricingModel>,
    /// At least this average, 1 to 5, as the bits of an `f64`: a key has to compare exactly.
    pub min_rating: Option<u64>,
    /// A developer's id.
    pub developer: Option<String>,
    pub provider: Option<String>,
    pub tag: Option<String>,
    pub sort: Sort,
    /// None is the natural order of the sort: most popular, newest, best rated, from A to Z.
    pub descending: Option<bool>,
    pub limit: usize,
    pub offset: usize,
}

impl ListFilter {
    /// Everything, in the order of `sort`.
    pub fn all(sort: Sort, limit: usize, offset: usize) -> Self {
        Self {
            category: None,
            pricing: None,
            min_rating: None,
            developer: None,
            provider: None,
            tag: None,
            sort,
            descending: None,
            limit,
            offset,
        }
    }

    pub(super) fn query(&self, text: Option<&str>) -> Query {
        Query {
            text: text.map(str::to_owned),
            category: self.category.clone(),
            pricing: self.pricing.map(|model| model.as_str().to_owned()),
            developer: self.developer.clone(),
            provider: self.provider.clone(),
            tag: self.tag.clone(),
            min_rating: self.min_rating.map(f64::from_bits),
            sort: self.sort,
            descending: self.descending,
            limit: self.limit,
            offset: self.offset,
        }
    }
}
