//! `PUT /oauth/connections/{provider}`.

use std::collections::BTreeSet;

use axum::extract::State;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::WireConnection;
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::{Json, Path},
    },
    integration::ProviderId,
    oauth::NewConnection,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct PutConnection {
    /// The provider's access token. It is sealed at once, and no answer or log has it.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 16384, pattern = "^[!-~]+$")]
    access_token: SecretString,
    /// A label of the account: an e-mail address, a workspace name.
    #[schema(min_length = 1, max_length = 256)]
    account: String,
    /// The scopes that the provider granted.
    #[serde(default)]
    #[schema(max_items = 200)]
    scopes: BTreeSet<String>,
    /// Unix seconds; none for a token that does not expire.
    expires_at: Option<u64>,
}

/// Connects the calling user's account at a provider, or replaces it.
#[utoipa::path(put, path = "/oauth/connections/{provider}", tag = "oauth",
    params(("provider" = String, Path, example = "github", pattern = "^[a-z][a-z0-9-]*$", max_length = 64)),
    request_body = PutConnection,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the account, without its token", body = WireConnection),
        (status = BAD_REQUEST, description = "the request is malformed; `code` says how", body = Problem, content_type = "application/problem+json"),
        (status = UNAUTHORIZED, description = "a bearer token is needed", body = Problem, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, description = "the body is too large", body = Problem, content_type = "application/problem+json"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "the body is not JSON", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn put_connection(
    State(app): State<App>,
    caller: Caller,
    Path(provider): Path<String>,
    Json(body): Json<PutConnection>,
) -> Result<axum::Json<WireConnection>, ApiError> {
    let provider: ProviderId =
        provider.parse().map_err(|error| ApiError::bad_request("invalid-provider", format!("{error}")))?;
    let connection = NewConnection {
        access_token: body.access_token,
        account: body.account,
        scopes: body.scopes,
        expires_at: body.expires_at,
    };
    let summary = app.connections().save(&caller.user, &provider, connection).await?;
    Ok(axum::Json(summary.into()))
}
