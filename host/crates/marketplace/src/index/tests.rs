//! The index against a naive model: the entries themselves, filtered and sorted by plain code.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    super::text::{fold, words},
    *,
};

#[derive(Default)]
struct Model {
    entries: BTreeMap<Doc, Entry>,
}

impl Model {
    fn average(entry: &Entry) -> Option<f64> {
        (entry.reviews > 0).then(|| f64::from(u32::try_from(entry.rating_sum).unwrap()) / f64::from(entry.reviews))
    }

    /// The words of an entry, each with the weight of the field where it is.
    fn weighted(entry: &Entry) -> Vec<(String, u32)> {
        let of = |text: &str, weight: u32| words(text).map(move |word| (word, weight)).collect::<Vec<_>>();
        let tags = entry.tags.iter().flat_map(|tag| of(tag, 4));
        let mut all: Vec<(String, u32)> = of(&entry.name, 8).into_iter().chain(tags).collect();
        all.extend(of(&entry.tagline, 2));
        all.extend(of(&entry.description, 1));
        all
    }

    fn begins(found: &str, word: &str) -> bool {
        found == word || (word.chars().count() > 1 && found.starts_with(word))
    }

    /// What an entry is worth for one word, which is in some entry; None where it is not found.
    fn worth(entry: &Entry, word: &str) -> Option<u32> {
        Self::weighted(entry)
            .into_iter()
            .filter(|(found, _)| Self::begins(found, word))
            .map(|(found, weight)| weight * if found == word { 8 } else { 4 })
            .max()
    }

    /// What an entry is worth for a word that is in none.
    fn near_worth(entry: &Entry, word: &str) -> Option<u32> {
        let distance = match word.chars().count() {
            0..4 => return None,
            4..8 => 1,
            _ => 2,
        };
        let nearest = words(&entry.name).map(|found| strsim::osa_distance(&found, word)).min()?;
        (nearest <= distance).then_some(if nearest == 1 { 2 } else { 1 })
    }

    /// What an entry is worth for all words; each with whether it is in any entry.
    fn relevance(entry: &Entry, query: &[(String, bool)]) -> Option<u32> {
        let worth = |(word, anywhere): &(String, bool)| {
            if *anywhere { Self::worth(entry, word) } else { Self::near_worth(entry, word) }
        };
        query.iter().map(worth).sum()
    }

    fn search(&self, query: &Query) -> Page {
        let text = query.text.as_deref().filter(|text| !text.trim().is_empty());
        let mut different: Vec<String> = Vec::new();
        for word in text.into_iter().flat_map(words) {
            if different.len() < 8 && !different.contains(&word) {
                different.push(word);
            }
        }
        if text.is_some() && different.is_empty() {
            return Page::default();
        }
        let anywhere = |word: &String| self.entries.values().any(|entry| Self::worth(entry, word).is_some());
        let different: Vec<(String, bool)> =
            different.into_iter().map(|word| (word.clone(), anywhere(&word))).collect();
        let same = |asked: &Option<String>, is: &str| asked.as_deref().is_none_or(|asked| asked == is);
        let mut found: Vec<(u32, &Entry)> = Vec::new();
        for entry in self.entries.values() {
            let Some(relevance) = Self::relevance(entry, &different) else { continue };
            let provider = query.provider.as_ref().is_none_or(|asked| entry.providers.contains(asked));
            let tag = query.tag.as_ref().is_none_or(|asked| entry.tags.iter().any(|tag| fold(tag) == fold(asked)));
            let rated = query.min_rating.is_none_or(|minimum| Self::average(entry).is_some_and(|is| is >= minimum));
            if same(&query.category, &entry.category)
                && same(&query.pricing, &entry.pricing)
                && same(&query.developer, &entry.developer)
                && provider
                && tag
                && rated
            {
                found.push((relevance, entry));
            }
        }
        found.sort_by(|(left_score, left), (right_score, right)| {
            let popular = right.installs.cmp(&left.installs);
            let order = match query.sort {
                Sort::Popular => popular,
                Sort::Recent => right.published_at.cmp(&left.published_at),
                Sort::Rating => match (Self::average(left), Self::average(right)) {
                    (Some(left_average), Some(right_average)) => {
                        right_average.total_cmp(&left_average).then(right.reviews.cmp(&left.reviews))
                    }
                    (left, right) => right.is_some().cmp(&left.is_some()),
                },
                Sort::Name => fold(&left.name).cmp(&fold(&right.name)),
                Sort::Relevance if different.is_empty() => popular,
                Sort::Relevance => right_score.cmp(left_score).then(popular),
            };
            order.then(left.doc.cmp(&right.doc))
        });
        if query.descending.is_some_and(|descending| descending == (query.sort == Sort::Name)) {
            found.reverse();
        }
        let total = u64::try_from(found.len()).unwrap();
        let docs = found.into_iter().skip(query.offset).take(query.limit).map(|(_, entry)| entry.doc).collect();
        Page { docs, total }
    }

