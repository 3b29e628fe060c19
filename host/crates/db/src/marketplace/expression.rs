//! FTS5 expressions over `marketplace_search`. Nothing that a caller writes is syntax in them: words are letters and digits,
//! values that no token can have match nothing, and both are quoted.

use workway_marketplace::{ListFilter, SearchText, SearchWord, fold};

/// What listings are filtered by: tokens of the column `facets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Facet {
    Category,
    Pricing,
    Developer,
    Provider,
    /// Compared folded.
    Tag,
    /// The whole name, compared folded.
    Name,
}

impl Facet {
    /// The token of a value; none for a value that no listing can have.
    pub(super) fn token(self, value: &str) -> Option<String> {
        let (kind, value) = match self {
            Self::Category => ('c', value.to_owned()),
            Self::Pricing => ('p', value.to_owned()),
            Self::Developer => ('d', value.to_owned()),
            Self::Provider => ('o', value.to_owned()),
            Self::Tag => ('t', fold(value).replace(' ', "_")),
            Self::Name => ('n', fold(value).replace(' ', "_")),
        };
        // The tokenizer takes upper and lower case of ASCII for the same.
        let is_token =
            |letter: char| (letter.is_alphanumeric() && !letter.is_ascii_uppercase()) || "-_".contains(letter);
        (!value.is_empty() && value.chars().all(is_token)).then(|| format!("{kind}:{value}"))
    }
}

/// The facets that a filter asks for.
pub(super) fn facets(filter: &ListFilter) -> Vec<(Facet, &str)> {
    let asked = [
        (Facet::Category, filter.category.as_deref()),
        (Facet::Pricing, filter.pricing.map(|model| model.as_str())),
        (Facet::Developer, filter.developer.as_deref()),
        (Facet::Provider, filter.provider.as_deref()),
        (Facet::Tag, filter.tag.as_deref()),
    ];
    asked.into_iter().filter_map(|(facet, value)| Some((facet, value?))).collect()
}

/// Listings that have every word anywhere, and every facet. None if no listing can; nothing asked for is an error of the caller.
pub(super) fn matching(text: Option<&SearchText>, facets: &[(Facet, &str)]) -> Option<String> {
    let mut terms: Vec<String> = text.into_iter().map(|text| words(text, false)).collect();
    for (facet, value) in facets {
        terms.push(format!("facets : \"{}\"", facet.token(value)?));
    }
    Some(terms.join(" AND "))
}

/// Expressions of decreasing relevance, each of which matches all that the one before does; the last is [`matching`].
pub(super) fn tiers(text: &SearchText, matching: &str, facets: &[(Facet, &str)]) -> Option<Vec<String>> {
    let (whole, begun) = (words(text, true), words(text, false));
    // The words, too: a name is compared without regard to blanks between letters that are words of their own.
    let exact = Facet::Name.token(&text.name).map(|name| format!("facets : \"{name}\" AND {whole}"));
    let mut tiers: Vec<String> = exact.into_iter().collect();
    tiers.push(format!("name : ({whole})"));
    for columns in ["name", "{name tags}", "{name tags tagline}"] {
        tiers.push(format!("{columns} : ({begun})"));
    }
    for (facet, value) in facets {
        let token = facet.token(value)?;
        tiers.iter_mut().for_each(|tier| tier.push_str(&format!(" AND facets : \"{token}\"")));
    }
    tiers.push(matching.to_owned());
    Some(tiers)
}

/// Listings that have a word.
pub(super) fn word(word: &SearchWord, whole: bool) -> String {
    match word {
        SearchWord::Prefix(word) if !whole => format!("\"{word}\" *"),
        SearchWord::Whole(word) | SearchWord::Prefix(word) => format!("\"{word}\""),
        SearchWord::Corrected(words) => format!("name : (\"{}\")", words.join("\" OR \"")),
    }
}

fn words(text: &SearchText, whole: bool) -> String {
    text.words.iter().map(|one| word(one, whole)).collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_token_can_have_match_nothing() {
        assert_eq!(Facet::Category.token("developer-tools").as_deref(), Some("c:developer-tools"));
        assert_eq!(Facet::Tag.token("Röd Wine!").as_deref(), Some("t:rod_wine"));
        for value in ["", "Data", "a b", "a\"", "a\" OR \"b", "a*", "a:b", "\0", "!!!"] {
            assert_eq!(Facet::Category.token(value), None, "{value:?}");
        }
        assert_eq!(Facet::Tag.token("!!!"), None);
        assert_eq!(matching(None, &[(Facet::Category, "a b")]), None);
    }

    #[test]
    fn every_tier_has_every_word_and_facet() {
        let text = SearchText::parse("Daily b").unwrap();
        let facets = [(Facet::Category, "data")];
        let all = matching(Some(&text), &facets).unwrap();
        assert_eq!(all, "\"daily\" * AND \"b\" AND facets : \"c:data\"");
        let tiers = tiers(&text, &all, &facets).unwrap();
        assert_eq!(tiers.len(), 6);
        assert_eq!(tiers[0], "facets : \"n:daily_b\" AND \"daily\" AND \"b\" AND facets : \"c:data\"");
        assert_eq!(tiers[1], "name : (\"daily\" AND \"b\") AND facets : \"c:data\"");
        assert_eq!(tiers[3], "{name tags} : (\"daily\" * AND \"b\") AND facets : \"c:data\"");
        assert_eq!(tiers[5], all);
    }
}
