//! Who calls. Until there are accounts the operator's token is the only one; in development a caller without a token is
//! the user `dev`.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::ApiError;
use crate::{app::App, integration::UserId, settings::Mode};

/// A caller who may execute, connect and approve.
pub(super) struct Caller {
    pub(super) user: UserId,
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let name = match (bearer(&parts.headers)?, app.settings().mode) {
            (Some(token), _) if app.settings().admin_token.as_ref().is_some_and(|admin| same(token, admin)) => {
                "operator"
            }
            (Some(_), _) => return Err(unauthenticated("this token is not known")),
            (None, Mode::Development) => "dev",
            (None, Mode::Production) => {
                return Err(unauthenticated("send `Authorization: Bearer …` with the operator's token"));
            }
        };
        let user = name.parse().map_err(ApiError::internal)?;
        Ok(Self { user })
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
