//! API tokens: `/auth/tokens`. Creating one logs a user in, or derives a token that allows less than the requesting one.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use secrecy::SecretString;
use workway_api::{
    auth::{self, ApiToken, ApiTokenList, CreatedApiToken, NewApiToken},
    error::{ErrorCode, Problem},
    secret::Secret,
};
use workway_model::Timestamp;
use workway_users::{IssuedToken, Scope, Scopes, TokenRequest, TokenSummary};

use super::registration::Attempt;
use crate::{
    app::App,
    http::{
        auth::{Caller, CallerKind, OptionalCaller},
        error::ApiError,
        extract::{self, Path},
    },
};

/// Lists the calling user's active tokens, newest first, without their texts.
#[utoipa::path(get, path = "/auth/tokens", tag = "auth", security(("bearer" = [])), responses(
    (status = OK, description = "the tokens", body = ApiTokenList),
))]
pub(in crate::http) async fn list_tokens(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<ApiTokenList>, ApiError> {
    caller.require(Scope::Account)?;
    let tokens = app.users().tokens(&caller.user, Timestamp::now()).await?;
    Ok(Json(ApiTokenList { items: tokens.into_iter().map(api_token).collect() }))
}

/// Creates a token. Send `email` and `password` to log in, or neither to derive a token from the request's own. A derived
/// token cannot exceed the scopes or lifetime of the requesting token.
#[utoipa::path(post, path = "/auth/tokens", tag = "auth",
    request_body = NewApiToken,
    security((), ("bearer" = [])),
    responses(
        (status = CREATED, description = "the token", body = CreatedApiToken),
        (status = BAD_REQUEST, description = "the request is malformed; `errors` says where", body = Problem, content_type = "application/problem+json"),
        (status = UNAUTHORIZED, description = "`invalid-credentials`: the e-mail address or the password is wrong; `unauthenticated`: the bearer token is unknown", body = Problem, content_type = "application/problem+json"),
        (status = FORBIDDEN, description = "the requesting token lacks a scope, or is the operator's", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "the user has the maximum number of tokens", body = Problem, content_type = "application/problem+json"),
        (status = TOO_MANY_REQUESTS, description = "too many attempts; retry after `Retry-After`", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "too many users are logging in", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn create_token(
    State(app): State<App>,
    _attempt: Attempt,
    OptionalCaller(caller): OptionalCaller,
    extract::Json(body): extract::Json<NewApiToken>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<CreatedApiToken>), ApiError> {
    let request = TokenRequest {
        name: body.name,
        scopes: body.scopes.map(|scopes| scopes.into_iter().map(user_scope).collect()),
        expires_at: body.expires_at,
    };
    let users = app.users();
    let issued = match (body.email, body.password, caller.map(|caller| (caller.require(Scope::Account), caller.kind))) {
        (Some(email), Some(password), _) => {
            users.log_in(&email, password.into_inner(), request, Timestamp::now()).await?
        }
        (None, None, Some((allowed, CallerKind::User(holder)))) => {
            allowed?;
            users.issue(&holder, request, Timestamp::now()).await?
        }
        (None, None, Some((_, CallerKind::Admin))) => {
            let detail = "the operator is not a user: send `email` and `password` of a registered user";
            return Err(ApiError::new(StatusCode::FORBIDDEN, ErrorCode::NoAccount, detail));
        }
        _ => {
            let detail = "send `email` and `password`, or neither of them and a token in `Authorization`";
            return Err(ApiError::bad_request(ErrorCode::InvalidBody, detail));
        }
    };
    // RFC 6749, section 5.1: no cache keeps a token.
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, Json(created_token(issued))))
}

/// Revokes one of the calling user's tokens, possibly the requesting one. It takes effect with the next request.
#[utoipa::path(delete, path = "/auth/tokens/{id}", tag = "auth",
    params(("id" = String, Path, description = "the token's id", example = "tok_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")),
    security(("bearer" = [])),
    responses(
        (status = NO_CONTENT, description = "the token is revoked"),
        (status = NOT_FOUND, description = "the user has no such token", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn revoke_token(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::Account)?;
    // Somebody may send a token's text instead of its id: it must not appear in a log or an answer.
    let unknown =
        || ApiError::not_found(ErrorCode::TokenNotFound, "you have no such token: list yours with GET /auth/tokens");
    let id = id.parse().map_err(|_| unknown())?;
    if !app.users().revoke(&caller.user, &id, Timestamp::now()).await? {
        return Err(unknown());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn created_token(issued: IssuedToken) -> CreatedApiToken {
    let text = SecretString::from(issued.token.expose().to_owned());
    CreatedApiToken { token: Secret::from(text), summary: api_token(issued.summary) }
}

fn api_token(token: TokenSummary) -> ApiToken {
    ApiToken {
        id: token.id.to_string(),
        name: token.name,
        prefix: token.prefix,
        scopes: scopes(token.scopes),
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
    }
}

pub(super) fn scopes(scopes: Scopes) -> Vec<auth::Scope> {
    scopes.iter().map(api_scope).collect()
}

fn api_scope(scope: Scope) -> auth::Scope {
    match scope {
        Scope::ActionsExecute => auth::Scope::ActionsExecute,
        Scope::Connections => auth::Scope::Connections,
        Scope::Marketplace => auth::Scope::Marketplace,
        Scope::Publish => auth::Scope::Publish,
        Scope::Account => auth::Scope::Account,
    }
}

fn user_scope(scope: auth::Scope) -> Scope {
    match scope {
        auth::Scope::ActionsExecute => Scope::ActionsExecute,
        auth::Scope::Connections => Scope::Connections,
        auth::Scope::Marketplace => Scope::Marketplace,
        auth::Scope::Publish => Scope::Publish,
        auth::Scope::Account => Scope::Account,
    }
}

#[cfg(test)]
mod tests {
    use workway_api::auth;

    use super::{NewApiToken, Scope, api_scope, user_scope};
    use crate::http::extract::parse;

    #[test]
    fn scopes_have_the_same_names_everywhere() {
        for scope in Scope::ALL {
            let name = serde_json::to_value(api_scope(scope)).unwrap();
            assert_eq!(name, scope.as_str());
            assert_eq!(user_scope(serde_json::from_value::<auth::Scope>(name).unwrap()), scope);
        }
    }

    #[test]
    fn refuses_a_malformed_body_without_quoting_it() {
        let good =
            br#"{"email":"a","password":"s3cr3t","scopes":["actions:execute"],"expiresAt":"2027-01-01T00:00:00Z"}"#;
        assert!(parse::<NewApiToken>(good).is_ok());
        for body in [
            r#"{"email":"a","password":["s3cr3t"]}"#,
            r#"{"email":"a","password":"s3cr3t","scopes":["admin"]}"#,
            r#"{"email":"a","password":"s3cr3t","expiresAt":1795911545}"#,
            r#"{"email":"a","password":"s3cr3t","expiresAt":"s3cr3t"}"#,
            r#"{"email":"a","password":"s3cr3t","admin":true}"#,
        ] {
            let error = parse::<NewApiToken>(body.as_bytes()).expect_err(body);
            assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
        }
    }
}
