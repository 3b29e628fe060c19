//! One listing after another, each made from the numbers drawn so far: the n-th is the same in every run.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    random::{Random, Zipf},
    vocabulary::Vocabulary,
};

/// Developers that there are, whatever the number of listings.
pub const DEVELOPERS: u16 = 5_000;
const DEVELOPERS_EXPONENT: f64 = 0.6;
/// The migrations' categories, from the one with most listings on.
pub const CATEGORIES: [&str; 16] = [
    "productivity",
    "marketing",
    "sales",
    "communication",
    "operations",
    "developer-tools",
    "support",
    "finance",
    "ecommerce",
    "crm",
    "data",
    "social",
    "files",
    "hr",
    "security",
    "other",
];
const CATEGORIES_EXPONENT: f64 = 0.8;
const PROVIDERS: [&str; 6] = ["github", "google", "notion", "slack", "stripe", "zoom"];
/// Installs are spread by Pareto's law with this index: most have few, some have very many.
const INSTALLS_INDEX: f64 = 0.9;
const MOST_INSTALLS: f64 = 2_000_000.0;
/// The first listing's time, in Unix milliseconds (2025-01-01), and how long after it the next one comes.
const FIRST_AT: i64 = 1_735_689_600_000;
const APART: i64 = 30_000;
/// The longest slug that the host takes, in bytes, and how much of a longer name one has.
const MAX_SLUG_BYTES: usize = 64;
const CUT_SLUG_BYTES: usize = 50;

/// A row of `marketplace_integrations`, and the definition that its version has too.
pub struct Listing {
    pub doc: i64,
    pub id: String,
    /// From 0.
    pub developer: usize,
    pub slug: String,
    pub name: String,
    pub name_key: String,
    pub tagline: String,
    pub category: &'static str,
    /// JSON.
    pub tags: String,
    pub pricing_model: &'static str,
    pub price_cents: i64,
    pub visibility: &'static str,
    pub status: &'static str,
    /// JSON.
    pub providers: String,
    pub installs: i64,
    pub active_installs: i64,
    pub rating_sum: i64,
    pub reviews: i64,
    pub created_at: i64,
    pub published_at: Option<i64>,
    pub deleted_at: Option<i64>,
    pub description: String,
    pub definition: String,
}

/// Makes listings.
pub struct Listings {
    random: Random,
    vocabulary: Vocabulary,
    categories: Zipf,
    developers: Zipf,
    /// What names there are, as hashes.
    names: HashSet<u64>,
    made: i64,
}

impl Listings {
    pub fn new(mut random: Random) -> Self {
        let vocabulary = Vocabulary::new(&mut random);
        let categories = Zipf::new(16, CATEGORIES_EXPONENT);
        let developers = Zipf::new(DEVELOPERS, DEVELOPERS_EXPONENT);
        Self { random, vocabulary, categories, developers, names: HashSet::new(), made: 0 }
    }

    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// How many there are so far.
    pub fn made(&self) -> i64 {
        self.made
    }

    pub fn next(&mut self) -> Listing {
        self.made += 1;
        let doc = self.made;
        let created_at = FIRST_AT + APART * doc;
        let name_key = self.name();
        let slug = slug(&name_key, doc);
        let name = name_key.split(' ').map(capitalised).collect::<Vec<_>>().join(" ");
        let random = &mut self.random;
        let (status, visibility) = match random.below(100) {
            0..80 => ("published", "public"),
            80..84 => ("published", "private"),
            84..92 => ("draft", "public"),
            92..97 => ("unpublished", "public"),
            _ => ("deleted", "public"),
        };
        let is_installed = status != "draft" && visibility == "public";
        let (pricing_model, price_cents) = match random.below(10) {
            0..7 => ("free", 0),
            7..9 => ("monthly", random.between(1, 99)),
            _ => ("one-time", random.between(1, 999)),
        };
        let installs = if is_installed { installs(random) } else { 0 };
        let reviews = installs * signed(random.below(8)) / 100;
        let rating = signed(random.between(25, 50));
        Listing {
            doc,
            id: format!("wf_{created_at:012x}{:08x}{:012x}", random.next() >> 32, random.next() >> 16),
            developer: self.developers.draw(random),
            slug,
            name,
            name_key,
            tagline: sentence(&self.vocabulary, random, 6, 10),
            category: CATEGORIES[self.categories.draw(random)],
            tags: tags(&self.vocabulary, random),
            pricing_model,
            price_cents: signed(price_cents) * 100,
            visibility,
            status,
            providers: providers(random),
            installs,
            active_installs: installs * signed(random.between(20, 90)) / 100,
            rating_sum: reviews * rating / 10,
            reviews,
            created_at,
            published_at: (status != "draft").then_some(created_at + signed(random.below(86_400_000))),
            deleted_at: (status == "deleted").then_some(created_at + 90_000_000),
            description: description(&self.vocabulary, random),
            definition: definition(&self.vocabulary, random),
        }
    }

