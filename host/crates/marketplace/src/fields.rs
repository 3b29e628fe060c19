//! The fields of a listing that its owner writes, and their validation: all problems at once, each with a JSON pointer.

use workway_model::is_slug;
use workway_workflow::Problem;

use super::{
    bounds::{
        MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, MAX_PRICE_CENTS, MAX_SLUG_BYTES, MAX_TAG_CHARS, MAX_TAGLINE_CHARS,
        MAX_TAGS, MIN_PRICE_CENTS, MIN_SLUG_BYTES,
    },
    listing::{Category, Pricing, PricingModel, Summary, Visibility},
    text::{fold, words},
};

/// Slugs that are other pages' paths.
const RESERVED_SLUGS: [&str; 10] =
    ["category", "categories", "developer", "featured", "installations", "me", "new", "popular", "recent", "stats"];

/// A change of a listing; a field that is none stays.
#[derive(Clone, Debug, Default)]
pub struct ListingChange {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub tagline: Option<String>,
    pub description: Option<String>,
    pub category: Option<String>,
    pub tags: Option<Vec<String>>,
    pub pricing: Option<Pricing>,
    pub visibility: Option<Visibility>,
}

impl ListingChange {
    /// Applies the change to a listing, and returns what cannot be stored.
    pub(super) fn apply(
        self,
        summary: &mut Summary,
        description: &mut String,
        categories: &[Category],
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(name) = self.name {
            problems.extend(name_problem(&name));
            summary.name = single_line(&name);
        }
        if let Some(slug) = self.slug {
            problems.extend(slug_problem(&slug));
            summary.slug = slug;
        }
        if let Some(tagline) = self.tagline {
            problems.extend(longer("/tagline", &tagline, MAX_TAGLINE_CHARS));
            summary.tagline = single_line(&tagline);
        }
        if let Some(text) = self.description {
            problems.extend(longer("/description", &text, MAX_DESCRIPTION_CHARS));
            problems.extend(nul("/description", &text));
            *description = text;
        }
        if let Some(category) = self.category {
            if !categories.iter().any(|known| known.id == category) {
                let known: Vec<&str> = categories.iter().map(|known| known.id.as_str()).collect();
                problems.push(problem("/category", format!("category must be one of {}", known.join(", "))));
            }
            summary.category = category;
        }
        if let Some(tags) = self.tags {
            problems.extend(tag_problems(&tags));
            summary.tags = tags.iter().map(|tag| single_line(tag)).collect();
            let mut seen = Vec::new();
            summary.tags.retain(|tag| {
                let key = fold(tag);
                let is_new = !seen.contains(&key);
                seen.push(key);
                is_new
            });
        }
        if let Some(pricing) = self.pricing {
            problems.extend(pricing_problem(pricing));
            summary.pricing = pricing;
        }
        if let Some(visibility) = self.visibility {
            summary.visibility = visibility;
        }
        problems
    }
}

/// What a listing lacks before it can be published. What it has is valid already.
pub(super) fn incomplete(summary: &Summary, description: &str) -> Vec<Problem> {
    let empty = |pointer: &str, text: &str, what: &str| {
        text.trim()
            .is_empty()
            .then(|| problem(pointer, format!("must not be empty when the workflow is published: describe {what}")))
    };
    let tagline = empty("/tagline", &summary.tagline, "what the workflow does in one line");
    tagline.into_iter().chain(empty("/description", description, "what the workflow does and needs")).collect()
}

