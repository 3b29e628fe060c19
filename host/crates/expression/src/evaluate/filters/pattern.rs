//! `regex_replace`, in time that is linear in what is read, and paid for: a lazy automaton says how many bytes it has read.

use regex_automata::{
    Anchored, Input,
    hybrid::{dfa, regex::Regex},
    nfa::thompson::{
        self,
        pikevm::{self, PikeVM},
    },
    util::{interpolate, syntax},
};

use super::{Filter, Given, text_of};
use crate::evaluate::{Computed, EvaluateError, Outcome, work::Work};

/// The longest pattern, in bytes: its classes of Unicode are read before any bound on the automaton holds.
const MAX_PATTERN_BYTES: usize = 200;
/// The largest automaton, in bytes.
const MAX_AUTOMATON_BYTES: usize = 64 << 10;
/// What the states that a search makes may take, in bytes. Then they are dropped and made again.
const MAX_STATES_BYTES: usize = 1 << 20;
/// How often they may be dropped, while each state was used for fewer than so many bytes.
const MAX_DROPS: usize = 3;
const MIN_BYTES_PER_STATE: usize = 10;
/// What beginning a search and putting a match in its place take beside what is read.
const STEPS_PER_MATCH: usize = 16;

pub(super) const ALL: &[Filter] = &[Filter::new("regex_replace", &["pattern", "replacement"], 2, regex_replace)];

/// Every part of a text that a pattern (syntax of the crate regex) fits. In the replacement `$1` and `${name}` stand for groups,
/// `$$` for a dollar.
fn regex_replace<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let text = text_of(work, of, "regex_replace")?;
    let pattern = given.text(work, 0, "regex_replace")?.unwrap_or_default();
    let replacement = given.text(work, 1, "regex_replace")?.unwrap_or_default();
    let mut search = Search::new(work, &pattern, replacement.contains('$'))?;
    let mut made = String::new();
    let (mut from, mut copied) = (0, 0);
    let mut last_end = None;
    while from <= text.len() {
        let Some(found) = search.next(work, &text, from)? else { break };
        // A match that takes nothing does not follow another one directly.
        if found.is_empty() && last_end == Some(found.end) {
            from = found.end + text[found.end..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        work.make(found.start - copied + replacement.len())?;
        made.push_str(&text[copied..found.start]);
        search.replace(work, &text, &found, &replacement, &mut made)?;
        copied = found.end;
        from = found.end;
        last_end = Some(found.end);
    }
    work.make(text.len() - copied)?;
    made.push_str(&text[copied..]);
    Ok(made.into())
}

struct Search {
    regex: Regex,
    cache: regex_automata::hybrid::regex::Cache,
    /// Finds the groups of a match, where the replacement names some.
    groups: Option<(PikeVM, pikevm::Cache)>,
    /// Steps for each byte that is read: a state that is new is made of those of the automaton.
    weight: usize,
}

impl Search {
    fn new(work: &mut Work<'_>, pattern: &str, with_groups: bool) -> Result<Self, EvaluateError> {
        if pattern.len() > MAX_PATTERN_BYTES {
            let message =
                format!("`regex_replace` takes a pattern of at most {MAX_PATTERN_BYTES} bytes (got {})", pattern.len());
            return Err(EvaluateError::Failed(message));
        }
        work.charge(pattern.len() * 64)?;
        work.make(4 * MAX_AUTOMATON_BYTES)?;
        let wrong = || {
            EvaluateError::Failed("`regex_replace` takes a regular expression without look-around and back-references, and of moderate size".to_owned())
        };
        let automaton = thompson::Config::new().nfa_size_limit(Some(MAX_AUTOMATON_BYTES));
        let states = dfa::Config::new()
            .cache_capacity(MAX_STATES_BYTES)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(MAX_DROPS))
            .minimum_bytes_per_state(Some(MIN_BYTES_PER_STATE))
            .unicode_word_boundary(true);
        let regex = Regex::builder()
            .syntax(syntax::Config::new().nest_limit(32))
            .thompson(automaton.clone())
            .dfa(states)
            .build(pattern)
            .map_err(|_| wrong())?;
        let groups = if with_groups {
            let groups = PikeVM::builder().thompson(automaton).build(pattern).map_err(|_| wrong())?;
            let cache = groups.create_cache();
            Some((groups, cache))
        } else {
            None
        };
        let cache = regex.create_cache();
        let weight = 1 + regex.forward().get_nfa().states().len() / 8;
        Ok(Self { regex, cache, groups, weight })
    }

    fn read_so_far(&mut self) -> usize {
        self.cache.forward().search_total_len() + self.cache.reverse().search_total_len()
    }

    fn next(
        &mut self,
        work: &mut Work<'_>,
        text: &str,
        from: usize,
    ) -> Result<Option<std::ops::Range<usize>>, EvaluateError> {
        let before = self.read_so_far();
        let found = self.regex.try_search(&mut self.cache, &Input::new(text).span(from..text.len()));
        // When the states are dropped, the count starts at 0 again.
        let read = self.read_so_far().checked_sub(before).unwrap_or_else(|| text.len() - from);
        work.charge((1 + read).saturating_mul(self.weight))?;
        match found {
            Ok(found) => Ok(found.map(|found| found.range())),
            Err(_) => Err(EvaluateError::Failed(
                "`regex_replace` cannot search this string by this pattern: write a simpler one, and `(?-u:\\b)` for `\\b`".to_owned(),
            )),
        }
    }

    fn replace(
        &mut self,
        work: &mut Work<'_>,
        text: &str,
        found: &std::ops::Range<usize>,
        replacement: &str,
        made: &mut String,
    ) -> Result<(), EvaluateError> {
        work.charge(STEPS_PER_MATCH)?;
        let Some((groups, cache)) = &mut self.groups else {
            made.push_str(replacement);
            return Ok(());
        };
        work.charge((1 + found.len()).saturating_mul(self.weight))?;
        let mut places = groups.create_captures();
        let input = Input::new(text).span(found.clone()).anchored(Anchored::Yes);
        groups.captures(cache, input, &mut places);
        let mut error = None;
        interpolate::string(
            replacement,
            |group, made| {
                if let Some(span) = places.get_group(group) {
                    match work.make(span.len()) {
                        Ok(()) => made.push_str(&text[span.range()]),
                        Err(refused) => error = Some(refused),
                    }
                }
            },
            |name| groups.get_nfa().group_info().to_index(regex_automata::PatternID::ZERO, name),
            made,
        );
        error.map_or(Ok(()), Err)
    }
}