    fn featured(&self) -> Vec<Doc> {
        let found: BTreeSet<(u32, Doc)> =
            self.entries.values().filter_map(|entry| Some((entry.featured?, entry.doc))).collect();
        found.into_iter().map(|(_, doc)| doc).collect()
    }

    fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        let mut developers = BTreeSet::new();
        for entry in self.entries.values() {
            stats.listings += 1;
            stats.installs += u64::from(entry.installs);
            stats.active_installs += u64::from(entry.active_installs);
            stats.reviews += u64::from(entry.reviews);
            *stats.categories.entry(entry.category.clone()).or_default() += 1;
            developers.insert(&entry.developer);
        }
        stats.developers = u64::try_from(developers.len()).unwrap();
        stats
    }
}

/// Few words, with common beginnings, accents, cases, scripts and one letter between some.
const VOCABULARY: [&str; 26] = [
    "slack",
    "Slackbot",
    "sla",
    "slick",
    "github",
    "gitlab",
    "Git",
    "Café",
    "cafe\u{301}s",
    "a",
    "I",
    "invoice",
    "invoices",
    "Rechnungsprüfung",
    "rechnungsprufungen",
    "notify",
    "notifications",
    "straße",
    "東京",
    "ไทย",
    "שלום",
    "don't",
    "!!!",
    "x\u{0}y",
    "\u{1F600}",
    "ﬁle",
];
/// What is only asked: beginnings, typos and syntax of other search engines.
const ASKED: [&str; 20] = [
    "sl",
    "slak",
    "salck",
    "slackbto",
    "gi",
    "githbu",
    "CAFÉ",
    "invioces",
    "rechnungsprfung",
    "rechnungspruffungn",
    "notificatoins",
    "xyzzy",
    "\"*()^:-",
    "NEAR(a b)",
    "name:slack",
    "sl*",
    "  ",
    "京",
    "strasse",
    "dont",
];

fn text(most: usize) -> impl Strategy<Value = String> {
    vec(select(&VOCABULARY[..]), 0..=most).prop_map(|words| words.join(" "))
}

fn asked() -> impl Strategy<Value = String> {
    let word = prop_oneof![select(&VOCABULARY[..]), select(&ASKED[..])];
    prop_oneof![4 => word.clone().prop_map(str::to_owned), 3 => vec(word, 1..4).prop_map(|words| words.join(" ")), 1 => any::<String>()]
}

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(values).prop_map(str::to_owned)
}

fn category() -> impl Strategy<Value = String> {
    one_of(&["mail", "money", "Mail"])
}
fn developer() -> impl Strategy<Value = String> {
    one_of(&["ada", "bob", "mail"])
}
fn pricing() -> impl Strategy<Value = String> {
    one_of(&["free", "paid"])
}
fn provider() -> impl Strategy<Value = String> {
    one_of(&["slack", "github", "free"])
}
fn tag() -> impl Strategy<Value = String> {
    one_of(&["Chat", "chat", "Café crème", "cafe creme", "!!!", "slack"])
}

