//! The action `{{name}}`.

use workway_sdk::prelude::*;

/// The action's input.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// Any text.
    text: String,
}

/// The action's output.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Output {
    /// The text, unchanged.
    text: String,
}

/// {{words}}. Users see this sentence.
#[action]
pub(crate) fn {{function}}(ctx: &Context, input: Input) -> Result<Output> {
    // Send requests with `ctx.get("https://…")` and its siblings. The host of the URL must be among the
    // `hosts` of src/lib.rs.
    ctx.log().debug("called", &[]);
    let text = input.text;
    Ok(Output { text })
}

#[cfg(test)]
mod tests {
    use workway_sdk::testing::MockContext;

    use super::*;

    #[test]
    fn returns_the_text_unchanged() {
        let ctx = MockContext::builder()
            .integration(&crate::INTEGRATION)
            .build();
        let text = "hi".to_owned();
        let output = {{function}}(&ctx, Input { text: text.clone() });
        assert_eq!(output, Ok(Output { text }));
    }
}