    /// Two to five words, and a number where that name is taken.
    fn name(&mut self) -> String {
        let words = self.random.between(2, 5);
        let mut name = String::new();
        for _ in 0..words {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(self.vocabulary.of_name(&mut self.random));
        }
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        if !self.names.insert(hasher.finish()) {
            // No word has a digit, and no number comes twice.
            name = format!("{name} {}", self.made);
        }
        name
    }
}

/// A developer's slug, by number.
pub fn developer_slug(number: usize) -> String {
    format!("developer-{number}")
}

/// A developer's id, by number.
pub fn developer_id(number: usize) -> String {
    format!("dev_01942000-0000-7000-8000-{number:012x}")
}

fn slug(name_key: &str, doc: i64) -> String {
    let slug = name_key.replace(' ', "-");
    if slug.len() <= MAX_SLUG_BYTES { slug } else { format!("{}-{doc}", slug[..CUT_SLUG_BYTES].trim_end_matches('-')) }
}

#[expect(clippy::cast_possible_truncation, reason = "between 0 and two million")]
fn installs(random: &mut Random) -> i64 {
    (random.share().powf(-1.0 / INSTALLS_INDEX) - 1.0).min(MOST_INSTALLS) as i64
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn sentence(vocabulary: &Vocabulary, random: &mut Random, least: usize, most: usize) -> String {
    let mut text = capitalised(vocabulary.of_text(random));
    for _ in 1..random.between(least, most) {
        if random.below(12) == 0 {
            text.push(',');
        }
        text.push(' ');
        text.push_str(vocabulary.of_text(random));
    }
    text
}

/// 40 to 120 words.
fn description(vocabulary: &Vocabulary, random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.between(4, 10) {
        text.push_str(&sentence(vocabulary, random, 9, 12));
        text.push_str(". ");
    }
    text.trim_end().to_owned()
}

/// One to five, none twice.
fn tags(vocabulary: &Vocabulary, random: &mut Random) -> String {
    let mut chosen: Vec<&str> = Vec::new();
    for _ in 0..random.between(1, 5) {
        let tag = vocabulary.tag(random);
        if !chosen.contains(&tag) {
            chosen.push(tag);
        }
    }
    format!("[\"{}\"]", chosen.join("\",\""))
}

fn providers(random: &mut Random) -> String {
    let chosen: Vec<&str> = PROVIDERS.into_iter().filter(|_| random.below(4) == 0).collect();
    if chosen.is_empty() { "[]".to_owned() } else { format!("[\"{}\"]", chosen.join("\",\"")) }
}

fn definition(vocabulary: &Vocabulary, random: &mut Random) -> String {
    let text = |random: &mut Random| sentence(vocabulary, random, 5, 9);
    let (first, second, last) = (text(random), text(random), text(random));
    format!(
        r##"{{"name":"{first}","inputs":{{"type":"object","properties":{{"channel":{{"type":"string","title":"{second}"}},"limit":{{"type":"integer","minimum":1,"maximum":100,"default":20}}}},"required":["channel"]}},"trigger":{{"integration":"github","trigger":"new-issue","config":{{"owner":"acme"}}}},"steps":[{{"id":"tell","uses":"slack.post-message","with":{{"channel":"{{{{ inputs.channel }}}}","text":"{last}: {{{{ trigger.title }}}}"}},"retry":{{"attempts":3}}}},{{"id":"each","for-each":"{{{{ trigger.labels }}}}","steps":[{{"id":"label","uses":"github.add-label","with":{{"label":"{{{{ item.name }}}}","number":"{{{{ trigger.number }}}}"}}}}]}}],"output":{{"sent":"{{{{ steps.tell.output.ts }}}}"}}}}"##
    )
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
