//! The trigger `{{name}}`, which is asked now and then.

use workway_sdk::prelude::*;

/// What to look at.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The text of every item.
    text: String,
}

/// Something new.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Item {
    id: u64,
    text: String,
}

/// {{words}}. This sentence is what people read of it.
///
/// The cursor is the id of the newest item that was seen.
#[poll_trigger(sample = sample)]
{{signature}}
    // Ask the upstream here for what is newer than the cursor, with `ctx.get("https://…")`, and declare its host in
    // the `hosts` of src/lib.rs. An event's key is the upstream's own id of the thing.
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
    fn each_poll_goes_on_after_the_cursor() {
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
