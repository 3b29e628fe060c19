//! Checks on what was sent, each of which fails at once. It sends and answers nothing.

use serde_json::Value;

use super::SentRequest;
use super::matcher::{Matcher, nearest};
use crate::QueryValue;

/// The requests that a test expects to have been sent, from [`MockFetch::assert_sent`](super::MockFetch::assert_sent).
/// Each condition narrows them down, and fails when none is left.
///
/// ```
/// use serde_json::json;
/// use workway_sdk::testing::{MockContext, MockResponse, create_mock_fetch};
///
/// let fetch = create_mock_fetch();
/// fetch.on("POST", "https://api.example.com/**").respond(MockResponse::empty(204));
/// let ctx = MockContext::builder().grant_host("api.example.com").fetch(fetch.clone()).build();
/// for id in 1..=2 {
///     ctx.post("https://api.example.com/items").json(&json!({ "id": id })).send().unwrap();
/// }
/// fetch.assert_sent("POST", "https://api.example.com/items").times(2).json(json!({ "id": 2 })).times(1);
/// ```
#[derive(Debug, Clone)]
pub struct SentCheck {
    all: Vec<SentRequest>,
    matcher: Matcher,
}

impl SentCheck {
    #[track_caller]
    pub(super) fn begin(all: Vec<SentRequest>, matcher: Matcher) -> Self {
        Self { all, matcher }.checked()
    }

    /// With this pair in the query, decoded.
    ///
    /// # Panics
    ///
    /// No such request was sent. The same holds for the other conditions.
    #[track_caller]
    pub fn query(mut self, name: &str, value: impl QueryValue) -> Self {
        if let Some(value) = value.into_text() {
            self.matcher.query(name, value);
        }
        self.checked()
    }

    /// With this header.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.matcher.header(name, value);
        self.checked()
    }

    /// With JSON that has this in it.
    #[track_caller]
    pub fn json(mut self, part: Value) -> Self {
        self.matcher.json(part);
        self.checked()
    }

    /// With this text for a body.
    #[track_caller]
    pub fn body(mut self, text: &str) -> Self {
        self.matcher.body(text);
        self.checked()
    }

    /// Just so many are left.
    ///
    /// # Panics
    ///
    /// It is another number.
    #[track_caller]
    pub fn times(self, times: usize) -> Self {
        let left = self.requests();
        if left.len() != times {
            let shown: Vec<String> = left.iter().map(SentRequest::shown).collect();
            let what = self.matcher.shown();
            panic!("{what} was sent {} times, expected {times}:\n\n{}", left.len(), shown.join("\n"));
        }
        self
    }

    /// The requests that are left.
    #[must_use]
    pub fn requests(&self) -> Vec<SentRequest> {
        self.all.iter().filter(|request| self.matcher.matches(request)).cloned().collect()
    }

    #[track_caller]
    fn checked(self) -> Self {
        if self.all.iter().any(|request| self.matcher.matches(request)) {
            return self;
        }
        let what = self.matcher.shown();
        let candidates = self.all.iter().map(|request| (request, self.matcher.differences(request)));
        let Some((request, differences)) = nearest(candidates) else {
            panic!("{what} was not sent, and nothing else either");
        };
        let differences: Vec<String> = differences.into_iter().map(|difference| difference.text).collect();
        panic!(
            "{what} was not sent like this. The nearest of {} requests is\n\n{}\n\nand differs in:\n  {}",
            self.all.len(),
            request.shown(),
            differences.join("\n  ")
        );
    }
}
