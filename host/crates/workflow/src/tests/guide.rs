//! Checks the guide to the format: its examples are valid definitions, and its limits are those of the code.

use super::{integrations::Integrations, *};
use crate::{CheckReport, bounds::*, check};

const GUIDE: &str = include_str!("../../../../../docs/workflow-config.md");

fn blocks() -> Vec<&'static str> {
    GUIDE.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_example_of_the_guide_is_a_definition() {
    assert!(blocks().len() > 5);
    for block in blocks() {
        let definition = WorkflowDefinition::from_yaml(block).unwrap_or_else(|error| panic!("{block}\n{error}"));
        assert!(schema::VALIDATOR.is_valid(&definition.to_value()), "{block}");
        assert_eq!(check(&definition, &Integrations), CheckReport::default(), "{block}");
    }
}

#[test]
fn the_bounds_of_the_guide_are_those_that_hold() {
    for (what, bound) in [
        ("KiB of text", MAX_BYTES / 1024),
        ("steps in all", MAX_STEPS),
        ("deep in containers", MAX_DEPTH),
        ("cases or branches", MAX_BRANCHES),
        ("runs of an installation at once", MAX_CONCURRENT_RUNS as usize),
        ("expressions", MAX_EXPRESSIONS),
        ("characters of an expression", MAX_EXPRESSION_CHARS),
        ("words and signs of an expression", MAX_EXPRESSION_TOKENS),
        ("brackets within each other", MAX_EXPRESSION_NESTING),
        ("characters of an id", MAX_ID_CHARS),
        ("characters of a name", MAX_NAME_CHARS),
        ("characters of the description", MAX_DESCRIPTION_CHARS),
        ("lists and objects within each other", MAX_NESTING),
        ("MiB of a result", MAX_RESULT_BYTES >> 20),
        ("problems at once", MAX_PROBLEMS),
    ] {
        assert!(GUIDE.contains(&format!("| {what} | {bound} |")), "| {what} | {bound} |");
    }
}
