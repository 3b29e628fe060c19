//! Which members the keywords of a schema could evaluate, as `unevaluatedProperties` counts them.

use serde_json::Value;

use super::document::Document;

/// How deep subschemas are followed. What is deeper may evaluate any member.
const MAX_DEPTH: usize = 32;
/// What looking at one schema costs.
const STEPS: u64 = 20;

/// Whether some schema that sees the same object as `node` could evaluate its member `name`, whatever the object is.
/// `unevaluatedProperties` of `node` itself does not count.
pub(super) fn may_evaluate<'a>(document: Document<'a>, node: &'a Value, name: &str) -> bool {
    looks_at(document, node, name, 0)
}

fn looks_at<'a>(document: Document<'a>, node: &'a Value, name: &str, depth: usize) -> bool {
    if node.is_boolean() {
        return false;
    }
    if depth > MAX_DEPTH || !document.steps.take(STEPS) {
        return true;
    }
    let Some(keywords) = document.keywords(node) else { return true };
    let has = |keyword: &str| keywords.contains_key(keyword);
    if Document::refers_elsewhere(keywords)
        || has("patternProperties")
        || has("additionalProperties")
        || (depth > 0 && has("unevaluatedProperties"))
        || keywords.get("properties").is_some_and(|properties| properties.get(name).is_some())
    {
        return true;
    }
    let below = |schema: &'a Value| looks_at(document, schema, name, depth + 1);
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str)
        && document.target(reference).is_none_or(below)
    {
        return true;
    }
    let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|keyword| keywords.get(keyword)?.as_array());
    let named =
        ["dependentSchemas", "dependencies"].into_iter().filter_map(|keyword| keywords.get(keyword)?.as_object());
    let single = ["if", "then", "else"].into_iter().filter_map(|keyword| keywords.get(keyword));
    lists.flatten().any(below) || named.flat_map(|schemas| schemas.values()).any(below) || single.into_iter().any(below)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::document::Steps;

    #[test]
    fn members_are_looked_for_wherever_they_could_be_evaluated() {
        let steps = Steps::default();
        let with_a = json!({"properties": {"a": {}}});
        for (schema, expected) in [
            (json!({"properties": {"a": {}}}), true),
            (json!({"properties": {"b": {}}, "unevaluatedProperties": false}), false),
            (json!({"patternProperties": {"^x": {}}}), true),
            (json!({"anyOf": [{"required": ["a"]}, with_a]}), true),
            (json!({"anyOf": [{"required": ["a"]}, true]}), false),
            (json!({"$ref": "#/$defs/x", "$defs": {"x": with_a}}), true),
            (json!({"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"b": with_a}}}}), false),
            (json!({"if": {"required": ["b"]}, "then": with_a}), true),
            (json!({"dependentSchemas": {"b": with_a}}), true),
            (json!({"allOf": [{"unevaluatedProperties": true}]}), true),
            (json!({"not": with_a}), false),
            (json!({"$dynamicRef": "#x"}), true),
        ] {
            assert_eq!(may_evaluate(Document::new(&schema, &steps), &schema, "a"), expected, "{schema}");
        }
    }
}