/// Makes a slug from a name: its words, joined by hyphens.
pub(super) fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for word in words(name) {
        let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        if word.is_empty() {
            continue;
        }
        if slug.len() + 1 + word.len() > MAX_SLUG_BYTES {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    slug
}

pub(super) fn problem(pointer: &str, message: impl std::fmt::Display) -> Problem {
    Problem::new(pointer, message)
}

pub(super) fn longer(pointer: &str, text: &str, most: usize) -> Option<Problem> {
    let chars = text.chars().count();
    (chars > most).then(|| problem(pointer, format!("must have at most {most} characters (got {chars})")))
}

/// Rejects NUL: programs that end texts at it would lose the rest.
pub(super) fn nul(pointer: &str, text: &str) -> Option<Problem> {
    text.contains('\0').then(|| problem(pointer, "must not contain the NUL character"))
}

/// White space of any kind, and control characters, become single blanks.
fn single_line(text: &str) -> String {
    let text: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn name_problem(name: &str) -> Option<Problem> {
    if fold(name).is_empty() {
        return Some(problem("/name", "name must have at least one letter or digit"));
    }
    longer("/name", name, MAX_NAME_CHARS)
}

fn slug_problem(slug: &str) -> Option<Problem> {
    if !(MIN_SLUG_BYTES..=MAX_SLUG_BYTES).contains(&slug.len()) || !is_slug(slug) {
        let rule = format!(
            "slug must be {MIN_SLUG_BYTES} to {MAX_SLUG_BYTES} lower-case letters a to z, digits and single hyphens between them"
        );
        return Some(problem("/slug", rule));
    }
    RESERVED_SLUGS
        .contains(&slug)
        .then(|| problem("/slug", "this slug is reserved for a page of the marketplace: choose another"))
}

fn tag_problems(tags: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if tags.len() > MAX_TAGS {
        problems.push(problem("/tags", format!("a workflow can have at most {MAX_TAGS} tags (got {})", tags.len())));
    }
    for (place, tag) in tags.iter().enumerate().take(MAX_TAGS) {
        let pointer = format!("/tags/{place}");
        if fold(tag).is_empty() {
            problems.push(problem(&pointer, "a tag must have at least one letter or digit"));
        }
        problems.extend(longer(&pointer, tag, MAX_TAG_CHARS));
    }
    problems
}

fn pricing_problem(pricing: Pricing) -> Option<Problem> {
    match (pricing.model, pricing.cents) {
        (PricingModel::Free, 0) => None,
        (PricingModel::Free, _) => Some(problem("/pricing/cents", "cents must be 0 when the model is \"free\"")),
        (_, MIN_PRICE_CENTS..=MAX_PRICE_CENTS) => None,
        (_, cents) => Some(problem(
            "/pricing/cents",
            format!("cents must be between {MIN_PRICE_CENTS} and {MAX_PRICE_CENTS} (got {cents})"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_NAME_CHARS, MAX_TAG_CHARS, MAX_TAGLINE_CHARS, MAX_TAGS, longer, name_problem, nul, tag_problems};

    /// Repeated blanks count, though one is stored: the published schema bounds what is sent.
    #[test]
    fn a_text_is_bounded_as_it_was_sent() {
        let blanks = |most: usize| format!("a{}b", " ".repeat(most - 2));
        assert_eq!(name_problem(&blanks(MAX_NAME_CHARS)), None);
        assert!(name_problem(&blanks(MAX_NAME_CHARS + 1)).is_some());
        assert_eq!(longer("/tagline", &blanks(MAX_TAGLINE_CHARS), MAX_TAGLINE_CHARS), None);
        assert!(longer("/tagline", &blanks(MAX_TAGLINE_CHARS + 1), MAX_TAGLINE_CHARS).is_some());
        assert_eq!(tag_problems(&vec![blanks(MAX_TAG_CHARS); MAX_TAGS]), []);
        assert_eq!(tag_problems(&vec![blanks(MAX_TAG_CHARS); MAX_TAGS + 1]).len(), 1);
        assert_eq!(tag_problems(&[blanks(MAX_TAG_CHARS + 1), "?".to_owned()]).len(), 2);
    }

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        assert_eq!(nul("/text", "none \u{1} \u{fffd} \\0"), None);
        for text in ["\0", "a\0", "\0b", "a\0b"] {
            assert_eq!(nul("/text", text).map(|problem| problem.pointer), Some("/text".to_owned()), "{text:?}");
        }
    }
}
