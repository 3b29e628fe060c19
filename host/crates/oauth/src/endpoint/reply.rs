//! A provider's answer before anything of it is believed: whether it is an error, and of which kind, and its JSON, which
//! is wiped from memory afterwards. No error repeats anything of an answer but its error code and description.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::error::{EndpointError, printable};
use crate::foreign_text::{MAX_CODE_CHARS, MAX_DESCRIPTION_CHARS};

/// Nobody is kept waiting for longer, whatever the provider asks for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// RFC 6749, section 5.2.
const INVALID_GRANT: &str = "invalid_grant";
/// Codes that ask for another attempt, whatever the status (RFC 6749, section 4.1.2.1).
const TRANSIENT_CODES: [&str; 2] = ["temporarily_unavailable", "server_error"];
/// Where providers put an error code; the first is RFC 6749's. All are compared with the codes of an entry.
const CODE_POINTERS: [&str; 8] =
    ["/error", "/error/code", "/error/type", "/error/status", "/code", "/error_code", "/errorCode", "/status"];
/// Where providers put an error's description; the first is RFC 6749's.
const DESCRIPTION_POINTERS: [&str; 6] =
    ["/error_description", "/error/message", "/error/description", "/error_message", "/message", "/detail"];

/// A complete answer, before anything of it is believed.
pub(super) struct Reply<'a> {
    pub(super) status: u16,
    retry_after: Option<Duration>,
    body: Zeroizing<Vec<u8>>,
    /// What was sent and must not be in an error.
    secrets: Vec<&'a SecretString>,
}

/// A JSON answer. Its texts may be tokens: they are wiped when it goes.
pub(super) struct Document(Value);

impl<'a> Reply<'a> {
    pub(super) fn new(
        status: u16,
        headers: &[(String, String)],
        body: Vec<u8>,
        secrets: Vec<&'a SecretString>,
    ) -> Self {
        Self { status, retry_after: retry_after(headers), body: Zeroizing::new(body), secrets }
    }

    pub(super) fn document(&self) -> Option<Document> {
        Document::parse(&self.body)
    }

    /// Why the provider did not do what it was asked for; `None` where it did. Some say so with status 200.
    pub(super) fn failure(&self, document: Option<&Document>, invalid_grant: &[String]) -> Option<EndpointError> {
        let done = (200..300).contains(&self.status) && !document.is_some_and(Document::reports_error);
        if done { None } else { Some(self.refusal(document, invalid_grant)) }
    }

    /// The answer as an error, whatever its status.
    pub(super) fn refusal(&self, document: Option<&Document>, invalid_grant: &[String]) -> EndpointError {
        let codes: Vec<String> = document.map(|document| document.all(&CODE_POINTERS).collect()).unwrap_or_default();
        let code = |code: &str| printable(code, MAX_CODE_CHARS, &self.secrets);
        let ends_grant = |code: &&String| *code == INVALID_GRANT || invalid_grant.contains(*code);
        if let Some(ended) = codes.iter().find(ends_grant) {
            return EndpointError::InvalidGrant { code: code(ended) };
        }
        let status = self.status;
        let transient = |code: &String| TRANSIENT_CODES.contains(&code.as_str());
        if matches!(status, 408 | 429 | 500..=599) || codes.iter().any(transient) {
            let reason = match codes.first() {
                Some(first) => format!("status {status} ({})", code(first)),
                None => format!("status {status}"),
            };
            return EndpointError::Unavailable { reason, retry_after: self.retry_after };
        }
        if !(200..300).contains(&status) && !(400..500).contains(&status) {
            return EndpointError::malformed(format!("status {status}"));
        }
        let description = document.and_then(|document| document.all(&DESCRIPTION_POINTERS).next()).unwrap_or_default();
        EndpointError::Refused {
            code: codes.first().map_or_else(|| format!("http_{status}"), |first| code(first)),
            description: printable(&description, MAX_DESCRIPTION_CHARS, &self.secrets),
        }
    }
}

