//! A JSON Schema document as the check reads it: its draft, what its references lead to, and the work that may be spent on it.

use std::cell::Cell;

use serde_json::{Map, Value};
use workway_model::local_pointer;

/// What checking one definition may cost, in steps of some nanoseconds. What is looked at after that is not known. `cargo xtask bench
/// definitions` measures how long they take.
const MAX_STEPS: u64 = 4_000_000;

/// The work that is left for one definition. A definition and the schemas of actions come from strangers, and each part of a
/// value may be held against many parts of a schema.
#[derive(Debug)]
pub(super) struct Steps(Cell<u64>);

impl Default for Steps {
    fn default() -> Self {
        Self(Cell::new(MAX_STEPS))
    }
}

impl Steps {
    /// Takes so many steps. False, and none are left, if there are too few.
    pub(super) fn take(&self, steps: u64) -> bool {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }

    pub(super) fn left(&self) -> u64 {
        self.0.get()
    }
}

/// How a document is read. Older drafts than these are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    Seven,
    Of2019,
    Of2020,
    /// One that is not known here: nothing is known of its values.
    Other,
}

/// A document. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document<'a> {
    pub(super) root: &'a Value,
    pub(super) draft: Draft,
    pub(super) steps: &'a Steps,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value, steps: &'a Steps) -> Self {
        let draft = match root.get("$schema") {
            None => Draft::Of2020,
            Some(name) => {
                let name = name.as_str().unwrap_or_default().trim_end_matches('#');
                match name.split_once("://json-schema.org/").map(|(_, draft)| draft) {
                    Some("draft-07/schema") => Draft::Seven,
                    Some("draft/2019-09/schema") => Draft::Of2019,
                    Some("draft/2020-12/schema") => Draft::Of2020,
                    _ => Draft::Other,
                }
            }
        };
        Self { root, draft, steps }
    }

    /// The keywords of a schema that is an object. `None` for another one, and for one whose meaning depends on more than its
    /// place: below an `$id` references lead elsewhere.
    pub(super) fn keywords(self, node: &'a Value) -> Option<&'a Map<String, Value>> {
        let keywords = node.as_object()?;
        let has_base = keywords.get("$id").is_some_and(Value::is_string) && !std::ptr::eq(node, self.root);
        (!has_base && self.draft != Draft::Other).then_some(keywords)
    }

    /// Whether a schema has a reference that is not followed here.
    pub(super) fn refers_elsewhere(keywords: &Map<String, Value>) -> bool {
        keywords.contains_key("$dynamicRef") || keywords.contains_key("$recursiveRef")
    }

    /// What a `$ref` leads to, if it is a JSON pointer within the document.
    pub(super) fn target(self, reference: &str) -> Option<&'a Value> {
        self.root.pointer(&local_pointer(reference)?)
    }

    /// Whether what stands beside a `$ref` does not count.
    pub(super) fn ref_hides_siblings(self) -> bool {
        self.draft == Draft::Seven
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn drafts_are_told_apart() {
        let steps = Steps::default();
        for (name, draft) in [
            ("http://json-schema.org/draft-07/schema#", Draft::Seven),
            ("https://json-schema.org/draft/2019-09/schema", Draft::Of2019),
            ("https://json-schema.org/draft/2020-12/schema#", Draft::Of2020),
            ("http://json-schema.org/draft-04/schema#", Draft::Other),
            ("https://example.com/json-schema.org/draft-07/schema", Draft::Other),
        ] {
            assert_eq!(Document::new(&json!({ "$schema": name }), &steps).draft, draft, "{name}");
        }
        assert_eq!(Document::new(&json!({}), &steps).draft, Draft::Of2020);
    }

    #[test]
    fn references_are_percent_encoded_pointers() {
        let steps = Steps::default();
        let root = json!({"$defs": {"a<b>": 1, "c/d": 2}});
        let document = Document::new(&root, &steps);
        assert_eq!(document.target("#/$defs/a%3Cb%3E"), Some(&json!(1)));
        assert_eq!(document.target("#/$defs/c~1d"), Some(&json!(2)));
        for reference in ["#name", "other.json#/$defs", "#/nothing"] {
            assert_eq!(document.target(reference), None, "{reference}");
        }
    }

    #[test]
    fn steps_are_spent_once() {
        let steps = Steps::default();
        assert!(steps.take(MAX_STEPS - 1) && !steps.take(2) && !steps.take(1));
    }
}
