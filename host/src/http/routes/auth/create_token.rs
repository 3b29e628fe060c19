//! `POST /auth/tokens`: logging in, and making a token that may do less than the one that asks.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workway_users::{IssuedToken, Scope, TokenRequest, unix_now};

use super::wire::{EmailText, Knock, WireScope, WireToken};
use crate::{
    app::App,
    http::{
        auth::{CallerKind, OptionalCaller},
        error::{ApiError, Problem},
        extract,
        number::optional_whole,
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct CreateToken {
    /// With `password`: logs in. Both are left out by whoever has a token.
    #[schema(value_type = Option<EmailText>)]
    email: Option<String>,
    #[schema(value_type = Option<String>, format = Password, max_length = 1024)]
    password: Option<SecretString>,
    /// For people.
    #[schema(example = "laptop", max_length = 80, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    name: Option<String>,
    /// As many as possible unless said.
    #[schema(min_items = 1)]
    scopes: Option<Vec<WireScope>>,
    /// Unix seconds, at most 366 days from now; 30 days unless said. No later than that of the token that asks.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(maximum = 253402300799u64)]
    expires_at: Option<u64>,
}

/// A new token. Its text is in this answer and never again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct CreatedToken {
    /// Send it as `Authorization: Bearer …`.
    #[schema(example = "wway_…")]
    token: String,
    #[serde(flatten)]
    summary: WireToken,
}

/// Logs in with e-mail address and password, or makes a token with no more scopes and no longer life than the one that the
/// request is made with.
#[utoipa::path(post, path = "/auth/tokens", tag = "auth",
    request_body = CreateToken,
    security((), ("bearer" = [])),
    responses(
        (status = CREATED, description = "the token", body = CreatedToken),
        (status = BAD_REQUEST, description = "the request is malformed; `errors` says where", body = Problem, content_type = "application/problem+json"),
        (status = UNAUTHORIZED, description = "`invalid-credentials`: there is no account with this address, or the password is wrong; or the bearer token is not known", body = Problem, content_type = "application/problem+json"),
        (status = FORBIDDEN, description = "the token that asks has fewer scopes, or is the operator's", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "the user has as many tokens as there may be", body = Problem, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, description = "the body is too large", body = Problem, content_type = "application/problem+json"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "the body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = TOO_MANY_REQUESTS, description = "too many attempts; `Retry-After` says when the next may be", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "too many log in at this moment", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn create_token(
    State(app): State<App>,
    _knock: Knock,
    OptionalCaller(caller): OptionalCaller,
    extract::Json(body): extract::Json<CreateToken>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<CreatedToken>), ApiError> {
    let scopes = body.scopes.map(|scopes| scopes.into_iter().map(Scope::from).collect());
    let request = TokenRequest { name: body.name, scopes, expires_at: body.expires_at };
    let accounts = app.accounts();
    let issued = match (body.email, body.password, caller.map(|caller| (caller.require(Scope::Account), caller.kind))) {
        (Some(email), Some(password), _) => accounts.log_in(&email, password, request, unix_now()).await?,
        (None, None, Some((allowed, CallerKind::User(holder)))) => {
            allowed?;
            accounts.issue(&holder, request, unix_now()).await?
        }
        (None, None, Some((_, CallerKind::Admin))) => {
            let detail =
                "the operator, and in development whoever has no token, has no account: send `email` and `password`";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "no-account", detail));
        }
        _ => {
            let detail = "send `email` and `password`, or neither with a token in `Authorization`";
            return Err(ApiError::bad_request("invalid-body", detail));
        }
    };
    // RFC 6749, section 5.1: no cache keeps a token.
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, Json(issued.into())))
}

impl From<IssuedToken> for CreatedToken {
    fn from(issued: IssuedToken) -> Self {
        Self { token: issued.token.expose().to_owned(), summary: issued.summary.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::CreateToken;
    use crate::http::extract::parse;

    #[test]
    fn a_body_that_is_wrong_is_refused_without_being_quoted() {
        assert!(parse::<CreateToken>(br#"{"email":"a","password":"s3cr3t","scopes":["actions:execute"]}"#).is_ok());
        for body in [
            r#"{"email":"a","password":["s3cr3t"]}"#,
            r#"{"email":"a","password":"s3cr3t","scopes":["admin"]}"#,
            r#"{"email":"a","password":"s3cr3t","expiresAt":-1}"#,
            r#"{"email":"a","password":"s3cr3t","admin":true}"#,
        ] {
            let error = parse::<CreateToken>(body.as_bytes()).err().expect(body);
            assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
        }
    }
}
