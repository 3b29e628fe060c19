//! The words that listings are made of: those of the field, the small ones that every English text has, and made ones of
//! syllables, so that there are as many and as rare ones as in a real marketplace.

use std::collections::HashSet;

use super::random::{Random, Zipf};

/// Different words, the small ones not counted.
const WORDS: u16 = 30_000;
/// Tags that there are.
const TAGS: u16 = 500;
/// The first of them are single words, the rest are two with a hyphen.
const SINGLE_TAGS: usize = 200;
/// How much rarer later words are; natural languages have about 1.
const WORDS_EXPONENT: f64 = 1.0;
/// Names repeat themselves less than texts do.
const NAMES_EXPONENT: f64 = 0.8;
const TAGS_EXPONENT: f64 = 1.0;
/// Of 100 words of a text, about so many are small ones.
const SMALL_IN_100: usize = 35;

const SMALL: &str = "the to and a of in for your when with is on it from each that every this by or as are at new you can into \
    after all be than so no any then up out more one only also without before while their its how which not will we";

const FIELD: &str = "slack github invoice sync email calendar notion stripe customer order report sheet lead contact task ticket \
    payment alert update message form file backup issue deploy review meeting signup survey webhook shopify hubspot salesforce \
    airtable trello jira asana zendesk intercom mailchimp gmail drive dropbox zoom teams discord twilio sms twitter linkedin \
    facebook instagram youtube wordpress shop product inventory stock shipping refund subscription billing expense budget \
    payroll employee candidate interview hiring onboarding training project sprint standup roadmap milestone deadline reminder \
    schedule booking appointment event conference webinar newsletter campaign audience segment analytics dashboard metric chart \
    summary digest daily weekly monthly quarterly annual automatic instant smart simple quick easy fast secure private shared \
    team company department manager owner user account profile member partner vendor supplier client prospect deal pipeline \
    quote proposal contract signature document template folder archive export import convert merge split filter search index \
    label tag category priority status comment reply thread channel notification announcement broadcast log audit monitor \
    incident outage latency error retry queue job worker pipeline build release branch commit merge pull request test coverage \
    security access permission role password token secret certificate scan vulnerability patch compliance policy consent \
    privacy request ticketing support chat bot assistant translation language transcript recording video image photo gallery \
    design asset brand logo content article blog post page website landing domain link click view visit session conversion \
    funnel experiment feedback rating score rank forecast trend insight data table row column record field value query \
    database warehouse snapshot migration replication cache storage bucket upload download transfer mirror clone copy move \
    rename delete clean dedupe enrich validate verify approve reject assign escalate close open create add remove attach \
    notify post send receive forward route collect gather track watch follow count measure compare match group sort order \
    plan goal habit timesheet hours attendance leave vacation travel receipt tax ledger journal reconcile bank transfer \
    currency crypto exchange price discount coupon loyalty reward gift referral affiliate commission revenue profit churn \
    renewal trial upgrade cancellation donation grant student course lesson quiz homework grade library book recipe weather \
    news feed podcast music playlist sensor device home light energy vehicle fleet delivery parcel address map location store \
    restaurant hotel clinic patient lab legal estate property tenant maintenance repair warranty return marketplace";

const BEGINNINGS: [&str; 40] = [
    "b", "br", "c", "ch", "cl", "cr", "d", "dr", "f", "fl", "fr", "g", "gl", "gr", "h", "j", "k", "l", "m", "n", "p",
    "pl", "pr", "qu", "r", "s", "sc", "sh", "sl", "sp", "st", "str", "t", "th", "tr", "v", "w", "wh", "y", "z",
];
const MIDDLES: [&str; 14] = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "io", "oa", "oo", "ou", "a", "e"];
const ENDS: [&str; 20] =
    ["", "", "", "", "", "", "b", "ck", "d", "l", "m", "n", "nd", "ng", "r", "rt", "s", "st", "t", "x"];

/// Words by rank, the commonest first, and how to draw from them.
pub struct Vocabulary {
    small: Vec<&'static str>,
    words: Vec<String>,
    tags: Vec<String>,
    in_texts: Zipf,
    in_names: Zipf,
    in_tags: Zipf,
}

impl Vocabulary {
    pub fn new(random: &mut Random) -> Self {
        let mut words: Vec<String> = Vec::with_capacity(usize::from(WORDS));
        let mut there = HashSet::new();
        let real = FIELD.split_whitespace().map(str::to_owned);
        let made = std::iter::repeat_with(|| made_word(random));
        for word in real.chain(made) {
            if words.len() == usize::from(WORDS) {
                break;
            }
            if there.insert(word.clone()) {
                words.push(word);
            }
        }
        let mut tags: Vec<String> = words[..SINGLE_TAGS].to_vec();
        let mut pairs = HashSet::new();
        while tags.len() < usize::from(TAGS) {
            let tag = format!("{}-{}", random.pick(&words[..SINGLE_TAGS]), random.pick(&words[..SINGLE_TAGS]));
            if pairs.insert(tag.clone()) {
                tags.push(tag);
            }
        }
        Self {
            small: SMALL.split_whitespace().collect(),
            words,
            tags,
            in_texts: Zipf::new(WORDS, WORDS_EXPONENT),
            in_names: Zipf::new(WORDS, NAMES_EXPONENT),
            in_tags: Zipf::new(TAGS, TAGS_EXPONENT),
        }
    }

    /// By rank, the commonest first.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    pub fn of_name(&self, random: &mut Random) -> &str {
        &self.words[self.in_names.draw(random)]
    }

    pub fn of_text(&self, random: &mut Random) -> &str {
        if random.below(100) < SMALL_IN_100 {
            return random.pick::<&str>(&self.small);
        }
        &self.words[self.in_texts.draw(random)]
    }

    pub fn tag(&self, random: &mut Random) -> &str {
        &self.tags[self.in_tags.draw(random)]
    }
}

fn made_word(random: &mut Random) -> String {
    let mut word = String::new();
    for _ in 0..random.between(2, 3) {
        word.push_str(random.pick::<&str>(&BEGINNINGS));
        word.push_str(random.pick::<&str>(&MIDDLES));
    }
    word.push_str(random.pick::<&str>(&ENDS));
    word
}
