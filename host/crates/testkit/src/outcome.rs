//! Compares the result of a call with the expected one. Each mismatch is a bounded text for a developer.

use serde_json::{Map, Value, json, value::RawValue};
use url::Url;
use workway_model::{Failure, FailureKind, InputProblem};
use workway_registry::ExecuteError;
use workway_sandbox::{CallError, Choice, Event, Limit, Polled, WebhookAnswer};

use super::{
    case::{Expect, ExpectedFailure, ExpectedLimit},
    json::{Rule, clipped, differences, quoted},
    pattern::SentRequest,
    world::Denied,
};

/// How a call ended.
pub(super) enum Outcome {
    Output(Value),
    Failure(Failure),
    Limit(Limit),
    Crashed(String),
    /// It did not come to a call, or the host is to blame.
    NotRun(String),
}

impl Outcome {
    pub(super) fn of(result: Result<Value, ExecuteError>) -> Self {
        match result {
            Ok(output) => Self::Output(output),
            // To whoever calls it is the same whether the host or the guest found the input wrong.
            Err(ExecuteError::InvalidInput(problems)) => {
                Self::Failure(Failure::new(FailureKind::InvalidInput, &listed(&problems)))
            }
            Err(ExecuteError::InputTooLarge(_)) => Self::Limit(Limit::Transfer),
            Err(ExecuteError::Call(CallError::Failed(failure))) => Self::Failure(failure),
            Err(ExecuteError::Call(CallError::Limit(limit))) => Self::Limit(limit),
            Err(ExecuteError::Call(error @ (CallError::Trapped(_) | CallError::BadOutput(_)))) => {
                Self::Crashed(error.to_string())
            }
            Err(error) => Self::NotRun(error.to_string()),
        }
    }

    /// Where this is not what the case expects of the result.
    pub(super) fn problems(&self, expect: &Expect) -> Vec<String> {
        let wanted = match expect {
            Expect { output: Some(expected), .. } => return self.against(expected, Rule::Exact, "output"),
            Expect { output_contains: Some(expected), .. } => {
                return self.against(expected, Rule::Subset, "output-contains");
            }
            Expect { failure: Some(expected), .. } => match self {
                Self::Failure(failure) => return of_failure(expected, failure),
                _ => format!("a failure of kind {}", expected.kind.as_str()),
            },
            Expect { limit: Some(expected), .. } => match self {
                Self::Limit(limit) if named(*limit) == *expected => return Vec::new(),
                _ => format!("the limit {expected:?}").to_lowercase(),
            },
            Expect { crashed: true, .. } => match self {
                Self::Crashed(_) => return Vec::new(),
                _ => "a crash".to_owned(),
            },
            _ => match self {
                Self::Output(_) => return Vec::new(),
                _ => "an output".to_owned(),
            },
        };
        vec![format!("expected {wanted}, got {}", self.describe())]
    }

    fn against(&self, expected: &Value, rule: Rule, what: &str) -> Vec<String> {
        let Self::Output(actual) = self else {
            return vec![format!("expected an output, got {}", self.describe())];
        };
        let lines = differences(expected, actual, rule);
        if lines.is_empty() {
            return Vec::new();
        }
        let (expected, actual) = (quoted(expected), quoted(actual));
        vec![format!("{what} differs\n  expected: {expected}\n  actual:   {actual}\n  {}", lines.join("\n  "))]
    }

    fn describe(&self) -> String {
        match self {
            Self::Output(output) => format!("the output {}", quoted(output)),
            Self::Failure(failure) => {
                let wait = failure.retry_after.map(|wait| format!(", to retry after {} ms", wait.as_millis()));
                let kind = failure.kind.as_str();
                format!("a failure of kind {kind}: {}{}", clipped(&failure.message), wait.unwrap_or_default())
            }
            Self::Limit(limit) => format!("an aborted call: {limit}"),
            Self::Crashed(text) | Self::NotRun(text) => clipped(text),
        }
    }
}

fn listed(problems: &[InputProblem]) -> String {
    let lines = problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message));
    lines.collect::<Vec<_>>().join("; ")
}