impl Document {
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().map(Self)
    }

    pub(super) fn value(&self) -> &Value {
        &self.0
    }

    /// A text that is not empty, or a number as text.
    pub(super) fn text(&self, pointer: &str) -> Option<String> {
        self.0.pointer(pointer).and_then(scalar)
    }

    fn all(&self, pointers: &[&str]) -> impl Iterator<Item = String> {
        pointers.iter().filter_map(|pointer| self.text(pointer))
    }

    /// An `error` that is a text, or `ok: false`. Objects named `error` are also in answers that are none.
    fn reports_error(&self) -> bool {
        self.0.pointer("/error").and_then(Value::as_str).is_some_and(|code| !code.is_empty())
            || self.0.pointer("/ok") == Some(&Value::Bool(false))
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// As deep as the parser goes, which is 128.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text that is not empty, or a number as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whole seconds alone (RFC 9110, section 10.2.3, knows dates too): a date is as good as nothing said.
fn retry_after(headers: &[(String, String)]) -> Option<Duration> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    value.trim().parse().ok().map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::{
        super::tests::{MARKER, reply},
        *,
    };

    fn failure(status: u16, body: &Value) -> Option<EndpointError> {
        let document = Document::parse(body.to_string().as_bytes());
        let codes = ["token_expired", "190", "BAD_REFRESH_TOKEN"].map(String::from);
        reply(status, &[], "").failure(document.as_ref(), &codes)
    }

    fn error(status: u16, body: &Value) -> EndpointError {
        failure(status, body).expect("is an error")
    }

    #[test]
    fn an_ended_grant_is_told_whatever_the_status() {
        for status in [200, 400, 401, 403, 429, 500, 503] {
            let ended = error(status, &json!({"error": "invalid_grant", "error_description": "Token revoked."}));
            assert_eq!(ended, EndpointError::InvalidGrant { code: "invalid_grant".into() }, "{status}");
        }
        for (status, body, code) in [
            (200, json!({"ok": false, "error": "token_expired"}), "token_expired"),
            (400, json!({"error": {"message": "x", "type": "OAuthException", "code": 190}}), "190"),
            (400, json!({"status": "BAD_REFRESH_TOKEN", "message": "x"}), "BAD_REFRESH_TOKEN"),
            (400, json!({"error": "bad_request", "code": "invalid_grant"}), "invalid_grant"),
        ] {
            assert_eq!(error(status, &body), EndpointError::InvalidGrant { code: code.into() }, "{body}");
        }
    }

    #[test]
    fn an_error_with_status_200_is_one() {
        let slack = error(200, &json!({"ok": false, "error": "bad_client_secret"}));
        assert!(matches!(slack, EndpointError::Refused { code, .. } if code == "bad_client_secret"));
        let fields = json!({
            "error": "incorrect_client_credentials", "error_description": "Wrong.", "access_token": "s3cr3t"
        });
        let refused =
            EndpointError::Refused { code: "incorrect_client_credentials".into(), description: "Wrong.".into() };
        assert_eq!(error(200, &fields), refused, "although there is a token");
        assert!(matches!(error(200, &json!({"ok": false})), EndpointError::Refused { .. }));
        for body in
            [json!({"error": ""}), json!({"error": null}), json!({"error": {"code": "ok"}}), json!({"ok": true})]
        {
            assert_eq!(failure(200, &body), None, "{body}");
        }
    }

    #[test]
    fn refusals_are_told_from_bad_times() {
        for status in [408, 429, 500, 502, 503, 599] {
            assert!(matches!(error(status, &json!(null)), EndpointError::Unavailable { .. }), "{status}");
        }
        for (status, code) in [(400, "temporarily_unavailable"), (200, "server_error")] {
            assert!(matches!(error(status, &json!({ "error": code })), EndpointError::Unavailable { .. }), "{code}");
        }
        let refused = error(401, &json!({"error": "invalid_client", "error_description": "Unknown\r\nclient"}));
        assert_eq!(
            refused,
            EndpointError::Refused { code: "invalid_client".into(), description: "Unknownclient".into() }
        );
        assert!(matches!(error(404, &json!([])), EndpointError::Refused { code, .. } if code == "http_404"));
        for status in [100, 300, 304, 600, 999, 0] {
            assert!(matches!(error(status, &json!({})), EndpointError::Malformed(_)), "{status}");
        }
    }

    #[test]
    fn a_page_in_the_place_of_an_error_is_not_repeated() {
        for (status, code) in [(403, "http_403"), (404, "http_404")] {
            let page = reply(status, &[], "<html>s3cr3t</html>");
            let refused = EndpointError::Refused { code: code.into(), description: String::new() };
            assert_eq!(page.failure(page.document().as_ref(), &[]), Some(refused));
        }
        for status in [302, 502] {
            let error = reply(status, &[], "<html>s3cr3t</html>").failure(None, &[]).expect("is an error");
            assert!(!format!("{error:?} {error}").contains(MARKER), "{error}");
        }
    }

    #[test]
    fn codes_and_descriptions_are_bounded() {
        let long = "\u{e9}\n".repeat(10_000);
        let EndpointError::Refused { code, description } =
            error(400, &json!({"error": long, "error_description": long}))
        else {
            panic!("was not refused")
        };
        assert_eq!((code.chars().count(), description.chars().count()), (MAX_CODE_CHARS, MAX_DESCRIPTION_CHARS));
        assert!(!format!("{code}{description}").chars().any(char::is_control));
    }

    #[test]
    fn a_wait_that_was_asked_for_is_known_and_bounded() {
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("18446744073709551615", Some(86_400)),
            ("18446744073709551616", None),
            ("-1", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("", None),
        ] {
            let busy = reply(503, &[("Retry-After", value)], "");
            let retry_after = seconds.map(Duration::from_secs);
            let unavailable = EndpointError::Unavailable { reason: "status 503".into(), retry_after };
            assert_eq!(busy.failure(None, &[]), Some(unavailable), "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(status in any::<u16>(), retry in "\\PC*", body in vec(any::<u8>(), 0..200)) {
            let reply = reply(status, &[("retry-after", &retry)], body);
            let _ = reply.failure(reply.document().as_ref(), &[]);
        }
    }
}