fn entry() -> impl Strategy<Value = Entry> {
    let texts = (text(3), text(4), text(6), vec(tag(), 0..3), vec(provider(), 0..3));
    let values = (category(), developer(), pricing());
    let counters = (0_u32..4, 0_u32..3, 0_u64..12, 0_u32..4, -2_i64..3, option::of(0_u32..3));
    (0_u32..24, texts, values, counters).prop_map(|(doc, texts, values, counters)| Entry {
        doc: doc * 977,
        name: texts.0,
        tagline: texts.1,
        description: texts.2,
        tags: texts.3,
        providers: texts.4,
        category: values.0,
        developer: values.1,
        pricing: values.2,
        installs: counters.0,
        active_installs: counters.1,
        rating_sum: counters.2,
        reviews: counters.3,
        published_at: counters.4,
        featured: counters.5,
    })
}

#[derive(Debug, Clone)]
enum Change {
    Put(Entry),
    /// Only counters of what is there.
    Count(Entry),
    Remove(Doc),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => entry().prop_map(Change::Put),
        3 => entry().prop_map(Change::Count),
        2 => (0_u32..24).prop_map(|doc| Change::Remove(doc * 977)),
    ]
}

/// Relevance twice, as it has the most ways to be wrong.
const SORTS: [Sort; 6] = [Sort::Popular, Sort::Recent, Sort::Rating, Sort::Name, Sort::Relevance, Sort::Relevance];

fn query() -> impl Strategy<Value = Query> {
    let rating = prop_oneof![0.0..6.0, Just(3.0), Just(1.5), Just(-1.0), Just(f64::NAN)];
    let conditions = (
        option::of(asked()),
        option::weighted(0.2, category()),
        option::weighted(0.2, pricing()),
        option::weighted(0.2, developer()),
        option::weighted(0.2, provider()),
        option::weighted(0.2, tag()),
        option::weighted(0.2, rating),
    );

    let shown = (select(&SORTS[..]), any::<Option<bool>>(), 0_usize..12, 0_usize..12);
    (conditions, shown).prop_map(|(conditions, shown)| Query {
        text: conditions.0,
        category: conditions.1,
        pricing: conditions.2,
        developer: conditions.3,
        provider: conditions.4,
        tag: conditions.5,
        min_rating: conditions.6,
        sort: shown.0,
        descending: shown.1,
        limit: shown.2,
        offset: shown.3,
    })
}