fn named(limit: Limit) -> ExpectedLimit {
    match limit {
        Limit::Cpu => ExpectedLimit::Cpu,
        Limit::Wall => ExpectedLimit::Wall,
        Limit::Memory => ExpectedLimit::Memory,
        Limit::Stack => ExpectedLimit::Stack,
        Limit::Transfer => ExpectedLimit::Body,
    }
}

fn of_failure(expected: &ExpectedFailure, actual: &Failure) -> Vec<String> {
    let mut problems = Vec::new();
    if expected.kind != actual.kind {
        let (expected, kind) = (expected.kind.as_str(), actual.kind.as_str());
        problems.push(format!("failure: expected kind {expected}, got {kind}: {}", clipped(&actual.message)));
    }
    if let Some(part) = expected.message.as_ref().filter(|part| !actual.message.contains(*part)) {
        problems.push(format!("failure: expected {part:?} in the message {:?}", clipped(&actual.message)));
    }
    let wait = actual.retry_after.and_then(|wait| u64::try_from(wait.as_millis()).ok());
    if expected.retry_after_ms.is_some() && expected.retry_after_ms != wait {
        let shown = |wait: Option<u64>| wait.map_or_else(|| "none".to_owned(), |wait| wait.to_string());
        let (expected, wait) = (shown(expected.retry_after_ms), shown(wait));
        problems.push(format!("failure: expected retry-after-ms {expected}, got {wait}"));
    }
    problems
}

/// Where what was sent is not what the case expects.
pub(super) fn of_requests(expect: &Expect, sent: &[SentRequest]) -> Vec<String> {
    let Some(expected) = &expect.requests else { return Vec::new() };
    let mut problems = Vec::new();
    for (place, (pattern, request)) in expected.iter().zip(sent).enumerate() {
        let (_, lines) = pattern.differences(request);
        if !lines.is_empty() {
            let (request, lines) = (request.describe(), lines.join("\n  "));
            problems.push(format!("request {} differs: {request}\n  {lines}", place + 1));
        }
    }
    for (place, pattern) in expected.iter().enumerate().skip(sent.len()) {
        problems.push(format!("request {} was expected, but not sent: {}", place + 1, pattern.title()));
    }
    for (place, request) in sent.iter().enumerate().skip(expected.len()) {
        problems.push(format!("request {} was sent, but not expected: {}", place + 1, request.describe()));
    }
    problems
}

/// Where what was refused is not what the case expects.
pub(super) fn of_denied(expect: &Expect, denied: &[Denied]) -> Vec<String> {
    let expected: Vec<String> = expect.denied.iter().filter_map(|text| origin(text)).collect();
    let stray = denied.iter().filter(|denied| !expected.contains(&denied.origin));
    let mut problems: Vec<String> =
        stray.map(|denied| format!("{} was denied: {}", denied.request, denied.reason)).collect();
    problems.dedup();
    let missing = expected.iter().filter(|origin| !denied.iter().any(|denied| denied.origin == **origin));
    problems.extend(missing.map(|origin| format!("denied: expected a denied request to {origin}, but there was none")));
    problems
}

/// Scheme, host and port of an address; of one without a host, the scheme.
pub(super) fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(match url.host_str() {
        Some(host) => format!("{}://{}{port}", url.scheme(), host.trim_end_matches('.')),
        None => format!("{}:", url.scheme()),
    })
}

/// A guest's JSON, which is known to be some.
pub(super) fn parsed(text: &RawValue) -> Value {
    // One that is nested too deeply for a value is shown as its text.
    serde_json::from_str(text.get()).unwrap_or_else(|_| Value::String(text.get().to_owned()))
}

pub(super) fn of_choices(choices: &[Choice]) -> Value {
    choices.iter().map(|choice| json!({"value": parsed(&choice.value), "label": choice.label})).collect()
}

pub(super) fn of_polled(polled: &Polled) -> Value {
    json!({"events": of_events(&polled.events), "cursor": polled.cursor.as_deref().map(parsed)})
}

