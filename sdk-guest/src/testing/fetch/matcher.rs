//! What a request must be to fall under a rule or a check, and how far from that one is. It answers nothing itself.

use serde_json::Value;
use workway_policy::fetch::METHODS;

use super::json;
use super::sent::{SentRequest, shown_header};
use super::url_pattern::UrlPattern;

/// How many differences one complaint lists.
const MAX_DIFFERENCES: usize = 20;

/// Another address is the farthest, then another path of the same host, then another method.
const FAR: u32 = 100;
const OTHER_PATH: u32 = 30;
const OTHER_METHOD: u32 = 20;
pub(super) const DETAIL: u32 = 1;

/// One thing in which a request is not what it must be.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) weight: u32,
    pub(super) text: String,
}

impl Difference {
    fn new(weight: u32, text: String) -> Self {
        Self { weight, text }
    }
}

/// Conditions on a request; all of them hold together.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    method: String,
    url: UrlPattern,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    json: Vec<Value>,
    body: Option<String>,
}

impl Matcher {
    #[track_caller]
    pub(super) fn new(method: &str, url: &str) -> Self {
        assert!(METHODS.contains(&method), "{method:?} is not a method: {}", METHODS.join(", "));
        let url = UrlPattern::parse(url);
        Self { method: method.to_owned(), query: url.query(), url, headers: Vec::new(), json: Vec::new(), body: None }
    }

    pub(super) fn query(&mut self, name: &str, value: String) {
        self.query.push((name.to_owned(), value));
    }

    pub(super) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }

    pub(super) fn json(&mut self, part: Value) {
        self.json.push(part);
    }

    pub(super) fn body(&mut self, text: &str) {
        self.body = Some(text.to_owned());
    }

    pub(super) fn matches(&self, request: &SentRequest) -> bool {
        self.differences(request).is_empty()
    }

    /// Everything in which the request differs, bounded.
    pub(super) fn differences(&self, request: &SentRequest) -> Vec<Difference> {
        let mut found = Vec::new();
        if self.method != request.method() {
            found.push(Difference::new(
                OTHER_METHOD,
                format!("method: is {}, expected {}", request.method(), self.method),
            ));
        }
        if !self.url.matches(request.parsed_url()) {
            let weight = if self.url.is_near(request.parsed_url()) { OTHER_PATH } else { FAR };
            found.push(Difference::new(weight, format!("url: is {}, expected {}", request.url(), self.url.text())));
        }
        for (name, value) in &self.query {
            let actual = request.queries(name);
            if !actual.contains(value) {
                found.push(Difference::new(DETAIL, format!("query {name}: {}, expected {value:?}", said(&actual))));
            }
        }
        for (name, value) in &self.headers {
            let actual: Vec<&str> = request.headers_of(name).collect();
            if !actual.contains(&value.as_str()) {
                let actual: Vec<String> = actual.into_iter().map(|value| shown_header(name, value)).collect();
                let expected = shown_header(name, value);
                found.push(Difference::new(DETAIL, format!("header {name}: {}, expected {expected:?}", said(&actual))));
            }
        }
        for part in &self.json {
            match serde_json::from_slice::<Value>(request.bytes()) {
                Ok(actual) => {
                    found
                        .extend(json::differences(part, &actual).into_iter().map(|text| Difference::new(DETAIL, text)));
                }
                Err(_) => found.push(Difference::new(DETAIL, format!("json: the body is not JSON, expected {part}"))),
            }
        }
        if let Some(text) = self.body.as_ref().filter(|text| text.as_bytes() != request.bytes()) {
            found.push(Difference::new(DETAIL, format!("body: is {:?}, expected {text:?}", request.shown_body())));
        }
        found.truncate(MAX_DIFFERENCES);
        found
    }

    /// Method and address, for messages.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.method, self.url.text())
    }
}

fn said(values: &[String]) -> String {
    match values {
        [] => "is not there".to_owned(),
        [value] => format!("is {value:?}"),
        values => format!("are {values:?}"),
    }
}

/// The candidate with the least that differs; of several the first.
pub(super) fn nearest<T>(candidates: impl Iterator<Item = (T, Vec<Difference>)>) -> Option<(T, Vec<Difference>)> {
    candidates.min_by_key(|(_, differences)| differences.iter().map(|difference| difference.weight).sum::<u32>())
}
