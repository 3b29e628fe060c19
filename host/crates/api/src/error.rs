//! The error envelope: RFC 9457 `application/problem+json` with a stable code.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URI reference that identifies the kind of problem.
    #[schema(example = "about:blank")]
    pub r#type: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong, for people.
    pub detail: String,
    /// The request's id, the same as the `x-request-id` header. The host's log contains it, too.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// Every problem of the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemDetail>,
}

/// One problem of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDetail {
    /// Where the problem is: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What the problem is.
    pub detail: String,
    /// The line of the text that it is about, from 1 up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The character in the line, from 1 up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl ProblemDetail {
    /// A problem of a value that is no text of several lines.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), line: None, column: None }
    }
}

/// What went wrong, for programs. Codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The request names no host, several or an invalid one.
    InvalidHost,
    /// The request has both `Content-Length` and `Transfer-Encoding`.
    /// The body is malformed; `errors` or `detail` says where.
    InvalidBody,
    /// A query parameter is malformed.
    InvalidQuery,
    /// The action's input, or the inputs of an installation, do not match their schema.
    InvalidInput,
    /// The `Idempotency-Key` header is malformed.
    InvalidIdempotencyKey,
    /// The body must be `application/json`.
    NotJson,
    /// The body must be an image.
    NotAnImage,
    /// The connection closed before the body was complete.
    BodyIncomplete,
    /// The body is too large.
    BodyTooLarge,
    /// The body took too long to arrive.
    BodyTooSlow,
    /// Nothing exists at this path, or an integration reported that something does not exist.
    NotFound,
    /// This path does not support the method.
    MethodNotAllowed,
    /// A host in development mode only accepts requests from its own machine.
    NotLocal,
    /// A web page of another origin tried to change something.
    ForeignOrigin,
    /// The request has no valid bearer token.
    Unauthenticated,
    /// The e-mail address or the password is wrong.
    InvalidCredentials,
    /// The token lacks a scope.
    InsufficientScope,
    /// Only the operator may do this.
    AdminOnly,
    /// The operator's token cannot create user tokens.
    NoAccount,
    /// Too many attempts, or an integration reported a rate limit.
    RateLimited,
    /// The caller has no such token.
    TokenNotFound,
    /// The user has the maximum number of tokens.
    TooManyTokens,
    /// The developer does not exist.
    DeveloperNotFound,
    /// Only developers may do this.
    DeveloperRequired,
    /// The caller already has a developer profile.
    AlreadyDeveloper,
    /// Another developer has this slug.
    SlugTaken,
    /// The integration does not exist.
    IntegrationNotFound,
    /// The action does not exist.
    ActionNotFound,
    /// The trigger does not exist.
    TriggerNotFound,
    /// The integration awaits the operator's approval.
    PendingApproval,
    /// The integration is not awaiting approval.
    NothingPending,
    /// Another version awaits approval by now, or is a workflow's newest one.
    OtherVersion,
    /// Integrations can only be reloaded in development mode.
    NotInDevelopment,
    /// The integration's file could not be loaded.
    LoadFailed,
    /// The action's input is too large.
    InputTooLarge,
    /// The integration exceeded its CPU time.
    LimitCpu,
    /// The integration exceeded its time.
    LimitWall,
    /// The integration exceeded its memory.
    LimitMemory,
    /// The integration exceeded its stack.
    LimitStack,
    /// The integration received or returned too much data.
    LimitBody,
    /// The integration crashed.
    IntegrationCrashed,
    /// The integration returned an invalid output.
    IntegrationOutput,
    /// The integration reported that the account must be connected, or connected again.
    AuthRequired,
    /// The integration reported that the account lacks a permission.
    PermissionDenied,
    /// The integration reported a conflict.
    Conflict,
    /// The integration reported a temporary failure: try again.
    Transient,
    /// The integration reported a failure that will happen again.
    Permanent,
    /// The connection does not exist.
    ConnectionNotFound,
    /// The connection is malformed.
    InvalidConnection,
    /// The provider does not exist.
    InvalidProvider,
    /// A provider's variable is missing or malformed.
    InvalidVariables,
    /// A scope is malformed.
    InvalidScopes,
    /// The user has the maximum number of connections.
    TooManyConnections,
    /// The provider does not exist.
    ProviderNotFound,
    /// The operator has not configured the provider.
    ProviderNotConfigured,
    /// The provider's accounts are connected with an API key.
    ApiKeyProvider,
    /// The operator has not set the host's public URL.
    PublicUrlMissing,
    /// The operator does not allow this `returnTo`.
    ReturnToNotAllowed,
    /// The flow does not exist, or began in another browser.
    InvalidState,
    /// The flow expired.
    StateExpired,
    /// The provider's answer is malformed.
    InvalidCallback,
    /// The answer comes from another provider.
    IssuerMismatch,
    /// The user did not grant access.
    AccessDenied,
    /// The provider reported an error.
    ProviderError,
    /// The provider refused its authorization code.
    CodeRefused,
    /// The provider refused this host's credentials.
    ClientRefused,
    /// The provider cannot be reached.
    ProviderUnavailable,
    /// The provider's token endpoint returned a malformed answer.
    ProviderMalformed,
    /// The provider did not say whose account it is.
    AccountUnknown,
    /// The workflow does not exist.
    WorkflowNotFound,
    /// The category does not exist.
    CategoryNotFound,
    /// The screenshot does not exist.
    ScreenshotNotFound,
    /// The workflow is not installed.
    NotInstalled,
    /// The installation does not exist.
    InstallationNotFound,
    /// The installation is paused.
    InstallationPaused,
    /// The workflow has no webhook.
    NoWebhook,
    /// The run does not exist.
    RunNotFound,
    /// The run has no such step.
    StepNotFound,
    /// The run has ended.
    RunEnded,
    /// The run has not ended.
    RunNotEnded,
    /// The step's outcome is not unknown.
    OutcomeKnown,
    /// The run failed or was cancelled, so that it has no output to answer with.
    RunFailed,
    /// The installation is at its limit of concurrent runs.
    ConcurrencyLimit,
    /// Nothing is at this address of a webhook.
    WebhookNotFound,
    /// The signature of a request to a webhook does not hold.
    InvalidSignature,
    /// The installation's secret cannot be used to check signatures.
    UnusableSecret,
    /// The request has a charset or an encoding that is not supported.
    UnsupportedMediaType,
    /// Too many runs are queued: try again.
    QueueFull,
    /// The workflow belongs to another developer.
    NotOwner,
    /// Developers cannot review their own workflows.
    OwnWorkflow,
    /// Only users who installed a workflow can review it.
    ReviewWithoutInstallation,
    /// The workflow is invalid; `errors` lists every problem.
    InvalidWorkflow,
    /// The image cannot be decoded, or is too large.
    InvalidImage,
    /// The workflow is not published.
    NotPublished,
    /// The workflow is not free, and this host takes no payments yet.
    PaymentRequired,
    /// The workflow or the installation changed since it was read.
    Stale,
    /// There is the maximum number of these.
    TooMany,
    /// The host is still starting.
    Starting,
    /// The host or an integration is at capacity: try again.
    Busy,
    /// The database is busy or unavailable: try again.
    Database,
    /// The host failed; its log says more under the request's id.
    Internal,
}

