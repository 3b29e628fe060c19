//! Compares a text with the table. One automaton finds the keywords of all kinds in one pass; only where one of them stands
//! is a pattern tried. So a text takes linear time, whatever it holds.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::{
    kind::{Before, Kind},
    named, table, text, url,
};

struct Scanner {
    keywords: AhoCorasick,
    /// The kind of each keyword, as its place in `kinds`.
    owners: Vec<usize>,
    kinds: Vec<&'static Kind>,
    /// Compiled when a keyword of the kind is first found.
    patterns: Vec<OnceLock<Regex>>,
}

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let kinds: Vec<_> = table::kinds().collect();
    let of_kind = |(place, kind): (usize, &&'static Kind)| kind.keywords.iter().map(move |word| (place, *word));
    let (owners, words): (Vec<_>, Vec<_>) = kinds.iter().enumerate().flat_map(of_kind).unzip();
    let keywords = AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(words);
    Scanner {
        keywords: keywords.expect("the keywords of the table fit into an automaton"),
        owners,
        patterns: kinds.iter().map(|_| OnceLock::new()).collect(),
        kinds,
    }
});

/// What a text looks like if it has a credential somewhere.
pub(super) fn looks_like(text: &str) -> Option<&'static str> {
    let unescaped = text::unescaped(text);
    let plain = unescaped.as_deref().unwrap_or(text);
    in_plain(text)
        .or_else(|| unescaped.as_deref().and_then(in_plain))
        .or_else(|| text::unwrapped(plain).and_then(|whole| SCANNER.find(&whole.text, &whole.joints)))
        .or_else(|| text::decoded(plain).as_deref().and_then(in_plain))
}

fn in_plain(text: &str) -> Option<&'static str> {
    let has_password = || url::has_password(text) || url::has_password(&text::without_expressions(text));
    SCANNER
        .find(text, &[])
        .or_else(|| has_password().then_some("a URL with a password"))
        .or_else(|| named::has_secret(text).then_some(named::WHAT))
}

impl Scanner {
    /// The first kind of the table that the text has one of. `joints` are places where blanks were taken out: they
    /// separate what stands before a token, and no token breaks right after a keyword that is like a word.
    fn find(&self, text: &str, joints: &[usize]) -> Option<&'static str> {
        let mut first = self.kinds.len();
        // For each kind, where the last text ends that its check refused: no token begins within it. This bounds the work
        // for texts in which every part of a long match could begin another one.
        let mut refused = Vec::new();
        for found in self.keywords.find_overlapping_iter(text) {
            let place = self.owners[found.pattern().as_usize()];
            let ends_like_word = text.as_bytes()[found.end() - 1].is_ascii_alphanumeric();
            if place >= first
                || found.start() < refused.get(place).copied().unwrap_or_default()
                || ends_like_word && joints.binary_search(&found.end()).is_ok()
                || !stands_after(text.as_bytes(), found.start(), joints, self.kinds[place].before)
            {
                continue;
            }
            match self.tried(place, &text[found.start()..]) {
                Tried::Found => first = place,
                Tried::Refused(length) => {
                    refused.resize(self.kinds.len(), 0);
                    refused[place] = found.start() + length;
                }
                Tried::Nothing => {}
            }
        }
        self.kinds.get(first).map(|kind| kind.what)
    }

    /// Tries the pattern of a kind at the beginning of a text.
    fn tried(&self, place: usize, text: &str) -> Tried {
        let kind = self.kinds[place];
        let pattern = self.patterns[place].get_or_init(|| pattern(kind));
        // Groups cost more than a match, and most texts have none.
        if !pattern.is_match(text) {
            return Tried::Nothing;
        }
        let Some(check) = kind.check else { return Tried::Found };
        let Some(found) = pattern.captures(text) else { return Tried::Nothing };
        let whole = found.get_match();
        if check(found.get(1).unwrap_or(whole).as_str()) { Tried::Found } else { Tried::Refused(whole.len()) }
    }
}

enum Tried {
    Found,
    /// The pattern matched so many bytes, and the check refused them.
    Refused(usize),
    Nothing,
}

/// The pattern of a kind, tried at the beginning of a text only.
pub(super) fn pattern(kind: &Kind) -> Regex {
    Regex::new(&format!("^(?:{})", kind.pattern)).expect("a test compiles every pattern of the table")
}

fn stands_after(text: &[u8], at: usize, joints: &[usize], before: Before) -> bool {
    // Blanks stood at a joint.
    let begins = joints.partition_point(|joint| *joint <= at).checked_sub(1).map_or(0, |last| joints[last]);
    let run = text[begins..at].iter().rev().take(before.most + 1).take_while(|byte| (before.class)(**byte)).count();
    (before.least..=before.most).contains(&run)
}
