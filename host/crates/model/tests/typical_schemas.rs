//! Ten types of an API, as zod, pydantic and schemars write their schemas: each loads, takes a value that is right and names what
//! is wrong with another. `schemas/README.md` says how the files were written.

use std::{fs, path::Path};

use serde_json::Value;
use workway_model::{ActionDraft, Definition, DefinitionDraft, Schema};

const TYPES: [&str; 10] =
    ["contact", "order", "event", "comment", "settings", "feature", "employee", "message", "filter", "schedule"];
const TOOLS: [&str; 5] = ["zod", "zod-draft-7", "zod-to-json-schema", "pydantic", "schemars"];

#[test]
fn schemas_of_common_tools_load_and_check_values() {
    let mut wrong = Vec::new();
    for name in TYPES {
        let [valid, invalid, pointer] = instances(name);
        for tool in TOOLS {
            let schema = match load(&read(&format!("{tool}/{name}.json"))) {
                Ok(schema) => schema,
                Err(problems) => {
                    wrong.push(format!("{tool}/{name} does not load: {problems:?}"));
                    continue;
                }
            };
            if let Err(problems) = schema.validate(&valid) {
                wrong.push(format!("{tool}/{name} refuses the valid value: {problems:?}"));
            }
            match schema.validate(&invalid) {
                Ok(()) => wrong.push(format!("{tool}/{name} takes the invalid value")),
                Err(problems) if problems.iter().any(|problem| problem.pointer == pointer) => {}
                Err(problems) => wrong.push(format!("{tool}/{name} does not name {pointer}: {problems:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The input schema of an action, as a plugin declares it.
fn load(schema: &str) -> Result<Schema, Vec<String>> {
    let action = ActionDraft {
        id: "do".into(),
        name: "Do".into(),
        description: String::new(),
        input_schema: schema.into(),
        output_schema: "{}".into(),
        provider: None,
        scopes: vec![],
        idempotent: false,
    };
    let draft = DefinitionDraft {
        id: "typical".into(),
        name: "Typical".into(),
        version: "1.0.0".into(),
        actions: vec![action],
        ..Default::default()
    };
    Definition::check(draft).map(|mut definition| definition.actions.remove(0).input_schema)
}

/// A valid value, an invalid one, and where it is wrong.
fn instances(name: &str) -> [Value; 3] {
    let mut held: Value = serde_json::from_str(&read(&format!("instances/{name}.json"))).expect("an instance is JSON");
    ["valid", "invalid", "pointer"].map(|key| held[key].take())
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
