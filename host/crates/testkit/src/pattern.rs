//! What a request has to look like: an address with wildcards, and parts of its query, headers and JSON body. Decides
//! whether a request fits, and says in words where it does not.

use std::collections::BTreeMap;

use http::HeaderMap;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::json::{REDACTED, Rule, clipped, differences, quoted};

/// The longest pattern of an address.
const MAX_URL_BYTES: usize = 8 * 1024;
/// How much an address that differs counts against a method, and a method against all else.
const URL_WEIGHT: usize = 1_000;
const METHOD_WEIGHT: usize = 100;

/// One request as the kit sees it.
#[derive(Clone)]
pub(super) struct SentRequest {
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// The body, where it is JSON.
    pub(super) json: Option<Value>,
}

/// What a request is expected to be. What is not named may be anything.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestPattern {
    /// GET unless given.
    #[serde(default = "get")]
    pub method: String,
    pub url: UrlPattern,
    /// Parameters that have to be there, each with all its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<BTreeMap<String, Texts>>,
    /// Headers that have to be there, by names in any case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Texts>,
    /// What the JSON body has to hold.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub json: Option<Value>,
}

/// An address, exact or with `*` for what lies within a path segment and `**` for anything.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct UrlPattern {
    text: String,
    /// Without the query unless it names one itself.
    regex: Option<Regex>,
    has_query: bool,
}

/// One text or several. Numbers and booleans are taken for their texts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Texts(pub Vec<String>);

fn get() -> String {
    "GET".to_owned()
}

/// A field that was given, `null` included.
pub(super) fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl RequestPattern {
    /// In words, everything in which a request differs, and how much that is.
    pub(super) fn differences(&self, request: &SentRequest) -> (usize, Vec<String>) {
        let (mut weight, mut lines) = (0, Vec::new());
        if !self.url.matches(&request.url, self.query.is_some()) {
            weight += URL_WEIGHT;
            lines.push(format!("url: expected {}, got {}", clipped(self.url.as_str()), clipped(request.url.as_str())));
        }
        if self.method != request.method {
            weight += METHOD_WEIGHT;
            lines.push(format!("method: expected {}, got {}", self.method, request.method));
        }
        let parts = lines.len();
        for (name, expected) in self.query.iter().flatten() {
            let values = request.url.query_pairs().filter(|(other, _)| other == name).map(|(_, value)| value.into());
            lines.extend(expected.difference(&format!("query: {name}"), &values.collect::<Vec<String>>()));
        }
        for (name, expected) in &self.headers {
            let values = request.headers.get_all(name.as_str()).iter();
            let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            lines.extend(expected.difference(&format!("header {name}"), &values.collect::<Vec<String>>()));
        }
        match (&self.json, &request.json) {
            (Some(expected), Some(actual)) => {
                lines.extend(
                    differences(expected, actual, Rule::Request).into_iter().map(|line| format!("json: {line}")),
                );
            }
            (Some(_), None) => lines.push("json: the request has no JSON body".to_owned()),
            (None, _) => {}
        }
        (weight + lines.len() - parts, lines)
    }

    pub(super) fn matches(&self, request: &SentRequest) -> bool {
        self.differences(request).1.is_empty()
    }

    /// Method and address.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.method, clipped(self.url.as_str()))
    }
}

impl SentRequest {
    /// The request for people, with its body where that is JSON.
    pub(super) fn describe(&self) -> String {
        let body = self.json.as_ref().map(|json| format!(" with {}", quoted(json))).unwrap_or_default();
        format!("{} {}{body}", self.method, clipped(self.url.as_str()))
    }
}

impl UrlPattern {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn matches(&self, url: &Url, query_is_apart: bool) -> bool {
        let mut url = url.clone();
        url.set_fragment(None);
        if query_is_apart || !self.has_query {
            url.set_query(None);
        }
        match &self.regex {
            Some(regex) => regex.is_match(url.as_str()),
            None => {
                let Ok(mut expected) = Url::parse(&self.text) else { return false };
                if query_is_apart {
                    expected.set_query(None);
                }
                expected == url
            }
        }
    }
}

impl TryFrom<String> for UrlPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > MAX_URL_BYTES {
            return Err(format!("url: must have at most {MAX_URL_BYTES} bytes"));
        }
        let has_query = text.contains('?');
        if !text.contains('*') {
            let url = Url::parse(&text).map_err(|error| format!("url: {}: {error}", clipped(&text)))?;
            return if url.fragment().is_some() {
                Err("url: must not have a fragment".to_owned())
            } else {
                Ok(Self { text, regex: None, has_query })
            };
        }
        let mut regex = String::from("^");
        let mut rest = text.as_str();
        while let Some(star) = rest.find('*') {
            regex.push_str(&regex::escape(&rest[..star]));
            let after = &rest[star + 1..];
            rest = match after.strip_prefix('*') {
                Some(after) => {
                    regex.push_str(".*");
                    after
                }
                None => {
                    regex.push_str("[^/?#]*");
                    after
                }
            };
        }
        regex.push_str(&regex::escape(rest));
        regex.push('$');
        let regex = Regex::new(&regex).map_err(|_| "url: has too many `*`".to_owned())?;
        Ok(Self { text, regex: Some(regex), has_query })
    }
}

impl From<UrlPattern> for String {
    fn from(pattern: UrlPattern) -> Self {
        pattern.text
    }
}

