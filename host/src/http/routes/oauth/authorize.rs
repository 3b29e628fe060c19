//! `GET /oauth/{provider}/authorize`.

use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;
use workway_oauth::{AuthorizeRequest, Session};
use workway_users::Scope;

use super::{
    cookie::SessionCookie,
    page,
    wire::{provider_id, public_url},
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::Path,
    },
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Authorization {
    /// Open it in the browser (or with the cookie jar) that got this answer's cookie: the provider's answer counts there
    /// alone.
    url: String,
    /// Unix seconds: until when the user may take.
    expires_at: u64,
}

/// Begins to connect the calling user's account at a provider. A browser is sent there; a program gets the address.
///
/// Further query parameters are the provider's `variables` (see `GET /oauth/providers`): `shop=my-shop`. Where the user
/// has a connection of this provider already, the scopes that it has are asked for too.
#[utoipa::path(get, path = "/oauth/{provider}/authorize", tag = "oauth",
    params(
        ("provider" = String, Path, example = "slack"),
        ("scopes" = Option<String>, Query, description = "separated by commas or blanks; the provider's default ones are asked for anyway", example = "chat:write,users:read"),
        ("returnTo" = Option<String>, Query, description = "where the browser goes on to with `connection=<id>` or `error=<code>`: a path of this host, or an address of an origin that the operator named", example = "/docs/"),
        ("connection" = Option<String>, Query, description = "the connection whose scopes and variables are kept; without it, the scopes of the default one"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "where to send the user; sets the session's cookie", body = Authorization),
        (status = SEE_OTHER, description = "to the provider, for what accepts text/html; sets the session's cookie"),
        (status = SERVICE_UNAVAILABLE, description = "the operator has something to set first; `code` and `detail` say what", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn authorize(
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
        page::guarded(Json(Authorization { url: begun.url.into(), expires_at: begun.expires_at }).into_response())
    };
    response.headers_mut().insert(header::SET_COOKIE, cookie.set(&session)?);
    Ok(response)
}

/// Whatever has no meaning of its own is taken for a variable; the provider's entry refuses those that it does not know.
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
            return Err(ApiError::bad_request("invalid-query", "a parameter comes twice"));
        }
    }
    let separated = scopes.as_deref().unwrap_or_default().split([',', ' ']);
    request.scopes = separated.filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use workway_oauth::Values;

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
            assert_eq!(parse(&format!("{name}=a&{name}=a")).unwrap_err().problem.code, "invalid-query");
        }
    }
}
