//! "Did you mean …?": finds the known name that a misspelt one was probably meant to be. It never decides that a name is wrong.

use std::cell::Cell;

use strsim::osa_distance;

/// The longest name that gets a suggestion, in characters: comparing takes the product of both lengths.
const MAX_NAME_CHARS: usize = 64;
/// What all comparisons of one check may take, in pairs of characters: some 20 ms. After that there are no suggestions.
const MAX_PAIRS: usize = 4_000_000;
/// Names with fewer characters are only compared for another case or other separators: too many others differ in one.
const MIN_CHARS_FOR_TYPOS: usize = 3;
/// One typo is forgiven for each so many characters, beyond [`MIN_CHARS_FOR_TYPOS`].
const CHARS_PER_TYPO: usize = 4;
/// The most typos in one name.
const MAX_TYPOS: usize = 3;

/// Suggests names, with a bound on the work for one definition.
#[derive(Debug)]
pub(super) struct Suggester {
    pairs_left: Cell<usize>,
}

impl Default for Suggester {
    fn default() -> Self {
        Self { pairs_left: Cell::new(MAX_PAIRS) }
    }
}

impl Suggester {
    /// The candidate that is nearest to `name`: the first of those with the fewest typos. `None` if none is near, and for a
    /// name that is a candidate itself.
    pub(super) fn nearest<'c>(&self, name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
        let length = name.chars().count();
        if length == 0 || length > MAX_NAME_CHARS {
            return None;
        }
        let folded = fold(name);
        let typos = if length < MIN_CHARS_FOR_TYPOS {
            0
        } else {
            (1 + (length - MIN_CHARS_FOR_TYPOS) / CHARS_PER_TYPO).min(MAX_TYPOS)
        };
        let mut nearest: Option<(usize, &str)> = None;
        for candidate in candidates {
            let candidate_length = candidate.chars().count();
            let left = self.pairs_left.get().checked_sub(length * candidate_length.min(MAX_NAME_CHARS));
            self.pairs_left.set(left.unwrap_or_default());
            left?;
            if candidate == name {
                return None;
            }
            // Separators do not count, so that more of them may be missing than typos are forgiven.
            if candidate_length > MAX_NAME_CHARS || candidate_length.abs_diff(length) > typos + MAX_TYPOS {
                continue;
            }
            let distance = osa_distance(&folded, &fold(candidate));
            if distance <= typos && nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, candidate));
            }
        }
        nearest.map(|(_, candidate)| candidate)
    }
}

/// A name without case and separators: `per_page`, `per-page` and `perPage` are the same.
fn fold(name: &str) -> String {
    name.chars().filter(|character| !matches!(character, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(name: &str) -> Option<&'static str> {
        let candidates = ["post-message", "update-message", "find-user-by-email", "channel", "text", "perPage", "id"];
        Suggester::default().nearest(name, candidates)
    }

    #[test]
    fn typos_case_and_separators_are_forgiven() {
        for (name, expected) in [
            ("postmessage", "post-message"),
            ("post_mesage", "post-message"),
            ("Post-Message", "post-message"),
            ("pots-message", "post-message"),
            ("updatemessage", "update-message"),
            ("findUserByEmail", "find-user-by-email"),
            ("chanel", "channel"),
            ("chnanel", "channel"),
            ("txet", "text"),
            ("per_page", "perPage"),
            ("ID", "id"),
        ] {
            assert_eq!(nearest(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn other_names_get_no_suggestion() {
        for name in ["", "x", "it", "dance", "test-case", "message", "channel", "delete-message-now"] {
            assert_eq!(nearest(name), None, "{name}");
        }
    }

    #[test]
    fn the_first_of_the_nearest_is_suggested() {
        assert_eq!(Suggester::default().nearest("lable", ["labels", "label", "table"]), Some("label"));
        assert_eq!(Suggester::default().nearest("tabel", ["label", "table"]), Some("label"));
    }

    #[test]
    fn comparisons_are_bounded() {
        let long = "a".repeat(MAX_NAME_CHARS + 1);
        assert_eq!(Suggester::default().nearest(&long, [&long[1..]]), None);
        assert_eq!(Suggester::default().nearest(&long[1..], [long.as_str()]), None);
        let suggester = Suggester::default();
        let longest = long[1..].to_owned();
        let others = vec![format!("{}b", &longest[1..]); MAX_PAIRS / (MAX_NAME_CHARS * MAX_NAME_CHARS) + 1];
        assert_eq!(suggester.nearest(&longest, others.iter().map(String::as_str)), None);
        assert_eq!(suggester.nearest("chanel", ["channel"]), None, "the work of earlier names counts");
    }
}
