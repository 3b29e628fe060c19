//! Slack's refusals, as failures that the host can act on. Slack answers 200 with `"ok": false` and
//! the error's name: <https://docs.slack.dev/apis/web-api/>.

use serde::Deserialize;
use workway_sdk::prelude::*;

#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    error: Option<String>,
    /// The scope that is missing.
    needed: Option<String>,
    #[serde(default)]
    response_metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    /// What exactly is wrong with the arguments.
    #[serde(default)]
    messages: Vec<String>,
}

/// Nothing, or the failure that the response stands for.
pub(crate) fn check(response: &Response) -> Result<()> {
    let status = response.status();
    if !response.is_success() {
        return Err(response.failure(format!("Slack answered {status}")));
    }
    let envelope: Envelope = response.json()?;
    if envelope.ok {
        return Ok(());
    }
    Err(failure(&envelope, response))
}

fn failure(envelope: &Envelope, response: &Response) -> Failure {
    let name = envelope.error.as_deref().unwrap_or("unknown_error");
    let mut message = format!("Slack refused: {name}");
    if let Some(scope) = &envelope.needed {
        message.push_str(&format!(" (scope needed: {scope})"));
    }
    if !envelope.response_metadata.messages.is_empty() {
        let details = envelope.response_metadata.messages.join("; ");
        message.push_str(&format!(" ({details})"));
    }
    match name {
        "not_authed" | "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive"
        | "org_login_required" => Failure::AuthRequired(message),

        "missing_scope"
        | "not_in_channel"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked"
        | "no_permission"
        | "not_allowed_token_type"
        | "access_denied"
        | "ekm_access_denied"
        | "team_access_not_granted"
        | "cant_update_message"
        | "two_factor_setup_required"
        | "messages_tab_disabled" => Failure::PermissionDenied(message),

        "channel_not_found" | "users_not_found" | "user_not_found" | "message_not_found" | "thread_not_found"
        | "team_not_found" => Failure::NotFound(message),

        "is_archived" | "edit_window_closed" | "is_inactive" => Failure::Conflict(message),

        "ratelimited" | "rate_limited" => Failure::RateLimited { message, retry_after: response.retry_after() },

        "invalid_arguments"
        | "invalid_arg_name"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_cursor"
        | "invalid_limit"
        | "invalid_types"
        | "msg_too_long"
        | "msg_blocks_too_long"
        | "no_text"
        | "markdown_text_conflict"
        | "too_many_attachments"
        | "cannot_reply_to_message" => Failure::InvalidInput(message),

        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "external_channel_migrating" => Failure::Transient(message),

        _ => Failure::Permanent(message),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused(body: &str) -> Failure {
        check(&Response::new(200, &[("Retry-After", "30")], body)).expect_err("a refusal")
    }

    #[test]
    fn an_ok_is_no_failure() {
        assert!(check(&Response::new(200, &[], r#"{"ok":true,"ts":"1.2"}"#)).is_ok());
    }

    #[test]
    fn each_name_has_its_kind() {
        let kinds = [
            ("token_revoked", "auth-required"),
            ("account_inactive", "auth-required"),
            ("not_in_channel", "permission-denied"),
            ("channel_not_found", "not-found"),
            ("users_not_found", "not-found"),
            ("is_archived", "conflict"),
            ("msg_too_long", "invalid-input"),
            ("no_text", "invalid-input"),
            ("ratelimited", "rate-limited"),
            ("internal_error", "transient"),
            ("something_new", "permanent"),
        ];
        for (name, kind) in kinds {
            let failure = refused(&format!(r#"{{"ok":false,"error":"{name}"}}"#));
            assert_eq!(failure.to_string(), format!("{kind}: Slack refused: {name}"));
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let body = r#"{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"users:read"}"#;
        assert_eq!(
            refused(body),
            Failure::PermissionDenied("Slack refused: missing_scope (scope needed: chat:write)".into())
        );
    }

    #[test]
    fn wrong_arguments_are_explained() {
        let body = r#"{"ok":false,"error":"invalid_blocks",
            "response_metadata":{"messages":["[ERROR] missing required field: text"]}}"#;
        assert_eq!(
            refused(body),
            Failure::InvalidInput("Slack refused: invalid_blocks ([ERROR] missing required field: text)".into())
        );
    }

    #[test]
    fn a_rate_limit_carries_its_wait_in_both_forms() {
        let limited = refused(r#"{"ok":false,"error":"ratelimited"}"#);
        let by_status = check(&Response::new(429, &[("Retry-After", "30")], ""));
        for failure in [limited, by_status.expect_err("a refusal")] {
            assert!(matches!(
                failure,
                Failure::RateLimited { retry_after: Some(wait), .. } if wait == Duration::from_secs(30)
            ));
        }
    }

    #[test]
    fn an_answer_that_is_not_slacks_is_permanent_and_a_broken_gateway_is_not() {
        assert!(matches!(refused("<html>"), Failure::Permanent(_)));
        let gateway = check(&Response::new(502, &[], "<html>"));
        assert!(matches!(gateway, Err(Failure::Transient(_))));
    }
}