fn apply(index: &mut Index, model: &mut Model, change: Change) {
    match change {
        Change::Put(entry) => {
            model.entries.insert(entry.doc, entry.clone());
            index.put(entry);
        }
        Change::Count(counters) => {
            let Some(entry) = model.entries.get_mut(&counters.doc) else { return };
            entry.installs = counters.installs;
            entry.active_installs = counters.active_installs;
            entry.rating_sum = counters.rating_sum;
            entry.reviews = counters.reviews;
            entry.published_at = counters.published_at;
            entry.featured = counters.featured;
            index.put(entry.clone());
        }
        Change::Remove(doc) => {
            model.entries.remove(&doc);
            index.remove(doc);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_index_answers_as_a_naive_model_does(changes in vec(change(), 0..60), queries in vec(query(), 1..30)) {
        let (mut index, mut model) = (Index::default(), Model::default());
        for change in changes {
            apply(&mut index, &mut model, change);
        }
        for query in queries {
            prop_assert_eq!(index.search(&query), model.search(&query), "{:?}", query);
        }
        let featured = model.featured();
        prop_assert_eq!(index.featured(2, 1).docs, featured.iter().copied().skip(1).take(2).collect::<Vec<_>>());
        prop_assert_eq!(index.featured(usize::MAX, 0), Page { total: u64::try_from(featured.len()).unwrap(), docs: featured });
        prop_assert_eq!(index.stats(), model.stats());
    }

    #[test]
    fn nothing_is_left_of_listings_that_are_gone(changes in vec(change(), 0..60)) {
        let (mut index, mut model) = (Index::default(), Model::default());
        for change in changes {
            apply(&mut index, &mut model, change);
        }
        for doc in model.entries.into_keys() {
            index.remove(doc);
        }
        prop_assert_eq!(index.terms.len(), (0, 0, 0));
        prop_assert_eq!(index.facets.len(), 0);
        prop_assert_eq!(index.stats(), Stats::default());
        prop_assert_eq!(index.search(&Query { limit: 10, ..Query::default() }), Page::default());
    }

    #[test]
    fn no_text_is_an_error(text in any::<String>(), sort in select(&[Sort::Popular, Sort::Relevance][..])) {
        let mut index = Index::default();
        index.put(listing(1, &text));
        index.put(listing(2, "other"));
        let page = index.search(&Query { text: Some(text.clone()), sort, limit: 10, ..Query::default() });
        let expected = if text.trim().is_empty() { 2 } else { page.total };
        prop_assert_eq!(page.total, expected);
        if fold(&text).split(' ').count() <= MAX_WORDS && !fold(&text).is_empty() {
            prop_assert!(page.docs.contains(&1), "a listing is found by its own name");
        }
    }
}

#[test]
fn a_text_and_a_beginning_stand_for_so_many_words_at_most() {
    let mut index = Index::default();
    let numbered = |numbers: std::ops::Range<u32>| numbers.map(|number| format!("aaa{number:05} ")).collect::<String>();
    let found = |index: &Index, text: &str| {
        index.search(&Query { text: Some(text.to_owned()), limit: 9, ..Query::default() }).total
    };
    index.put(Entry { description: numbered(0..2_001), ..listing(1, "One") });
    assert_eq!((found(&index, "aaa01999"), found(&index, "aaa02000")), (1, 0));
    index.put(Entry { description: numbered(2_000..4_000), ..listing(2, "Two") });
    index.put(Entry { description: numbered(4_000..4_096), ..listing(3, "Three") });
    assert_eq!(found(&index, "aaa"), 3);
    index.put(Entry { description: numbered(4_096..4_097), ..listing(4, "Four") });
    assert_eq!((found(&index, "aaa"), found(&index, "aaa04096")), (3, 1));
}

fn listing(doc: Doc, name: &str) -> Entry {
    Entry {
        doc,
        name: name.to_owned(),
        tagline: String::new(),
        description: String::new(),
        tags: Vec::new(),
        category: "mail".to_owned(),
        developer: "ada".to_owned(),
        pricing: "free".to_owned(),
        providers: Vec::new(),
        installs: 0,
        active_installs: 0,
        rating_sum: 0,
        reviews: 0,
        published_at: 0,
        featured: None,
    }
}

/// More listings than one block of an order holds, in which pages are read from orders too, with the names one after another.
fn many() -> (Index, Model) {
    let (mut index, mut model) = (Index::default(), Model::default());
    for doc in 0..5_000_u32 {
        let word = |step: u32| VOCABULARY[usize::try_from((doc / step) % 17).unwrap()];
        let mut entry = listing(doc, &format!("{} {}", word(1), word(17)));
        entry.tagline = format!("slack {}", word(3));
        entry.description = format!("git {} {}", word(5), if doc % 1_000 == 0 { "seldom" } else { "invoice" });
        entry.installs = doc.wrapping_mul(2_654_435_761) >> 20;
        entry.published_at = i64::from(doc.wrapping_mul(40_503) % 5_000);
        entry.reviews = doc % 7;
        entry.rating_sum = u64::from(doc % 7 + doc % 11);
        index.put(entry.clone());
        model.entries.insert(doc, entry);
    }
    (index, model)
}

#[test]
fn pages_of_many_listings_are_those_of_the_model_at_every_depth() {
    let (index, model) = many();
    for text in [None, Some("slack"), Some("sl"), Some("git cafe in"), Some("seldom"), Some("invoicex a")] {
        for (at, sort) in SORTS.into_iter().enumerate() {
            let descending = [None, Some(true), Some(false)][at % 3];
            let text = text.map(str::to_owned);
            let all = Query { text, sort, descending, min_rating: Some(1.3), limit: usize::MAX, ..Query::default() };
            let expected = model.search(&all);
            assert_eq!(index.search(&all), expected, "{all:?}");
            for (offset, limit) in [(0, 20), (0, 0), (7, 100), (500, 10), (2_500, 20), (3_990, 100), (usize::MAX, 1)] {
                let page = index.search(&Query { offset, limit, ..all.clone() });
                let docs: Vec<Doc> = expected.docs.iter().copied().skip(offset).take(limit).collect();
                assert_eq!(page, Page { docs, total: expected.total }, "{offset} {limit} {all:?}");
            }
        }
    }
}

#[test]
fn both_ways_of_scoring_are_one() {
    let (index, _) = many();
    for text in ["sl git", "git in cafe", "slack git in", "notif invoice sl git slac", "slackbto git slack"] {
        let found: Vec<_> = words(text).map(|word| index.terms.find(&word)).collect();
        let sets = found.iter().map(|found| found.docs().into_owned());
        let within = sets.reduce(|left, right| left & right).unwrap();
        assert!(within.len() > 100, "{text}");
        for (backwards, offset) in [(false, 0), (true, 0), (false, 150), (true, 90)] {
            let window = Window { backwards, offset, limit: 1_000 };
            let in_sets = index.scored_in_sets(&found, &within, window);
            assert_eq!(index.scored_one_by_one(&found, &within, window), in_sets, "{text}");
        }
    }
}

#[test]
fn a_megabyte_of_anything_is_a_query() {
    let (index, _) = many();
    let parts = [
        "slack ",
        "a",
        "\u{0}",
        "\u{301}",
        "\u{1F468}\u{200d}\u{1F469}",
        "\u{202e}שלום",
        "\"*()^:- NEAR/2 AND NOT ",
        "東",
        "\u{fdfa}",
        "%_\\';--",
    ];
    for part in parts {
        let text = part.repeat(1_000_000 / part.len());
        for sort in SORTS {
            let tag = Some(text.clone());
            let named = Query { text: Some(text.clone()), sort, limit: 5, ..Query::default() };
            index.search(&Query { tag, category: Some(text.clone()), ..named.clone() });
            assert!(index.search(&named).docs.len() <= 5);
        }
    }
}

#[test]
fn the_most_there_can_be_of_everything_is_counted() {
    let mut index = Index::default();
    for doc in [0, 1, u32::MAX] {
        let mut entry = listing(doc, "most");
        (entry.installs, entry.active_installs, entry.reviews) = (u32::MAX, u32::MAX, u32::MAX);
        (entry.rating_sum, entry.published_at, entry.featured) = (u64::MAX, i64::MIN + i64::from(doc), Some(u32::MAX));
        index.put(entry.clone());
        index.put(entry);
    }
    let stats = index.stats();
    assert_eq!((stats.listings, stats.developers, stats.installs), (3, 1, 3 * u64::from(u32::MAX)));
    for sort in SORTS {
        assert_eq!(index.search(&Query { sort, limit: 9, min_rating: Some(5.0), ..Query::default() }).total, 3);
    }
    index.remove(u32::MAX);
    index.remove(u32::MAX);
    assert_eq!(index.featured(9, 0), Page { docs: vec![0, 1], total: 2 });
}

#[test]
fn relevance_puts_fields_words_and_corrections_in_order() {
    let mut index = Index::default();
    let put = |index: &mut Index, doc: Doc, name: &str, tag: &str, tagline: &str, description: &str| {
        let tags = vec![tag.to_owned()];
        let (tagline, description) = (tagline.to_owned(), description.to_owned());
        index.put(Entry { tags, tagline, description, installs: doc, ..listing(doc, name) });
    };
    put(&mut index, 1, "invoice", "", "", "");
    put(&mut index, 2, "", "invoice", "", "");
    put(&mut index, 3, "invoices", "", "", "");
    put(&mut index, 4, "", "", "invoice", "");
    put(&mut index, 5, "", "", "", "invoice");
    put(&mut index, 6, "", "", "", "invoices");
    let docs = |text: &str| {
        index.search(&Query { text: Some(text.to_owned()), sort: Sort::Relevance, limit: 9, ..Query::default() }).docs
    };
    assert_eq!(docs("invoice"), [1, 3, 2, 4, 5, 6]);
    assert_eq!(docs("in"), [3, 1, 2, 4, 6, 5]);
    assert_eq!(docs("invoixe"), [1], "of up to seven letters one may be wrong, and only names are corrected");
    assert_eq!(docs("invoixes"), [3, 1], "the nearer name first");
}
