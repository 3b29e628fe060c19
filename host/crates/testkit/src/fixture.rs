//! What the upstream answers in a case, and which of several answers it is. Sends nothing.

use std::{collections::BTreeMap, num::NonZeroU32};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use workway_capability::fetch::FetchError;

use super::pattern::{RequestPattern, SentRequest, Texts, present};

/// The longest body of one fixture, in bytes.
pub const MAX_FIXTURE_BODY_BYTES: usize = 256 << 10;

/// A request that is expected and its answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fixture {
    pub request: RequestPattern,
    pub response: FixtureResponse,
    /// How often it answers; as often as it is asked unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<NonZeroU32>,
}

/// An answer, or that there is none.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FixtureResponse {
    /// 200 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `content-type` follows from the body unless given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Texts>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub json: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<FixtureError>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixtureError {
    Timeout,
    Connect,
    Io,
}

impl Fixture {
    /// Everything about it that its shape alone does not say.
    pub(super) fn problems(&self) -> Vec<String> {
        let FixtureResponse { status, headers, json, text, error } = &self.response;
        let mut problems = Vec::new();
        if usize::from(json.is_some()) + usize::from(text.is_some()) + usize::from(error.is_some()) > 1 {
            problems.push("response: must have only one of json, text and error".to_owned());
        }
        if error.is_some() && (status.is_some() || !headers.is_empty()) {
            problems.push("response: an error must not have status or headers".to_owned());
        }
        if let Some(status) = status.filter(|status| !(200..=599).contains(status)) {
            problems.push(format!("response: status must be between 200 and 599 (got {status})"));
        }
        for (name, values) in headers {
            let is_name = HeaderName::try_from(name.as_str()).is_ok();
            if !is_name || values.0.iter().any(|value| HeaderValue::try_from(value.as_str()).is_err()) {
                problems.push(format!("response: header {name:?} is not a valid HTTP header"));
            }
        }
        if self.response.body().len() > MAX_FIXTURE_BODY_BYTES {
            problems.push(format!("response: the body must have at most {MAX_FIXTURE_BODY_BYTES} bytes"));
        }
        problems
    }
}

impl FixtureResponse {
    fn body(&self) -> Bytes {
        match (&self.json, &self.text) {
            (Some(json), _) => json.to_string().into(),
            (None, Some(text)) => text.clone().into(),
            (None, None) => Bytes::new(),
        }
    }

    /// # Errors
    /// The one that the fixture stands for.
    pub(super) fn answer(&self) -> Result<Response<Full<Bytes>>, FetchError> {
        match self.error {
            Some(FixtureError::Timeout) => return Err(FetchError::Timeout),
            Some(FixtureError::Connect) => {
                return Err(FetchError::Connect("the fixture simulates a refused connection".to_owned()));
            }
            Some(FixtureError::Io) => {
                return Err(FetchError::Io("the fixture simulates a broken connection".to_owned()));
            }
            None => {}
        }
        let mut response = Response::new(Full::new(self.body()));
        let unfit = |_| FetchError::Io("the fixture is not a valid HTTP response".to_owned());
        *response.status_mut() =
            StatusCode::from_u16(self.status.unwrap_or(200)).map_err(|error| unfit(error.into()))?;
        let headers = response.headers_mut();
        for (name, values) in &self.headers {
            let name = HeaderName::try_from(name.as_str()).map_err(|error| unfit(http::Error::from(error)))?;
            for value in &values.0 {
                let value = HeaderValue::try_from(value.as_str()).map_err(|error| unfit(error.into()))?;
                headers.append(name.clone(), value);
            }
        }
        if !headers.contains_key(CONTENT_TYPE) {
            if self.json.is_some() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            } else if self.text.is_some() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            }
        }
        Ok(response)
    }
}

/// The fixtures of a case, and how often each was used.
pub(super) struct Fixtures {
    list: Vec<Fixture>,
    used: Vec<u32>,
}

impl Fixtures {
    pub(super) fn new(list: Vec<Fixture>) -> Self {
        Self { used: vec![0; list.len()], list }
    }

