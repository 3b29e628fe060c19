//! A network that is a list of rules: a request is answered by the first rule that matches it, and one that none matches
//! fails the test. Nothing here opens a connection; what may be sent at all is decided before, in `send`.

mod check;
mod json;
mod matcher;
mod response;
mod rule;
mod sent;
mod url_pattern;

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use check::SentCheck;
use matcher::{Matcher, nearest};
pub(super) use response::Answer;
pub use response::MockResponse;
pub use rule::MockRule;
use rule::{Answers, Rule};
pub use sent::SentRequest;

use workway_policy::fetch::Hop;

use crate::FetchError;

/// The upstreams of a test: rules that answer requests, and a record of what was sent. Clones are one
/// network.
///
/// ```
/// use serde_json::json;
/// use workway_sdk::testing::{MockContext, MockResponse, create_mock_fetch};
///
/// let fetch = create_mock_fetch();
/// fetch.on("GET", "https://api.example.com/items/*").query("page", "2").respond(MockResponse::json(200, json!([])));
/// fetch.on("POST", "https://api.example.com/items")
///     .json(json!({ "name": "spade" }))
///     .respond_with([MockResponse::rate_limited(30), MockResponse::json(201, json!({ "id": 7 }))]);
///
/// let ctx = MockContext::builder().grant_host("api.example.com").fetch(fetch.clone()).build();
/// let item = json!({ "name": "spade", "price": 12 });
/// let post = || ctx.post("https://api.example.com/items").json(&item).any_status().send().unwrap();
/// assert_eq!([post().status(), post().status(), post().status()], [429, 201, 201]);
///
/// fetch.assert_sent("POST", "https://api.example.com/items").json(json!({ "price": 12 })).times(3);
/// assert_eq!(fetch.requests()[0].json()["name"], "spade");
/// ```
#[derive(Clone, Default)]
pub struct MockFetch(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    requests: Vec<SentRequest>,
}

/// A network without rules: [`MockFetch::on`] adds some.
///
/// ```
/// use workway_sdk::testing::{MockContext, MockResponse, create_mock_fetch};
///
/// let fetch = create_mock_fetch();
/// fetch.on("GET", "https://api.example.com/x").query("q", "a").respond(MockResponse::text(200, "found"));
///
/// let ctx = MockContext::builder().grant_host("api.example.com").fetch(fetch).build();
/// let answer = ctx.get("https://api.example.com/x").query("q", "a").send().unwrap();
/// assert_eq!(answer.bytes(), b"found");
/// ```
///
/// A request that no rule matches fails the test:
///
/// ```should_panic
/// # use workway_sdk::testing::{MockContext, create_mock_fetch};
/// let ctx = MockContext::builder().grant_host("api.example.com").fetch(create_mock_fetch()).build();
/// let _ = ctx.get("https://api.example.com/x").send();
/// ```
#[must_use]
pub fn create_mock_fetch() -> MockFetch {
    MockFetch::default()
}

impl MockFetch {
    /// A network without rules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a rule, which answers once [`respond`](MockRule::respond) or its like is called. Rules
    /// are asked in the order in which they were made; the first that matches answers, so the general
    /// ones come last.
    ///
    /// `url` is an address, or a pattern: `*` stands for anything within one segment of the path,
    /// `**` for anything. Without a `?` in it, the request's query is not looked at, but for
    /// [`query`](MockRule::query).
    ///
    /// # Panics
    ///
    /// The method or the address is not one.
    #[track_caller]
    pub fn on(&self, method: &str, url: &str) -> MockRule {
        MockRule::new(self.clone(), Matcher::new(method, url))
    }

    /// Everything that was sent, in its order. What was refused before it could be sent is not there.
    #[must_use]
    pub fn requests(&self) -> Vec<SentRequest> {
        self.state().requests.clone()
    }

    /// Forgets what was sent; rules stay as far as they are.
    pub fn forget_requests(&self) {
        self.state().requests.clear();
    }

    /// Fails unless such a request was sent. The answer narrows down which.
    ///
    /// # Panics
    ///
    /// No such request was sent.
    #[track_caller]
    pub fn assert_sent(&self, method: &str, url: &str) -> SentCheck {
        SentCheck::begin(self.requests(), Matcher::new(method, url))
    }

    /// Fails if such a request was sent.
    ///
    /// # Panics
    ///
    /// Such a request was sent.
    #[track_caller]
    pub fn assert_not_sent(&self, method: &str, url: &str) {
        let matcher = Matcher::new(method, url);
        if let Some(request) = self.requests().into_iter().find(|request| matcher.matches(request)) {
            panic!("a request was sent that should not be:\n\n{}", request.shown());
        }
    }

    /// Fails if anything was sent.
    ///
    /// # Panics
    ///
    /// Something was sent.
    #[track_caller]
    pub fn assert_nothing_sent(&self) {
        let requests = self.requests();
        if let Some(first) = requests.first() {
            panic!("nothing should be sent, but {} were; the first:\n\n{}", requests.len(), first.shown());
        }
    }

    /// Fails unless every rule has answered: once at least, or just as often as its
    /// [`times`](MockRule::times) says.
    ///
    /// # Panics
    ///
    /// A rule has not answered, or not as often.
    #[track_caller]
    pub fn assert_all_used(&self) {
        let unmet: Vec<String> = self.state().rules.iter().filter_map(Rule::unmet).collect();
        assert!(unmet.is_empty(), "{} of the rules were not met:\n  {}", unmet.len(), unmet.join("\n  "));
    }

    fn add(&self, rule: Rule) {
        self.state().rules.push(rule);
    }

    /// Answers one request that may be sent, with the connection's credential on it.
    #[track_caller]
    pub(super) fn exchange(&self, request: &Hop, authorization: Option<String>) -> Result<Answer, FetchError> {
        let sent = SentRequest::of(request, authorization);
        let mut state = self.state();
        state.requests.push(sent.clone());
        let answers = state.rules.iter_mut().find(|rule| rule.answers(&sent)).map(Rule::take);
        let Some(answers) = answers else {
            let complaint = unmatched(&state.rules, &sent);
            // Not while the lock is held: other threads of the test go on.
            drop(state);
            panic!("{complaint}");
        };
        drop(state);
        match answers {
            Answers::Fixed(response) => response.into_answer(),
            Answers::By(answer) => answer(&sent).into_answer(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MockFetch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        formatter
            .debug_struct("MockFetch")
            .field("rules", &state.rules.len())
            .field("requests", &state.requests.len())
            .finish()
    }
}

/// What a developer reads whose request no rule matches.
fn unmatched(rules: &[Rule], request: &SentRequest) -> String {
    let mut text = format!("no rule answers this request:\n\n{}\n", request.shown());
    let Some((rule, differences)) = nearest(rules.iter().map(|rule| (rule, rule.differences(request)))) else {
        text.push_str("\nthere are no rules: add one with `fetch.on(method, url).respond(…)`");
        return text;
    };
    // Writing to a String cannot fail.
    let _ = write!(text, "\nthe nearest of {} rules, {}, differs in:", rules.len(), rule.shown());
    for difference in differences {
        let _ = write!(text, "\n  {}", difference.text);
    }
    text
}

#[cfg(test)]
mod tests;
