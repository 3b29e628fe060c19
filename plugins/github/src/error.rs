//! GitHub's refusals, as failures that the host can act on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;
use workway_sdk::prelude::*;

/// GitHub's advice for a secondary limit that names no time.
const SECONDARY_LIMIT_WAIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct ErrorBody {
    message: Option<String>,
    #[serde(default)]
    errors: Vec<Value>,
}

/// The response, or the failure that it stands for.
pub(crate) fn check(response: Response, now: SystemTime) -> Result<Response> {
    if response.status() < 400 {
        return Ok(response);
    }
    Err(failure(&response, now))
}

fn failure(response: &Response, now: SystemTime) -> Failure {
    let message = message(response);
    if let Some(retry_after) = rate_limit(response, &message, now) {
        return Failure::RateLimited { message, retry_after };
    }
    match response.status() {
        // The caller's input passed the schema but not GitHub's own rules.
        422 => Failure::InvalidInput(message),
        // Issues are turned off, or the thing was deleted: neither comes back by itself.
        410 => Failure::Permanent(message),
        _ => response.failure(message),
    }
}

/// What GitHub said, with its list of errors: `Validation Failed (title: missing_field)`.
fn message(response: &Response) -> String {
    let body: Option<ErrorBody> = response.json().ok();
    let status = response.status();
    let Some(ErrorBody { message: Some(message), errors }) = body else {
        return format!("GitHub answered {status}");
    };
    let errors: Vec<String> = errors.iter().map(describe).collect();
    if errors.is_empty() {
        format!("GitHub answered {status}: {message}")
    } else {
        format!("GitHub answered {status}: {message} ({})", errors.join("; "))
    }
}

/// An entry of `errors` is a text, or an object with a message or with a field and a code.
fn describe(error: &Value) -> String {
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let reason = error.as_str().or_else(|| text("message")).or_else(|| text("code")).unwrap_or("unknown");
    match text("field") {
        Some(field) => format!("{field}: {reason}"),
        None => reason.to_owned(),
    }
}

/// Whether the answer is about a rate limit, and for how long if GitHub said so. It says so with 403
/// as well as with 429: <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>.
fn rate_limit(response: &Response, message: &str, now: SystemTime) -> Option<Option<Duration>> {
    if !matches!(response.status(), 403 | 429) {
        return None;
    }
    if let Some(wait) = response.retry_after() {
        return Some(Some(wait));
    }
    if response.header("x-ratelimit-remaining") == Some("0") {
        return Some(wait_until_reset(response, now));
    }
    let secondary = message.to_ascii_lowercase().contains("secondary rate limit");
    if secondary || response.status() == 429 {
        return Some(Some(SECONDARY_LIMIT_WAIT));
    }
    None
}

fn wait_until_reset(response: &Response, now: SystemTime) -> Option<Duration> {
    let reset: u64 = response.header("x-ratelimit-reset")?.trim().parse().ok()?;
    let reset = UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
    // A reset that has passed by our clock means: now.
    Some(reset.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn failed(status: u16, headers: &[(&str, &str)], body: &str) -> Failure {
        failure(&Response::new(status, headers, body), UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn wait(failure: Failure) -> Option<Duration> {
        match failure {
            Failure::RateLimited { retry_after, .. } => retry_after,
            other => panic!("not a rate limit: {other}"),
        }
    }

    #[test]
    fn an_empty_quota_waits_for_its_reset() {
        let headers = |reset| [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset)];
        for status in [403, 429] {
            let failure = failed(status, &headers("1700000090"), "{}");
            assert_eq!(wait(failure), Some(Duration::from_secs(90)));
        }
        assert_eq!(wait(failed(403, &headers("1600000000"), "{}")), Some(Duration::ZERO));
        assert_eq!(wait(failed(403, &headers("soon"), "{}")), None);
    }

    #[test]
    fn a_secondary_limit_waits_as_told_or_a_minute() {
        assert_eq!(wait(failed(403, &[("Retry-After", "7")], "{}")), Some(Duration::from_secs(7)));
        let body = r#"{"message":"You have exceeded a secondary rate limit."}"#;
        assert_eq!(wait(failed(403, &[], body)), Some(SECONDARY_LIMIT_WAIT));
        assert_eq!(wait(failed(429, &[], "")), Some(SECONDARY_LIMIT_WAIT));
    }

    #[test]
    fn a_refusal_with_quota_left_is_no_rate_limit() {
        let headers = [("x-ratelimit-remaining", "4999")];
        let body = r#"{"message":"Resource not accessible by integration"}"#;
        assert_eq!(
            failed(403, &headers, body),
            Failure::PermissionDenied("GitHub answered 403: Resource not accessible by integration".into())
        );
    }

    #[test]
    fn a_failed_validation_names_each_field() {
        let body = r#"{"message":"Validation Failed","errors":[
            {"resource":"Issue","field":"title","code":"missing_field"},
            {"resource":"Search","field":"q","code":"invalid","message":"The query is too long"},
            "something else", 5]}"#;
        assert_eq!(
            failed(422, &[], body),
            Failure::InvalidInput(
                "GitHub answered 422: Validation Failed (title: missing_field; \
                 q: The query is too long; something else; unknown)"
                    .into()
            )
        );
    }

    #[test]
    fn every_other_status_has_its_kind() {
        assert!(matches!(failed(401, &[], ""), Failure::AuthRequired(_)));
        assert!(matches!(failed(404, &[], ""), Failure::NotFound(_)));
        assert!(matches!(failed(410, &[], ""), Failure::Permanent(_)));
        assert!(matches!(failed(502, &[], "<html>"), Failure::Transient(_)));
        assert!(matches!(failed(400, &[], "[]"), Failure::Permanent(_)));
    }
}