    /// The answer to a request: of the fixtures that match, each in its turn, and the last again.
    ///
    /// # Errors
    /// In words, that there is none, and which came nearest.
    pub(super) fn take(&mut self, request: &SentRequest) -> Result<&FixtureResponse, String> {
        let fits: Vec<usize> =
            (0..self.list.len()).filter(|place| self.list[*place].request.matches(request)).collect();
        let is_fresh = |place: &&usize| match self.list[**place].times {
            Some(times) => self.used[**place] < times.get(),
            None => self.used[**place] == 0,
        };
        let repeats = |place: &&usize| self.list[**place].times.is_none();
        let chosen = fits.iter().find(is_fresh).or_else(|| fits.iter().rfind(repeats)).copied();
        match chosen {
            Some(place) => {
                self.used[place] = self.used[place].saturating_add(1);
                Ok(&self.list[place].response)
            }
            None => Err(self.unanswered(request, fits.last().copied())),
        }
    }

    fn unanswered(&self, request: &SentRequest, used_up: Option<usize>) -> String {
        let text = format!("no fixture answers {}", request.describe());
        if let Some(place) = used_up {
            return format!(
                "{text}\n  fixture {} matches, but has already answered as often as its `times` allows",
                place + 1
            );
        }
        let compared = self.list.iter().map(|fixture| fixture.request.differences(request)).enumerate();
        match compared.min_by_key(|(_, (weight, _))| *weight) {
            Some((place, (_, lines))) => {
                let title = self.list[place].request.title();
                format!(
                    "{text}\n  the closest is fixture {}, {title}, which differs:\n    {}",
                    place + 1,
                    lines.join("\n    ")
                )
            }
            None => format!("{text}\n  the case has no fixtures"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::*;

    fn fixtures(list: Value) -> Fixtures {
        Fixtures::new(serde_json::from_value(list).expect("are fixtures"))
    }

    fn get(url: &str) -> SentRequest {
        let url = Url::parse(url).expect("is a URL");
        SentRequest { method: "GET".into(), url, headers: Default::default(), json: None }
    }

    fn answers(fixtures: &mut Fixtures, url: &str, count: usize) -> Vec<String> {
        let text = |answer: Result<&FixtureResponse, String>| match answer {
            Ok(response) => response.text.clone().unwrap_or_default(),
            Err(_) => "none".to_owned(),
        };
        (0..count).map(|_| text(fixtures.take(&get(url)))).collect()
    }

    #[test]
    fn fixtures_that_match_are_used_in_order_and_the_last_repeats() {
        let url = "https://a.example/x";
        let fixture = |text: &str| json!({"request": {"url": url}, "response": {"text": text}});
        let mut two = fixtures(json!([fixture("a"), fixture("b")]));
        assert_eq!(answers(&mut two, url, 4), ["a", "b", "b", "b"]);
        let twice = json!({"request": {"url": url}, "response": {"text": "a"}, "times": 2});
        let mut counted = fixtures(json!([twice, fixture("b")]));
        assert_eq!(answers(&mut counted, url, 4), ["a", "a", "b", "b"]);
        let mut bounded = fixtures(json!([twice]));
        assert_eq!(answers(&mut bounded, url, 3), ["a", "a", "none"]);
        assert!(bounded.take(&get(url)).expect_err("is used up").contains("`times`"));
    }

    #[test]
    fn an_unmatched_request_names_the_nearest_fixture() {
        let mut list = fixtures(json!([
            {"request": {"url": "https://b.example/y"}, "response": {}},
            {"request": {"url": "https://a.example/x", "query": {"page": 2}}, "response": {}},
        ]));
        let problem = list.take(&get("https://a.example/x?page=1")).expect_err("is unmatched");
        for part in ["GET https://a.example/x?page=1", "fixture 2", "query: page: expected \"2\", got \"1\""] {
            assert!(problem.contains(part), "{problem}");
        }
        assert!(fixtures(json!([])).take(&get("https://a.example")).expect_err("is unmatched").contains("no fixtures"));
    }

    #[test]
    fn an_answer_is_one_thing_and_within_bounds() {
        for (response, problem) in [
            (json!({"json": null, "text": ""}), "only one of json"),
            (json!({"error": "io", "status": 200}), "must not have status"),
            (json!({"status": 99}), "status must be"),
            (json!({"status": 101}), "status must be"),
            (json!({"headers": {"a b": "x"}}), "is not a valid HTTP header"),
            (json!({"headers": {"a": "x\ny"}}), "is not a valid HTTP header"),
            (json!({"text": "x".repeat(MAX_FIXTURE_BODY_BYTES + 1)}), "the body must have at most"),
        ] {
            let fixture: Fixture =
                serde_json::from_value(json!({"request": {"url": "https://a.example"}, "response": response})).unwrap();
            let problems = fixture.problems();
            assert!(problems.len() == 1 && problems[0].contains(problem), "{problems:?}");
        }
    }
}
