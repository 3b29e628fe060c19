//! What an action says of itself is held against what it does.

use serde_json::Value;

use crate::TestHost;

/// The output of an action, once it was found to be what the action's own `outputSchema` says.
pub async fn checked_output(host: &TestHost, action: &str, input: Value) -> Value {
    let schema = host.get(&format!("/registry/actions/{action}")).await.body["outputSchema"].clone();
    let answer = host.execute(action, input).await;
    let output = answer.output();
    assert_eq!(schema_errors(&schema, output), [""; 0], "{action} answered {output:#}");
    output.clone()
}

/// What is wrong with a value by a JSON schema.
pub fn schema_errors(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("the schema is one");
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}
