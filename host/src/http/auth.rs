//! Who calls, and what that caller may do. The operator has a token of the settings, users have tokens of their own; in
//! development a caller without a token is the user `dev`, who may do everything.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use workway_model::{Mode, UserId};
use workway_users::{Principal, Scope, Scopes, unix_now};

use super::error::ApiError;
use crate::app::App;

/// How the operator is called where users have ids.
const OPERATOR: &str = "operator";
/// Who calls without a token in development.
const DEVELOPMENT: &str = "dev";

/// Somebody who calls, known by a token or by the mode. What a handler wants of a caller it asks for, with
/// [`Caller::require`] or [`Caller::require_admin`]: on its own a caller may do nothing.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) user: UserId,
    pub(super) kind: CallerKind,
}

/// By what the caller is known.
#[derive(Debug)]
pub(super) enum CallerKind {
    /// The operator, or in development whoever has no token.
    Admin,
    /// A user by one of the user's tokens.
    User(Principal),
}

/// A caller of a public route, which shows an owner more. A token that is not known is an error here, too.
#[derive(Debug)]
pub(super) struct OptionalCaller(pub(super) Option<Caller>);

impl Caller {
    /// What the caller's token is for; everything for an admin.
    pub(super) fn scopes(&self) -> Scopes {
        match &self.kind {
            CallerKind::Admin => Scopes::all(),
            CallerKind::User(principal) => principal.scopes,
        }
    }

    pub(super) fn is_admin(&self) -> bool {
        matches!(self.kind, CallerKind::Admin)
    }

    /// # Errors
    /// 403 `insufficient-scope`.
    pub(super) fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.scopes().contains(scope) {
            return Ok(());
        }
        let detail = format!("this token is not for that: it lacks the scope {scope}");
        Err(ApiError::new(StatusCode::FORBIDDEN, "insufficient-scope", detail))
    }

    /// # Errors
    /// 403 `admin-only`.
    pub(super) fn require_admin(&self) -> Result<(), ApiError> {
        if self.is_admin() {
            return Ok(());
        }
        Err(ApiError::new(StatusCode::FORBIDDEN, "admin-only", "this needs the operator's token"))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let OptionalCaller(caller) = OptionalCaller::from_request_parts(parts, app).await?;
        caller
            .ok_or_else(|| unauthenticated("send `Authorization: Bearer …` with a token: POST /auth/tokens gives one"))
    }
}

impl FromRequestParts<App> for OptionalCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let settings = app.settings();
        let admin = |name: &str| {
            let user = name.parse().map_err(ApiError::internal)?;
            Ok::<_, ApiError>(Caller { user, kind: CallerKind::Admin })
        };
        let caller = match bearer(&parts.headers)? {
            Some(token) if settings.admin_token.as_ref().is_some_and(|admin| same(token, admin)) => admin(OPERATOR)?,
            Some(token) => {
                let principal = app.accounts().authenticate(token, unix_now()).await?;
                // Expired, revoked and never given out look the same.
                let principal = principal.ok_or_else(|| unauthenticated("this token is not known"))?;
                Caller { user: principal.user.clone(), kind: CallerKind::User(principal) }
            }
            None if settings.mode == Mode::Development => admin(DEVELOPMENT)?,
            None => return Ok(Self(None)),
        };
        Ok(Self(Some(caller)))
    }
}

/// The token of the `Authorization` header (RFC 6750, section 2.1); no other place is looked at.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    token.map(Some).ok_or_else(|| unauthenticated("the Authorization header is no bearer token"))
}

/// Compares hashes in constant time, so that the time says nothing of either text, its length included.
fn same(token: &str, admin: &SecretString) -> bool {
    let hash = |text: &str| <[u8; 32]>::from(Sha256::digest(text));
    hash(token).ct_eq(&hash(admin.expose_secret())).into()
}

fn unauthenticated(detail: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
}
