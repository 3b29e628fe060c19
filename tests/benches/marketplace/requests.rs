//! What is asked, made before anything is measured: a shuffled list of requests, and what some of them have to find.

use super::{
    listing::{CATEGORIES, DEVELOPERS, developer_id, developer_slug},
    random::Random,
    vocabulary::Vocabulary,
};

/// Items of a page, as a client gets them who says nothing.
const PAGE: usize = 20;
/// The ranks of words that count as common, and as rare.
const COMMON_RANKS: usize = 300;
const RARE_RANKS: usize = 10_000;
/// How deep into long lists requests go, in pages.
const PAGES: usize = 50;
/// The popular ones are one list, and have to be different requests all the same.
const POPULAR_PAGES: usize = 200;
/// What most requests ask for is the beginning: one in so many goes on from there.
const DEEPER_ONE_IN: usize = 3;
/// Letters that no word of the vocabulary has beside each other.
const CONSONANTS: [&str; 8] = ["x", "z", "q", "v", "k", "j", "w", "f"];

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Common,
    Rare,
    Prefix,
    NoMatch,
    Category,
    Developer,
    Popular,
    Detail,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Common,
        Self::Rare,
        Self::Prefix,
        Self::NoMatch,
        Self::Category,
        Self::Developer,
        Self::Popular,
        Self::Detail,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Common => "search, common word",
            Self::Rare => "search, rare word",
            Self::Prefix => "search, prefix",
            Self::NoMatch => "search, no match",
            Self::Category => "category",
            Self::Developer => "developer",
            Self::Popular => "popular",
            Self::Detail => "detail",
        }
    }

    /// Of twenty requests, how many are of this kind.
    fn of_twenty(self) -> usize {
        match self {
            Self::Common => 4,
            Self::Rare | Self::Prefix => 3,
            Self::NoMatch | Self::Category | Self::Developer | Self::Popular | Self::Detail => 2,
        }
    }

    /// Pages that are asked for. Short lists have one: empty answers would make the rest look good.
    fn pages(self) -> usize {
        match self {
            Self::Common | Self::Prefix | Self::Category => PAGES,
            Self::Popular => POPULAR_PAGES,
            Self::Rare | Self::NoMatch | Self::Developer | Self::Detail => 1,
        }
    }
}

/// What a list has to have in all.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Listings with a word that begins so.
    Word(String),
    Category(&'static str),
    /// By number.
    Developer(usize),
    Everything,
}

/// A request; its path has its query.
#[derive(Clone, Debug)]
pub struct Asked {
    pub kind: Kind,
    pub path: String,
}

/// A mix of about `wanted` requests. `names` are ids and slugs of public listings.
pub fn mix(random: &mut Random, vocabulary: &Vocabulary, names: &[(String, String)], wanted: usize) -> Vec<Asked> {
    let mut asked = Vec::with_capacity(wanted);
    for kind in Kind::ALL {
        for _ in 0..wanted * kind.of_twenty() / 20 {
            let offset = if random.below(DEEPER_ONE_IN) == 0 { random.below(kind.pages()) * PAGE } else { 0 };
            let path = match kind {
                Kind::Detail => {
                    let (id, slug) = random.pick(names);
                    format!("/marketplace/{}", if random.below(2) == 0 { id } else { slug })
                }
                Kind::Popular => format!("/marketplace/popular?offset={}", random.below(kind.pages()) * PAGE),
                _ => paged(&list(random, vocabulary, kind).0, offset),
            };
            asked.push(Asked { kind, path });
        }
    }
    random.shuffle(&mut asked);
    asked
}

/// `each` lists of every kind that has a total, and what it has to be.
pub fn samples(random: &mut Random, vocabulary: &Vocabulary, each: usize) -> Vec<(String, Expected)> {
    let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Detail);
    kinds.flat_map(|kind| vec![kind; each]).map(|kind| list(random, vocabulary, kind)).collect()
}

/// A list's path, and what is in it.
fn list(random: &mut Random, vocabulary: &Vocabulary, kind: Kind) -> (String, Expected) {
    let words = vocabulary.words();
    let word = match kind {
        Kind::Common => words[random.below(COMMON_RANKS)].clone(),
        Kind::Rare => words[words.len() - 1 - random.below(RARE_RANKS)].clone(),
        Kind::Prefix => {
            let word = vocabulary.of_name(random);
            word[..random.between(2, 4).min(word.len())].to_owned()
        }
        Kind::NoMatch => std::iter::repeat_with(|| *random.pick(&CONSONANTS)).take(9).collect(),
        Kind::Category => {
            let category = *random.pick(&CATEGORIES);
            return (format!("/marketplace/category/{category}"), Expected::Category(category));
        }
        Kind::Developer => {
            let number = random.below(usize::from(DEVELOPERS));
            let name = if random.below(2) == 0 { developer_id(number) } else { developer_slug(number) };
            return (format!("/marketplace/developer/{name}"), Expected::Developer(number));
        }
        Kind::Popular | Kind::Detail => return ("/marketplace/popular".to_owned(), Expected::Everything),
    };
    (format!("/marketplace?q={word}&sortBy=popular"), Expected::Word(word))
}

fn paged(path: &str, offset: usize) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}offset={offset}")
}
