//! One rule: which requests it answers, with what, and how often it may.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use serde_json::Value;

use super::matcher::{DETAIL, Difference, Matcher};
use super::{MockFetch, MockResponse, SentRequest};
use crate::QueryValue;

/// What makes an answer of a request.
type Answering = Arc<dyn Fn(&SentRequest) -> MockResponse + Send + Sync>;

/// A rule that is being made, from [`MockFetch::on`]. All conditions hold together.
///
/// ```
/// use workway_sdk::testing::{MockResponse, create_mock_fetch};
///
/// create_mock_fetch()
///     .on("GET", "https://api.example.com/items")
///     .query("limit", 10)
///     .header("accept", "application/json")
///     .times(1)
///     .respond(MockResponse::empty(204));
/// ```
#[must_use = "a rule answers nothing until `respond` is called"]
pub struct MockRule {
    fetch: MockFetch,
    matcher: Matcher,
    times: Option<usize>,
    location: &'static Location<'static>,
}

/// A rule that answers.
pub(super) struct Rule {
    matcher: Matcher,
    script: Script,
    times: Option<usize>,
    used: usize,
    location: &'static Location<'static>,
}

enum Script {
    /// The last one repeats.
    Sequence(Vec<MockResponse>),
    By(Answering),
}

/// What one request is answered with.
pub(super) enum Answers {
    Fixed(MockResponse),
    By(Answering),
}

impl MockRule {
    #[track_caller]
    pub(super) fn new(fetch: MockFetch, matcher: Matcher) -> Self {
        Self { fetch, matcher, times: None, location: Location::caller() }
    }

    /// The query has this pair, decoded. It may have others.
    pub fn query(mut self, name: &str, value: impl QueryValue) -> Self {
        if let Some(value) = value.into_text() {
            self.matcher.query(name, value);
        }
        self
    }

    /// There is such a header. The connection's credential is one: `authorization`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.matcher.header(name, value);
        self
    }

    /// The body is JSON that has this in it: an object may have more members, an array is as long.
    pub fn json(mut self, part: Value) -> Self {
        self.matcher.json(part);
        self
    }

    /// The body is this text.
    pub fn body(mut self, text: &str) -> Self {
        self.matcher.body(text);
        self
    }

    /// It answers so many requests: no more, and [`MockFetch::assert_all_used`] fails where it was less.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Answers every such request with this.
    pub fn respond(self, response: MockResponse) -> MockFetch {
        self.script(Script::Sequence(vec![response]))
    }

    /// Answers with one after another; the last one repeats.
    ///
    /// # Panics
    ///
    /// There is none.
    #[track_caller]
    pub fn respond_with(self, responses: impl IntoIterator<Item = MockResponse>) -> MockFetch {
        let responses: Vec<_> = responses.into_iter().collect();
        assert!(!responses.is_empty(), "a sequence has one answer at least");
        self.script(Script::Sequence(responses))
    }

    /// Answers as the function makes it of the request.
    pub fn respond_by(self, answer: impl Fn(&SentRequest) -> MockResponse + Send + Sync + 'static) -> MockFetch {
        self.script(Script::By(Arc::new(answer)))
    }

    /// Refuses the first request's credential with 401, and answers the ones that follow: what an upstream does whose
    /// token has been revoked.
    pub fn unauthorized_then(self, response: MockResponse) -> MockFetch {
        self.script(Script::Sequence(vec![MockResponse::unauthorized(), response]))
    }

    fn script(self, script: Script) -> MockFetch {
        let Self { fetch, matcher, times, location } = self;
        fetch.add(Rule { matcher, script, times, used: 0, location });
        fetch
    }
}

impl fmt::Debug for MockRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MockRule({})", self.matcher.shown())
    }
}

impl Rule {
    pub(super) fn answers(&self, request: &SentRequest) -> bool {
        !self.is_used_up() && self.matcher.matches(request)
    }

    /// Uses the rule once.
    pub(super) fn take(&mut self) -> Answers {
        self.used += 1;
        match &self.script {
            Script::By(answer) => Answers::By(answer.clone()),
            Script::Sequence(responses) => Answers::Fixed(responses[(self.used - 1).min(responses.len() - 1)].clone()),
        }
    }

    fn is_used_up(&self) -> bool {
        self.times.is_some_and(|times| self.used >= times)
    }

    pub(super) fn differences(&self, request: &SentRequest) -> Vec<Difference> {
        let mut found = self.matcher.differences(request);
        if self.is_used_up() {
            found.push(Difference { weight: DETAIL, text: format!("times: it has answered {} already", self.used) });
        }
        found
    }

    /// What is missing at the end, in words.
    pub(super) fn unmet(&self) -> Option<String> {
        match self.times {
            Some(times) if times != self.used => {
                Some(format!("{} has answered {} of {times} times", self.shown(), self.used))
            }
            None if self.used == 0 => Some(format!("{} has never answered", self.shown())),
            _ => None,
        }
    }

    pub(super) fn shown(&self) -> String {
        format!("{} (at {}:{})", self.matcher.shown(), self.location.file(), self.location.line())
    }
}
