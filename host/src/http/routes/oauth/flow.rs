//! Connecting an account in a browser: `GET /oauth/{provider}/authorize` sends the user to the provider, and
//! `GET /oauth/{provider}/callback` is where the provider sends the browser back to.
//!
//! The callback identifies its user by the session's cookie and the flow's state. Its query contains an authorization code,
//! which is in no log, no page and no URL that the browser goes to next.

use axum::{
    Extension, Json,
    extract::{FromRequestParts, RawQuery, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use url::{Url, form_urlencoded};
use workway_api::{
    connections::{Authorization, Connection},
    error::{ErrorCode, Problem},
};
use workway_model::{Mode, ProviderId};
use workway_oauth::{AuthorizeRequest, Callback, Finished, FlowError, FlowFailure, Session};
use workway_users::Scope;

use super::{connections::connection, cookie::SessionCookie, page};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{Path, clipped},
        middleware::request_id::RequestId,
    },
};

/// Starts connecting an account of the calling user. A browser is redirected to the provider; a program gets the URL.
///
/// Further query parameters are the provider's `variables` (see `GET /oauth/providers`): `shop=my-shop`. If the user already
/// has a connection of this provider, its scopes are requested, too.
#[utoipa::path(get, path = "/oauth/{provider}/authorize", tag = "oauth",
    params(
        ("provider" = String, Path, description = "the provider's id", example = "slack"),
        ("scopes" = Option<String>, Query, description = "scopes separated by commas or spaces; the provider's default scopes are always requested", example = "chat:write,users:read"),
        ("returnTo" = Option<String>, Query, description = "where the browser goes afterwards, with `connection=<id>` or `error=<code>`: a path of this host, or a URL of an origin that the operator allows", example = "/docs/"),
        ("connection" = Option<String>, Query, description = "the connection whose scopes and variables are kept; by default the scopes of the default connection"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "where to send the user; sets the session's cookie", body = Authorization),
        (status = SEE_OTHER, description = "a redirect to the provider, if the request accepts text/html; sets the session's cookie"),
        (status = SERVICE_UNAVAILABLE, description = "the operator must configure something first; `code` and `detail` say what", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn authorize_connection(
    State(app): State<App>,
    caller: Caller,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    caller.require(Scope::Connections)?;
    let provider = provider_id(&provider)?;
    let request = parse(&query.unwrap_or_default())?;
    let public_url = public_url(&app, &headers)?;
    let cookie = SessionCookie::of(&public_url);
    let session = match cookie.read(&headers) {
        Some(session) => session,
        None => Session::generate()?,
    };
    let begun = app.flow().begin(&caller.user, &provider, request, &session, &public_url).await?;
    let mut response = if page::wants_page(&headers) {
        page::redirect(&begun.url)?
    } else {
        let authorization = Authorization { url: begun.url.into(), expires_at: begun.expires_at };
        page::unstored(Json(authorization).into_response())
    };
    response.headers_mut().insert(header::SET_COOKIE, cookie.set(&session)?);
    Ok(response)
}

/// The caller by the token of the request, if it has one. Browsers send none, and even in development mode they are not
/// the user `dev` here.
pub(in crate::http) struct TokenCaller(Option<Caller>);

impl FromRequestParts<App> for TokenCaller {
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

/// Completes the connection of an account. The user's browser calls this when it comes back from the provider, and gets a page
/// or a redirect to the flow's `returnTo`. The query is the provider's (RFC 6749, section 4.1.2).
#[utoipa::path(get, path = "/oauth/{provider}/callback", tag = "oauth",
    params(
        ("provider" = String, Path, description = "the provider's id", example = "slack"),
        ("state" = Option<String>, Query, description = "the state that this host sent to the provider"),
        ("code" = Option<String>, Query, description = "the provider's authorization code"),
        ("iss" = Option<String>, Query, description = "the provider's issuer (RFC 9207)"),
        ("error" = Option<String>, Query, description = "the provider's error code"),
    ),
    responses(
        (status = OK, description = "the account is connected; a page, or the connection if JSON is requested", content((String = "text/html"), (Connection = "application/json"))),
        (status = SEE_OTHER, description = "the account is connected; a redirect to the flow's `returnTo` with `connection=<id>`"),
        (status = "4XX", description = "the account is not connected: the browser, the user or the answer is to blame; a page, or a problem if JSON is requested", content((Problem = "application/problem+json"), (String = "text/html"))),
        (status = "5XX", description = "the account is not connected: the provider or this host is to blame; a page, or a problem if JSON is requested", content((Problem = "application/problem+json"), (String = "text/html"))),
    ))]
pub(in crate::http) async fn complete_connection(
    State(app): State<App>,
    TokenCaller(caller): TokenCaller,
    Path(provider): Path<String>,
    Extension(request_id): Extension<RequestId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    match finish(&app, caller.as_ref(), &provider, &query.unwrap_or_default(), &headers).await {
        Ok(Finished { connection, return_to: Some(url) }) => {
            page::redirect(&page::with_parameter(url, "connection", &connection.id))
        }
        Ok(Finished { connection: summary, return_to: None }) if page::wants_json(&headers) => {
            Ok(page::unstored(Json(connection(summary)).into_response()))
        }
        Ok(Finished { connection, return_to: None }) => Ok(page::connected(&connection)),
        Err(Failed { error, .. }) if page::wants_json(&headers) => Ok(page::unstored(error.into_response())),
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

/// The middleware that logs problems does not see one behind a page.
fn log(error: &ApiError, request_id: &RequestId) {
    let (id, code) = (request_id.as_str(), error.problem.code);
    match &error.internal {
        Some(internal) => tracing::error!(target: "workway::http", id, %code, "{internal}"),
        None => tracing::info!(target: "workway::http", id, %code, "an account was not connected"),
    }
}

/// The URL at which browsers reach this host. In development mode, unless the operator set one, it is the URL of this
/// request: a cookie for `localhost` is not sent to 127.0.0.1.
pub(super) fn public_url(app: &App, headers: &HeaderMap) -> Result<Url, ApiError> {
    let is_set = app.settings().oauth.public_url.is_some() || app.settings().mode == Mode::Production;
    let requested = headers.get(header::HOST).filter(|_| !is_set).and_then(|host| host.to_str().ok());
    let requested = requested.and_then(|host| Url::parse(&format!("http://{host}")).ok());
    requested.or_else(|| app.public_url()).ok_or_else(|| {
        let detail = "this host does not know its public URL: set public_url under [oauth] in workway.toml";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::PublicUrlMissing, detail)
    })
}

/// Parses a provider's id. A text that is not an id names no provider.
fn provider_id(text: &str) -> Result<ProviderId, FlowError> {
    text.parse().map_err(|_| FlowError::UnknownProvider(clipped(text)))
}

/// A parameter without a meaning here is a variable; the provider's entry refuses unknown ones.
fn parse(query: &str) -> Result<AuthorizeRequest, ApiError> {
    let mut request = AuthorizeRequest::default();
    let mut scopes: Option<String> = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.into_owned();
        let before = match &*name {
            "scopes" => scopes.replace(value),
            "returnTo" => request.return_to.replace(value),
            "connection" => request.connection.replace(value),
            _ => request.values.insert(name.into_owned(), value),
        };
        if before.is_some() {
            return Err(ApiError::bad_request(ErrorCode::InvalidQuery, "a query parameter must not be repeated"));
        }
    }
    let separated = scopes.as_deref().unwrap_or_default().split([',', ' ']);
    request.scopes = separated.filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    Ok(request)
}

/// Why a flow failed, and where the user came from.
struct Failed {
    error: ApiError,
    return_to: Option<Url>,
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

#[cfg(test)]
mod tests {
    use super::{ErrorCode, FlowError, parse, provider_id};
    use workway_providers::Values;

    #[test]
    fn a_query_is_taken_apart() {
        let request = parse("scopes=b,a+c%2C%20,d&returnTo=%2Fdone%3Fa%3Db&connection=c1&shop=good&x").unwrap();
        assert_eq!(request.scopes.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!(request.return_to.as_deref(), Some("/done?a=b"));
        assert_eq!(request.connection.as_deref(), Some("c1"));
        let values = [("shop", "good"), ("x", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(request.values, Values::from(values));
        let nothing = parse("").unwrap();
        assert!(nothing.scopes.is_empty() && nothing.return_to.is_none() && nothing.values.is_empty());
        assert!(parse("scopes=").unwrap().scopes.is_empty());
    }

    #[test]
    fn a_line_break_is_no_separator() {
        let request = parse("scopes=a%0Ab").unwrap();
        assert_eq!(request.scopes.iter().map(String::as_str).collect::<Vec<_>>(), ["a\nb"]);
    }

    #[test]
    fn no_parameter_comes_twice() {
        for name in ["scopes", "returnTo", "connection", "shop"] {
            assert_eq!(parse(&format!("{name}=a&{name}=a")).unwrap_err().problem.code, ErrorCode::InvalidQuery);
        }
    }

    #[test]
    fn a_text_that_is_not_an_id_is_unknown_and_quoted_in_part() {
        let long = "x\n".repeat(10_000);
        let FlowError::UnknownProvider(text) = provider_id(&long).unwrap_err() else { panic!("another error") };
        assert_eq!(text.chars().count(), 64);
        assert!(provider_id("Slack").is_err() && provider_id("slack").is_ok());
    }
}
