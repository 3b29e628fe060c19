//! Keywords that look at the items of a list.

use serde_json::{Map, Value};
use workway_model::Pointer;

use super::{
    super::{
        document::{Document, Draft},
        given::Given,
    },
    Judge,
    verdict::{About, Verdict},
};

/// Keywords that look at items, of any draft.
pub(super) const KEYWORDS: [&str; 5] = ["items", "prefixItems", "additionalItems", "contains", "unevaluatedItems"];

impl Judge {
    pub(super) fn list<'a>(
        &mut self,
        document: Document<'a>,
        keywords: &'a Map<String, Value>,
        items: &[Given<'a>],
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let schemas = |keyword: &str| keywords.get(keyword).and_then(Value::as_array).map(Vec::as_slice);
        let (first, others) = match (document.draft, schemas("items")) {
            (Draft::Of2020, _) => (schemas("prefixItems").unwrap_or_default(), keywords.get("items")),
            (_, Some(first)) => (first, keywords.get("additionalItems")),
            (_, None) => (&[][..], keywords.get("items")),
        };
        let mut verdict = Verdict::Holds;
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(index).or(others) {
                verdict = verdict.and(self.node(document, schema, item, &Pointer::Item(place, index)));
            }
        }
        if let Some(contained) = keywords.get("contains") {
            verdict = verdict.and(self.contains(document, keywords, contained, items, place));
        }
        let is_open = keywords.get("unevaluatedItems").is_some_and(|schema| *schema != Value::Bool(true));
        // Which items are evaluated depends on all that is beside it.
        if is_open && document.draft >= Draft::Of2019 && !items.is_empty() {
            verdict = verdict.and(Verdict::Maybe);
        }
        verdict
    }

    fn contains<'a>(
        &mut self,
        document: Document<'a>,
        keywords: &'a Map<String, Value>,
        contained: &'a Value,
        items: &[Given<'a>],
        place: &Pointer<'_>,
    ) -> Verdict<'a> {
        let bound = |keyword: &str| keywords.get(keyword).filter(|_| document.draft >= Draft::Of2019);
        let (least, most) = (bound("minContains"), bound("maxContains").map(Value::as_u64));
        let (Some(least), Some(most)) = (least.map_or(Some(1), Value::as_u64), most.unwrap_or(Some(u64::MAX))) else {
            return Verdict::Maybe;
        };
        let (mut holding, mut open) = (0_u64, 0_u64);
        for (index, item) in items.iter().enumerate() {
            match self.node(document, contained, item, &Pointer::Item(place, index)) {
                Verdict::Holds => holding += 1,
                Verdict::Maybe => open += 1,
                Verdict::Fails(_) => {}
            }
        }
        let fails = |message: String| Verdict::fails(place, About::Other(message));
        if holding + open < least {
            fails(format!(
                "must contain at least {least} of the items that the schema asks for (got {})",
                holding + open
            ))
        } else if holding > most {
            fails(format!("must contain at most {most} of the items that the schema counts (got {holding})"))
        } else if holding >= least && holding + open <= most {
            Verdict::Holds
        } else {
            Verdict::Maybe
        }
    }
}
