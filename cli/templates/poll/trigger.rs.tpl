//! The poll trigger `{{name}}`.

use workway_sdk::prelude::*;

/// What to watch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The text of every item.
    text: String,
}

/// A new item.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Item {
    id: u64,
    text: String,
}

/// {{words}}. Users see this sentence.
///
/// The cursor is the id of the newest item so far.
#[poll_trigger(sample = sample)]
pub(crate) fn {{function}}(ctx: &Context, config: Config, cursor: Option<u64>) -> Result<Polled<Item, u64>> {
    // Request the items that are newer than the cursor with `ctx.get("https://…")`. The host of the URL must be
    // among the `hosts` of src/lib.rs. Use the service's own id of an item as the event's key.
    ctx.log().debug("called", &[]);
    let id = cursor.unwrap_or(0) + 1;
    let text = config.text;
    let events = vec![Event::new(id.to_string(), Item { id, text })];
    let cursor = Some(id);
    Ok(Polled { events, cursor })
}

fn sample() -> Item {
    let text = "hi".to_owned();
    Item { id: 1, text }
}

#[cfg(test)]
mod tests {
    use workway_sdk::testing::MockContext;

    use super::*;

    fn config() -> Config {
        let text = "hi".to_owned();
        Config { text }
    }

    #[test]
    fn each_poll_continues_after_the_cursor() {
        let ctx = MockContext::builder()
            .integration(&crate::INTEGRATION)
            .build();
        let first = {{function}}(&ctx, config(), None);
        let events = vec![Event::new("1", sample())];
        let cursor = Some(1);
        assert_eq!(first, Ok(Polled { events, cursor }));
        let second = {{function}}(&ctx, config(), Some(1));
        assert_eq!(second.map(|polled| polled.cursor), Ok(Some(2)));
    }
}
