//! Authenticates the caller and checks what the caller may do. The operator's token is in the settings, users have tokens of
//! their own; in development mode a caller without a token is the user `dev`, who may do everything.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, request::Parts},
};
use axum_extra::headers::{Authorization, HeaderMapExt, authorization::Bearer};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use workway_api::error::ErrorCode;
use workway_model::{Mode, Timestamp, UserId};
use workway_users::{Principal, Scope, Scopes};

use super::error::ApiError;
use crate::app::App;

/// The operator's user id.
const OPERATOR: &str = "operator";
/// The user id of a caller without a token in development mode.
const DEVELOPMENT: &str = "dev";

/// An authenticated caller. It may do nothing by itself: a handler checks what it needs with [`Caller::require`] or
/// [`Caller::require_admin`].
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) user: UserId,
    pub(super) kind: CallerKind,
}

/// How the caller was authenticated.
#[derive(Debug)]
pub(super) enum CallerKind {
    /// With the operator's token, or without a token in development mode.
    Admin,
    /// With a user's token.
    User(Principal),
}

/// The caller of a public route that shows more to an owner. An unknown token is an error here, too.
#[derive(Debug)]
pub(super) struct OptionalCaller(pub(super) Option<Caller>);

impl Caller {
    /// The scopes of the caller's token; all for an admin.
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
        let detail = format!("this token lacks the scope \"{scope}\"");
        Err(ApiError::new(StatusCode::FORBIDDEN, ErrorCode::InsufficientScope, detail))
    }

    /// # Errors
    /// 403 `admin-only`.
    pub(super) fn require_admin(&self) -> Result<(), ApiError> {
        if self.is_admin() {
            return Ok(());
        }
        Err(ApiError::new(StatusCode::FORBIDDEN, ErrorCode::AdminOnly, "only the operator's token may do this"))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        OptionalCaller::from_request_parts(parts, app).await?.require()
    }
}

impl OptionalCaller {
    /// # Errors
    /// 401 `unauthenticated` without a caller.
    pub(super) fn require(self) -> Result<Caller, ApiError> {
        self.0.ok_or_else(|| {
            unauthenticated("send `Authorization: Bearer <token>`: create a token with POST /auth/tokens")
        })
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
            Some(bearer) if settings.admin_token.as_ref().is_some_and(|admin| same(bearer.token(), admin)) => {
                admin(OPERATOR)?
            }
            Some(bearer) => {
                let principal = app.users().authenticate(bearer.token(), Timestamp::now()).await?;
                // The same for an expired, a revoked and an unknown token.
                let principal = principal.ok_or_else(|| unauthenticated("unknown or expired token"))?;
                Caller { user: principal.user.clone(), kind: CallerKind::User(principal) }
            }
            None if settings.mode == Mode::Development => admin(DEVELOPMENT)?,
            None => return Ok(Self(None)),
        };
        Ok(Self(Some(caller)))
    }
}

/// The token of the `Authorization` header (RFC 6750, section 2.1). Tokens in other places are ignored.
fn bearer(headers: &HeaderMap) -> Result<Option<Authorization<Bearer>>, ApiError> {
    let malformed = |_| unauthenticated("the Authorization header must be `Bearer <token>`");
    headers.typed_try_get().map_err(malformed)
}

/// Whether a request carries the operator's token. A malformed header carries none.
pub(super) fn is_operator(headers: &HeaderMap, admin_token: Option<&SecretString>) -> bool {
    let bearer = bearer(headers).ok().flatten();
    bearer.zip(admin_token).is_some_and(|(bearer, admin)| same(bearer.token(), admin))
}

/// Compares hashes in constant time, so that the time reveals neither text nor its length.
fn same(token: &str, admin: &SecretString) -> bool {
    let hash = |text: &str| <[u8; 32]>::from(Sha256::digest(text));
    hash(token).ct_eq(&hash(admin.expose_secret())).into()
}

fn unauthenticated(detail: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated, detail)
}