pub(super) fn of_answer(answer: &WebhookAnswer) -> Value {
    let mut headers = Map::new();
    for (name, value) in &answer.headers {
        let entry = headers.entry(name.to_lowercase());
        let text = entry.or_insert_with(|| Value::String(String::new()));
        let before = text.as_str().filter(|before| !before.is_empty()).map(|before| format!("{before}, "));
        *text = Value::String(format!("{}{value}", before.unwrap_or_default()));
    }
    let body = match serde_json::from_slice(&answer.body) {
        Ok(json) => json,
        Err(_) => Value::String(String::from_utf8_lossy(&answer.body).into_owned()),
    };
    json!({"status": answer.status, "headers": headers, "body": body, "events": of_events(&answer.events)})
}

fn of_events(events: &[Event]) -> Value {
    events.iter().map(|event| json!({"key": event.dedupe_key, "payload": parsed(&event.payload)})).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn expect(value: Value) -> Expect {
        serde_json::from_value(value).expect("is an expectation")
    }

    #[test]
    fn each_end_of_a_call_is_met_by_its_own_expectation_alone() {
        let failure = Failure {
            retry_after: Some(Duration::from_secs(30)),
            ..Failure::new(FailureKind::RateLimited, "slow down, please")
        };
        let ends = [
            Outcome::Output(json!({"a": 1, "b": 2})),
            Outcome::Failure(failure),
            Outcome::Limit(Limit::Memory),
            Outcome::Limit(Limit::Transfer),
            Outcome::Crashed("it broke".into()),
            Outcome::NotRun("the host is full".into()),
        ];
        for (expected, met) in [
            (json!({}), Some(0)),
            (json!({"output": {"a": 1, "b": 2}}), Some(0)),
            (json!({"output": {"a": 1}}), None),
            (json!({"output-contains": {"a": 1}}), Some(0)),
            (json!({"output-contains": {"c": 1}}), None),
            (json!({"failure": {"kind": "rate-limited"}}), Some(1)),
            (json!({"failure": {"kind": "rate-limited", "message": "down", "retry-after-ms": 30_000}}), Some(1)),
            (json!({"failure": {"kind": "rate-limited", "message": "up"}}), None),
            (json!({"failure": {"kind": "rate-limited", "retry-after-ms": 1}}), None),
            (json!({"failure": {"kind": "transient"}}), None),
            (json!({"limit": "memory"}), Some(2)),
            (json!({"limit": "body"}), Some(3)),
            (json!({"limit": "cpu"}), None),
            (json!({"crashed": true}), Some(4)),
        ] {
            for (place, end) in ends.iter().enumerate() {
                let problems = end.problems(&expect(expected.clone()));
                assert_eq!(problems.is_empty(), met == Some(place), "{expected} {place}: {problems:?}");
            }
        }
    }

    #[test]
    fn an_output_that_differs_is_shown_beside_what_was_expected() {
        let problems = Outcome::Output(json!({"a": 2})).problems(&expect(json!({"output": {"a": 1}})));
        assert_eq!(problems, ["output differs\n  expected: {\"a\":1}\n  actual:   {\"a\":2}\n  /a: expected 1, got 2"]);
    }

    #[test]
    fn refusals_are_held_against_the_list_both_ways() {
        let denied = |url: &str| Denied {
            origin: origin(url).expect("is an origin"),
            request: format!("GET {url}"),
            reason: "was not granted".into(),
        };
        let listed = expect(json!({"denied": ["https://Evil.example/", "ftp://old.example"]}));
        let both = [denied("https://evil.example/x"), denied("ftp://old.example/y")];
        assert!(of_denied(&listed, &both).is_empty());
        assert_eq!(
            of_denied(&listed, &both[..1]),
            ["denied: expected a denied request to ftp://old.example, but there was none"]
        );
        let stray = of_denied(&expect(json!({})), &both[..1]);
        assert_eq!(stray, ["GET https://evil.example/x was denied: was not granted"]);
    }

    #[test]
    fn origins_are_told_apart_by_scheme_host_and_port() {
        for (text, expected) in [
            ("https://A.example./x?y", Some("https://a.example")),
            ("https://a.example:443/", Some("https://a.example")),
            ("https://a.example:8443/", Some("https://a.example:8443")),
            ("file:///etc/passwd", Some("file:")),
            ("evil", None),
        ] {
            assert_eq!(origin(text).as_deref(), expected, "{text}");
        }
    }
}
