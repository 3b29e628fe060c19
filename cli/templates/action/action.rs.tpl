//! The action `{{name}}`.

use workway_sdk::prelude::*;

/// What it takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// Any text.
    text: String,
}

/// What it answers.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Output {
    /// The text, as it was given.
    text: String,
}

/// {{words}}. This sentence is what people read of it.
#[action]
{{signature}}
    // Requests go through `ctx.get("https://…")` and its like, to the `hosts` that src/lib.rs declares.
    ctx.log().debug("called", &[]);
    let text = input.text;
    Ok(Output { text })
}

#[cfg(test)]
mod tests {
    use workway_sdk::testing::MockContext;

    use super::*;

    #[test]
    fn a_text_is_answered_as_it_was_given() {
        let ctx = MockContext::builder()
            .integration(&crate::INTEGRATION)
            .build();
        let text = "hi".to_owned();
        let output = {{function}}(&ctx, Input { text: text.clone() });
        assert_eq!(output, Ok(Output { text }));
    }
}