impl Texts {
    fn difference(&self, what: &str, actual: &[String]) -> Option<String> {
        let fits = self.0.len() == actual.len()
            && self.0.iter().zip(actual).all(|(expected, actual)| expected == REDACTED || expected == actual);
        let list = |texts: &[String]| clipped(&texts.join(", "));
        if fits {
            return None;
        }
        Some(match actual {
            [] => format!("{what}: expected {:?}, but it is missing", list(&self.0)),
            actual => format!("{what}: expected {:?}, got {:?}", list(&self.0), list(actual)),
        })
    }
}

impl TryFrom<Value> for Texts {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
            other => Err(format!("expected a string or a list of strings, got {}", quoted(&other))),
        };
        match value {
            Value::Array(values) => values.into_iter().map(text).collect::<Result<_, _>>().map(Self),
            value => Ok(Self(vec![text(value)?])),
        }
    }
}

impl From<Texts> for Value {
    fn from(texts: Texts) -> Self {
        let mut texts: Vec<Value> = texts.0.into_iter().map(Value::from).collect();
        if texts.len() == 1 { texts.remove(0) } else { Value::Array(texts) }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        UrlPattern::try_from(pattern.to_owned())
            .expect("is a pattern")
            .matches(&Url::parse(url).expect("is a URL"), false)
    }

    fn request(url: &str) -> SentRequest {
        let headers = HeaderMap::from_iter([(http::header::ACCEPT, HeaderValue::from_static("text/html"))]);
        let url = Url::parse(url).expect("is a URL");
        SentRequest { method: "POST".into(), url, headers, json: Some(json!({"channel": "C1", "text": "hi"})) }
    }

    fn pattern(value: Value) -> RequestPattern {
        serde_json::from_value(value).expect("is a pattern")
    }

    #[test]
    fn an_address_matches_exactly_and_without_a_query_unless_it_has_one() {
        assert!(matches("https://a.example", "https://a.example/"));
        assert!(matches("https://a.example/x", "https://a.example/x?y=1"));
        assert!(!matches("https://a.example/x", "https://a.example/x/"));
        assert!(!matches("https://a.example/x", "http://a.example/x"));
        assert!(matches("https://a.example/x?y=1", "https://a.example/x?y=1"));
        assert!(!matches("https://a.example/x?y=1", "https://a.example/x?y=2"));
        assert!(!matches("https://a.example/x?y=1", "https://a.example/x"));
    }

    #[test]
    fn stars_stay_in_their_segment_unless_there_are_two() {
        assert!(matches("https://a.example/users/*/posts", "https://a.example/users/7/posts?page=2"));
        assert!(!matches("https://a.example/users/*", "https://a.example/users/7/posts"));
        assert!(matches("https://a.example/**", "https://a.example/users/7/posts"));
        assert!(matches("https://*.example/", "https://b.example/"));
        assert!(!matches("https://a.example/x.y/*", "https://a.example/x-y/z"), "a dot is a dot");
        for bad in ["", "no address", "https://a.example/#x", &format!("https://a.example/{}", "x".repeat(10_000))] {
            assert!(UrlPattern::try_from(bad.to_owned()).is_err(), "{bad:.40}");
        }
    }

    #[test]
    fn query_headers_and_json_are_parts() {
        let sent = request("https://a.example/x?a=1&b=2&b=3");
        for fits in [
            json!({"method": "POST", "url": "https://a.example/x"}),
            json!({"method": "POST", "url": "https://a.example/x", "query": {"a": 1}}),
            json!({"method": "POST", "url": "https://a.example/x", "query": {"b": ["2", 3]}}),
            json!({"method": "POST", "url": "https://a.example/x?q=0", "query": {"a": REDACTED}}),
            json!({"method": "POST", "url": "https://a.example/x", "headers": {"Accept": "text/html"}}),
            json!({"method": "POST", "url": "https://a.example/x", "json": {"channel": "C1"}}),
        ] {
            let (_, lines) = pattern(fits.clone()).differences(&sent);
            assert!(lines.is_empty(), "{fits}: {lines:?}");
        }
        for (other, line) in [
            (json!({"url": "https://a.example/x"}), "method: expected GET, got POST"),
            (json!({"method": "POST", "url": "https://a.example/y"}), "url: expected https://a.example/y, got"),
            (
                json!({"method": "POST", "url": "https://a.example/x", "query": {"b": 2}}),
                "query: b: expected \"2\", got \"2, 3\"",
            ),
            (
                json!({"method": "POST", "url": "https://a.example/x", "headers": {"x": "1"}}),
                "header x: expected \"1\", but it is missing",
            ),
            (
                json!({"method": "POST", "url": "https://a.example/x", "json": {"channel": "C2"}}),
                "json: /channel: expected \"C2\", got \"C1\"",
            ),
        ] {
            let (_, lines) = pattern(other).differences(&sent);
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].starts_with(line), "{lines:?}");
        }
    }

    #[test]
    fn an_address_counts_for_more_than_the_rest() {
        let sent = request("https://a.example/x");
        let (elsewhere, _) = pattern(json!({"method": "POST", "url": "https://a.example/y"})).differences(&sent);
        let (other, _) = pattern(json!({"url": "https://a.example/x", "json": {"a": 1, "b": 2}})).differences(&sent);
        assert!(other < elsewhere);
    }
}
