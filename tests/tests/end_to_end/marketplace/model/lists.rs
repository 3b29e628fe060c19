//! The public lists as the model has them: filtered and sorted by plain code.

use std::{cmp::Reverse, collections::BTreeSet};

use proptest::test_runner::TestCaseError;
use serde_json::Value;
use workway_tests::TestHost;

use super::{
    super::listed,
    rows::Keys,
    world::{CATEGORIES, Listing, NAMES, TAGLINES, World},
};

/// Words that are searched for: whole, begun, several, and nowhere. None of them is a slip of another.
const TEXTS: [&str; 8] = ["alpha", "ALPH", "one bravo", "sends", "soup", "charlié", "message", "unknown"];
/// Less than most lists have.
const PAGE: usize = 3;

/// A list, and what it has to be.
pub(super) struct Check {
    path: String,
    expected: Vec<String>,
    /// Whether the order is the model's, too.
    ordered: bool,
}

impl Check {
    /// Asks for the whole and for its pages.
    pub async fn hold(&self, host: &TestHost) -> Result<(), TestCaseError> {
        let (path, joint) = (&self.path, if self.path.contains('?') { '&' } else { '?' });
        let (ids, total) = listed(host, &format!("{path}{joint}limit=100")).await;
        let mut paged = Vec::new();
        for offset in (0..ids.len()).step_by(PAGE) {
            paged.extend(listed(host, &format!("{path}{joint}limit={PAGE}&offset={offset}")).await.0);
        }
        let same = if self.ordered {
            ids == self.expected
        } else {
            BTreeSet::from_iter(&ids) == BTreeSet::from_iter(&self.expected)
        };
        let is_total = usize::try_from(total) == Ok(self.expected.len());
        if same && is_total && paged == ids {
            return Ok(());
        }
        let expected = &self.expected;
        Err(TestCaseError::fail(format!("{path} is {ids:?} of {total}, in pages {paged:?}, expected is {expected:?}")))
    }
}

/// All lists, or the one of everything.
pub(super) fn checks(world: &World, keys: &Keys, everything: bool) -> Vec<Check> {
    let popular = |keeps: &dyn Fn(&Listing) -> bool| sorted(world, keys, "popular", keeps);
    let ordered = |path: String, expected| Check { path, expected, ordered: true };
    let mut checks = vec![ordered("/marketplace".to_owned(), popular(&|_| true))];
    if !everything {
        return checks;
    }
    for (sort, natural) in [("popular", "desc"), ("recent", "desc"), ("rating", "desc"), ("name", "asc")] {
        for order in ["asc", "desc"] {
            let mut expected = sorted(world, keys, sort, &|_| true);
            if order != natural {
                expected.reverse();
            }
            checks.push(ordered(format!("/marketplace?sortBy={sort}&order={order}"), expected));
        }
    }
    checks.push(ordered("/marketplace/popular".to_owned(), popular(&|_| true)));
    checks.push(ordered("/marketplace/recent".to_owned(), sorted(world, keys, "recent", &|_| true)));
    checks.push(ordered("/marketplace/featured".to_owned(), Vec::new()));
    for (place, category) in CATEGORIES.iter().enumerate() {
        let expected = popular(&|listing| listing.category == place);
        checks.push(ordered(format!("/marketplace/category/{category}"), expected.clone()));
        checks.push(ordered(
            format!("/marketplace?category={category}&pricing=free"),
            popular(&|listing| listing.category == place && !listing.paid),
        ));
    }
    for (place, developer) in ["ann", "bob"].into_iter().enumerate() {
        let expected = popular(&|listing| listing.owner == place);
        checks.push(ordered(format!("/marketplace/developer/{developer}"), expected));
    }
    for rating in [1, 3, 5] {
        let least = f64::from(rating);
        let expected = popular(&|listing| average(listing).is_some_and(|average| average >= least));
        checks.push(ordered(format!("/marketplace?minRating={rating}"), expected));
    }
    for text in TEXTS {
        let expected = popular(&|listing| has(listing, text));
        checks.push(ordered(format!("/marketplace?sortBy=popular&q={text}"), expected.clone()));
        checks.push(Check { path: format!("/marketplace?q={text}"), expected, ordered: false });
    }
    checks
}

/// Totals of what is public.
pub(super) fn stats(world: &World, stats: &Value) -> Result<(), TestCaseError> {
    let public: Vec<&Listing> = world.listings.values().filter(|listing| listing.is_public()).collect();
    let installs = |listing: &&Listing| listing.installs.len();
    let active = |listing: &&Listing| listing.installs.values().filter(|(_, active)| *active).count();
    for (field, expected) in [
        ("workflows", public.len()),
        ("developers", public.iter().map(|listing| listing.owner).collect::<BTreeSet<_>>().len()),
        ("installs", public.iter().map(installs).sum()),
        ("activeInstalls", public.iter().map(active).sum()),
        ("reviews", public.iter().map(|listing| listing.reviews.len()).sum()),
    ] {
        if stats[field] != expected {
            return Err(TestCaseError::fail(format!("{field} is {expected}: {stats:#}")));
        }
    }
    for category in stats["categories"].as_array().expect("a list") {
        let expected = public.iter().filter(|listing| category["id"] == CATEGORIES[listing.category]).count();
        if category["workflows"] != expected {
            return Err(TestCaseError::fail(format!("{category} has {expected}")));
        }
    }
    Ok(())
}

/// The public ones that are kept, in the natural order of a sort.
fn sorted(world: &World, keys: &Keys, sort: &str, keeps: &dyn Fn(&Listing) -> bool) -> Vec<String> {
    let mut kept: Vec<(&String, &Listing)> =
        world.listings.iter().filter(|(_, listing)| listing.is_public() && keeps(listing)).collect();
    kept.sort_by_key(|(id, _)| keys[*id].0);
    match sort {
        "popular" => kept.sort_by_key(|(_, listing)| Reverse(listing.installs.len())),
        "recent" => kept.sort_by_key(|(id, _)| Reverse(keys[*id].1)),
        "name" => kept.sort_by_key(|(_, listing)| NAMES[listing.name].1),
        _ => kept.sort_by(|(_, one), (_, other)| {
            let (best, next) = (average(one).unwrap_or(0.0), average(other).unwrap_or(0.0));
            next.total_cmp(&best).then(other.reviews.len().cmp(&one.reviews.len()))
        }),
    }
    kept.into_iter().map(|(id, _)| id.clone()).collect()
}

fn average(listing: &Listing) -> Option<f64> {
    let count = i32::try_from(listing.reviews.len()).ok().filter(|count| *count > 0)?;
    let sum = i32::try_from(listing.reviews.values().sum::<i64>()).ok()?;
    Some(f64::from(sum) / f64::from(count))
}

/// Whether each word of the text begins a word of the listing.
fn has(listing: &Listing, text: &str) -> bool {
    let description = "takes a message and says it";
    let whole = format!("{} {} {description}", NAMES[listing.name].1, TAGLINES[listing.tagline].to_lowercase());
    let text = text.to_lowercase().replace('é', "e");
    text.split_whitespace().all(|part| whole.split_whitespace().any(|word| word.starts_with(part)))
}
