//! `GET /oauth/{provider}/callback`: where a provider sends the browser back to.
//!
//! Whoever comes here is told apart by the session's cookie and the flow's state. The query holds a code: it is in no log,
//! no page and no address that the browser goes on to.

use axum::{
    Extension, Json,
    extract::{FromRequestParts, RawQuery, State},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use url::Url;
use workway_oauth::{Callback, Finished, FlowError, FlowFailure};
use workway_users::Scope;

use super::{
    cookie::SessionCookie,
    page,
    wire::{WireConnection, provider_id, public_url},
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::Path,
        middleware::request_id::RequestId,
    },
};

/// A caller who says who it is. Browsers do not, and in development nobody is taken for `dev` here.
pub(in crate::http) struct KnownCaller(Option<Caller>);

impl FromRequestParts<App> for KnownCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.require(Scope::Connections)?;
        Ok(Self(Some(caller)))
    }
}

/// Why a flow ended, and where the user came from.
struct Failed {
    error: ApiError,
    return_to: Option<Url>,
}

/// Completes the connection of an account. Called by the user's browser when it comes back from the provider; what it is
/// shown is a page, or the address that the flow was begun with. The query is the provider's (RFC 6749, section 4.1.2).
#[utoipa::path(get, path = "/oauth/{provider}/callback", tag = "oauth",
    params(
        ("provider" = String, Path, example = "slack"),
        ("state" = Option<String>, Query, description = "as this host sent it to the provider"),
        ("code" = Option<String>, Query, description = "the provider's authorization code"),
        ("iss" = Option<String>, Query, description = "the provider's issuer (RFC 9207)"),
        ("error" = Option<String>, Query, description = "the provider's error code"),
    ),
    responses(
        (status = OK, description = "connected; a page says so", content((String = "text/html"), (WireConnection = "application/json"))),
        (status = SEE_OTHER, description = "connected; on to where the flow's `returnTo` says, with `connection=<id>`"),
        (status = "4XX", description = "not connected: the browser, the user or the answer is to blame; a page unless JSON is asked for", content((Problem = "application/problem+json"), (String = "text/html"))),
        (status = "5XX", description = "not connected: the provider or this host is to blame; a page unless JSON is asked for", content((Problem = "application/problem+json"), (String = "text/html"))),
    ))]
pub(in crate::http) async fn callback(
    State(app): State<App>,
    KnownCaller(caller): KnownCaller,
    Path(provider): Path<String>,
    Extension(request_id): Extension<RequestId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    match finish(&app, caller.as_ref(), &provider, &query.unwrap_or_default(), &headers).await {
        Ok(Finished { connection, return_to: Some(url) }) => {
            page::redirect(&page::with_parameter(url, "connection", &connection.id))
        }
        Ok(Finished { connection, return_to: None }) if page::wants_json(&headers) => {
            Ok(page::guarded(Json(WireConnection::from(connection)).into_response()))
        }
        Ok(Finished { connection, return_to: None }) => Ok(page::connected(&connection)),
        Err(Failed { error, .. }) if page::wants_json(&headers) => Ok(page::guarded(error.into_response())),
        Err(Failed { error, return_to }) => {
            log(&error, &request_id);
            Ok(page::failed(&error, return_to, request_id.as_str()))
        }
    }
}

async fn finish(
    app: &App,
    caller: Option<&Caller>,
    provider: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Finished, Failed> {
    let provider = provider_id(provider)?;
    let session = SessionCookie::of(&public_url(app, headers)?).read(headers);
    let callback = Callback::parse(query)?;
    let caller = caller.map(|caller| &caller.user);
    Ok(app.flow().finish(&provider, callback, session.as_ref(), caller).await?)
}

/// Pages are no problems: the middleware that logs those does not see what is behind one.
fn log(error: &ApiError, request_id: &RequestId) {
    let (id, code) = (request_id.as_str(), error.problem.code);
    match &error.internal {
        Some(internal) => tracing::error!(target: "workway::http", id, code, "{internal}"),
        None => tracing::info!(target: "workway::http", id, code, "an account was not connected"),
    }
}

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Self {
        Self { error, return_to: None }
    }
}

impl From<FlowError> for Failed {
    fn from(error: FlowError) -> Self {
        ApiError::from(error).into()
    }
}

impl From<Box<FlowFailure>> for Failed {
    fn from(failure: Box<FlowFailure>) -> Self {
        Self { error: failure.error.into(), return_to: failure.return_to }
    }
}
