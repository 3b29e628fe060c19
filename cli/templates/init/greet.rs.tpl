//! The action `greet`.

use workway_sdk::prelude::*;

/// Who to greet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// The person's name.
    #[schemars(length(min = 1, max = 100))]
    name: String,
}

/// The greeting.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Output {
    /// For example `Hello, Ann!`.
    text: String,
}

/// Requests a greeting.
#[action(idempotent)]
pub(crate) fn greet(ctx: &Context, input: Input) -> Result<Output> {
    ctx.get("https://api.example.com/greeting")
        .query("name", &input.name)
        .send()?
        .json()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workway_sdk::FailureKind;
    use workway_sdk::testing::{MockContext, MockResponse, create_mock_fetch, expect_error};

    use super::*;

    fn ann() -> Input {
        let name = "Ann".to_owned();
        Input { name }
    }

    /// A context whose service sends this response.
    fn responding(response: MockResponse) -> MockContext {
        let fetch = create_mock_fetch();
        fetch
            .on("GET", "https://api.example.com/greeting")
            .query("name", "Ann")
            .respond(response);
        MockContext::builder()
            .integration(&crate::INTEGRATION)
            .fetch(fetch)
            .build()
    }

    #[test]
    fn returns_the_greeting() {
        let ctx = responding(MockResponse::json(200, json!({ "text": "Hello, Ann!" })));
        let text = "Hello, Ann!".to_owned();
        assert_eq!(greet(&ctx, ann()), Ok(Output { text }));
    }

    #[test]
    fn fails_for_an_unknown_name() {
        let ctx = responding(MockResponse::empty(404));
        expect_error(greet(&ctx, ann()), FailureKind::NotFound);
    }
}
