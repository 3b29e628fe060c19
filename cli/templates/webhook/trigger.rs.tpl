//! The webhook trigger `{{name}}`.

use workway_sdk::prelude::*;

/// The event, as the service sends it.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Item {
    id: String,
}

/// {{words}}. Users see this sentence.
#[webhook_trigger(sample = sample)]
pub(crate) fn {{function}}(ctx: &Context, _config: Empty, _state: (), request: WebhookRequest) -> Result<Received<Item>> {
    // Anybody can send such a request: verify the service's signature before you trust the body.
    ctx.log().debug("called", &[]);
    let item: Item = request.json()?;
    Ok(Received::status(204).event(item.id.clone(), item))
}

fn sample() -> Item {
    let id = "1".to_owned();
    Item { id }
}

#[cfg(test)]
mod tests {
    use workway_sdk::testing::MockContext;

    use super::*;

    #[test]
    fn a_request_becomes_an_event() {
        let ctx = MockContext::builder()
            .integration(&crate::INTEGRATION)
            .build();
        let request = WebhookRequest::post(&[], r#"{ "id": "1" }"#);
        let received = {{function}}(&ctx, Empty {}, (), request);
        assert_eq!(received, Ok(Received::status(204).event("1", sample())));
    }
}
