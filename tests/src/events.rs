//! What a host tells about its integrations, read from the stream as it comes.

use reqwest::Response;
use serde_json::Value;

use crate::host::PATIENCE;

/// An open `GET /registry/events`.
pub struct Events {
    response: Response,
    /// What came and is no whole event yet.
    rest: String,
}

impl Events {
    pub(crate) fn new(response: Response) -> Self {
        assert_eq!(response.status(), 200, "the host lets nobody follow");
        Self { response, rest: String::new() }
    }

    /// The data of the next event.
    pub async fn next(&mut self) -> Value {
        self.next_or_end().await.expect("the host has not ended the stream")
    }

    /// The data of the next event, or `None` when the host has ended the stream.
    pub async fn next_or_end(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let data: String = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
                self.rest = rest.to_owned();
                if !data.is_empty() {
                    return Some(serde_json::from_str(&data).expect("an event's data is JSON"));
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event comes in time");
            let chunk = chunk.expect("the stream holds")?;
            self.rest.push_str(std::str::from_utf8(&chunk).expect("events are text"));
        }
    }
}
