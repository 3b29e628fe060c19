//! What public lists can be asked for, and what they answer. A search text becomes words here; how a store finds them is its own
//! business.

use super::{
    bounds::{MAX_SEARCH_WORDS, MAX_TOTAL},
    listing::{PricingModel, Summary},
    text::{Part, fold, pairs, parts},
};

/// The order of a list. Each is total: listings that compare equal are sorted by their key, ascending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Most installs first.
    #[default]
    Popular,
    /// Last published first.
    Recent,
    /// Best average first, then most reviews; without a review last.
    Rating,
    /// Folded name, ascending.
    Name,
    /// Best match first. Without a text it is [`Sort::Popular`].
    Relevance,
}

/// Selects a page of public listings. Also the key of cached answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListFilter {
    pub category: Option<String>,
    pub pricing: Option<PricingModel>,
    /// The lowest average rating, 1 to 5, as the bits of an `f64`: a cache key must compare exactly.
    pub min_rating: Option<u64>,
    /// A developer's id.
    pub developer: Option<String>,
    pub provider: Option<String>,
    /// Compared folded.
    pub tag: Option<String>,
    pub sort: Sort,
    /// None is the natural order of the sort: most popular, newest, best rated, from A to Z.
    pub descending: Option<bool>,
    pub limit: usize,
    pub offset: usize,
}

/// A page of a list, and how many listings the whole list has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListPage {
    pub items: Vec<Summary>,
    /// Exact, unless `total_is_lower_bound`.
    pub total: u64,
    /// Whether there are more than `total`.
    pub total_is_lower_bound: bool,
}

/// A search text as words that a listing must all have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText {
    /// The whole text, folded: a listing with exactly this name comes first.
    pub name: String,
    /// At most [`MAX_SEARCH_WORDS`], all different. Never empty.
    pub words: Vec<SearchWord>,
}

/// How a word of a search text is found in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchWord {
    /// The listing has exactly this word.
    Whole(String),
    /// The listing has a word that begins with this.
    Prefix(String),
    /// The listing's name has one of these words, which the text may have meant.
    Corrected(Vec<String>),
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

    /// Whether the order is the opposite of the sort's natural one.
    pub fn is_reversed(&self) -> bool {
        self.descending.is_some_and(|descending| descending == (self.sort == Sort::Name))
    }

    /// The lowest average rating.
    pub fn min_rating(&self) -> Option<f64> {
        self.min_rating.map(f64::from_bits)
    }
}

impl ListPage {
    /// A page of a list of which `counted` listings were counted: all, or one more than [`MAX_TOTAL`].
    pub fn new(items: Vec<Summary>, counted: u64) -> Self {
        let most = u64::from(MAX_TOTAL);
        Self { items, total: counted.min(most), total_is_lower_bound: counted > most }
    }
}

impl SearchText {
    /// Reads a search text; none if it has no word.
    ///
    /// A word of one letter is found as a whole word only. Of scripts without spaces, each pair of neighbouring letters must be
    /// in the listing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = Vec::new();
        for part in parts(text) {
            let found = match part {
                Part::Word(word) if word.chars().nth(1).is_some() => vec![SearchWord::Prefix(word)],
                Part::Word(letter) => vec![SearchWord::Whole(letter)],
                Part::Run(run) if run.chars().nth(1).is_none() => vec![SearchWord::Whole(run)],
                Part::Run(run) => pairs(&run).map(SearchWord::Whole).collect(),
            };
            for word in found {
                if words.len() < MAX_SEARCH_WORDS && !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        (!words.is_empty()).then(|| Self { name: fold(text), words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<SearchWord> {
        SearchText::parse(text).map(|text| text.words).unwrap_or_default()
    }

    fn prefix(text: &str) -> SearchWord {
        SearchWord::Prefix(text.to_owned())
    }

    fn whole(text: &str) -> SearchWord {
        SearchWord::Whole(text.to_owned())
    }

    #[test]
    fn words_of_two_letters_are_prefixes() {
        assert_eq!(words("Slack a to"), [prefix("slack"), whole("a"), prefix("to")]);
        assert_eq!(words("b a B á"), [whole("b"), whole("a")]);
    }

    #[test]
    fn neighbouring_letters_of_a_script_without_spaces_are_pairs() {
        assert_eq!(words("東京都 api"), [whole("東京"), whole("京都"), prefix("api")]);
        assert_eq!(words("東 京"), [whole("東"), whole("京")]);
    }

    #[test]
    fn the_number_of_words_is_bounded() {
        let many: String = (0..100).map(|number| format!("word{number} ")).collect();
        assert_eq!(words(&many).len(), MAX_SEARCH_WORDS);
        assert_eq!(words(&"東京都庁舎".repeat(40)).len(), 5);
    }

    #[test]
    fn a_text_without_words_is_none() {
        for text in ["", "!!!", "\u{1F600}", "\"\" * ()"] {
            assert_eq!(SearchText::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_the_other_direction_is_reversed() {
        let reversed = |sort, descending| ListFilter { descending, ..ListFilter::all(sort, 1, 0) }.is_reversed();
        for sort in [Sort::Popular, Sort::Recent, Sort::Rating, Sort::Relevance] {
            assert_eq!([None, Some(true), Some(false)].map(|order| reversed(sort, order)), [false, false, true]);
        }
        assert_eq!([None, Some(true), Some(false)].map(|order| reversed(Sort::Name, order)), [false, true, false]);
    }
}
