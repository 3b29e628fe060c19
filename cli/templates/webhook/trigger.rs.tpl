//! The trigger `{{name}}`, which the upstream calls.

use workway_sdk::prelude::*;

/// What happened, as the upstream sends it.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Item {
    id: String,
}

/// {{words}}. This sentence is what people read of it.
#[webhook_trigger(sample = sample)]
{{signature}}
    // Anybody can send such a request: check the upstream's signature before the body is believed.
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