impl fmt::Display for ErrorCode {
    /// The code as it is on the wire: `action-not-found`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ErrorCode, Problem, ProblemDetail};

    #[test]
    fn a_code_is_displayed_as_it_is_sent() {
        assert_eq!(ErrorCode::LimitCpu.to_string(), "limit-cpu");
        assert_eq!(json!(ErrorCode::PublicUrlMissing), "public-url-missing");
    }

    #[test]
    fn a_problem_is_read_as_it_is_written() {
        let problem = Problem {
            r#type: "about:blank".to_owned(),
            title: "Bad Request".to_owned(),
            status: 400,
            code: ErrorCode::InvalidInput,
            detail: "the input does not match the schema".to_owned(),
            request_id: "0192".to_owned(),
            errors: vec![
                ProblemDetail::new("/text", "must be a string"),
                ProblemDetail { line: Some(2), column: Some(7), ..ProblemDetail::new("/yaml", "duplicate key") },
            ],
        };
        let written = serde_json::to_value(&problem).unwrap();
        assert_eq!(written["errors"][0], json!({ "pointer": "/text", "detail": "must be a string" }));
        assert_eq!((&written["code"], &written["requestId"]), (&json!("invalid-input"), &json!("0192")));
        assert_eq!(serde_json::from_value::<Problem>(written).unwrap(), problem);
        let bare = json!({ "type": "", "title": "", "status": 404, "code": "not-found", "detail": "" });
        assert_eq!(serde_json::from_value::<Problem>(bare).unwrap().errors, []);
    }
}
