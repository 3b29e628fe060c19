//! The pages that a browser gets at the end of a flow, and its redirects. Pages load nothing, run nothing, and escape
//! everything they contain: a part of it is the provider's text.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use url::Url;
use workway_oauth::ConnectionSummary;

use crate::http::error::ApiError;

const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color:#1b1b1b;\
                     background:#fff}code{background:#eee;padding:.1em .3em}\
                     @media(prefers-color-scheme:dark){body{color:#eee;background:#161616}code{background:#333}a{color:#9cf}}";

/// Whether the client is a browser. One that sends no `Accept`, or accepts anything, is a program.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    accepts(headers, "text/html")
}

/// Whether the client is a program that reads JSON rather than pages.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    (accepts(headers, "application/json") || accepts(headers, "application/problem+json")) && !wants_page(headers)
}

/// Whether a media type is named as acceptable (RFC 9110, section 12.5.1).
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|named| named.eq_ignore_ascii_case(wanted));
        let refused = |part: &str| {
            let weight = part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
            weight.is_some_and(|(_, weight)| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        };
        named && !parts.any(refused)
    })
}

/// Redirects the browser. It uses GET, whatever the request's method (RFC 9110, section 15.4.4).
pub(super) fn redirect(url: &Url) -> Result<Response, ApiError> {
    let location = HeaderValue::try_from(url.as_str()).map_err(ApiError::internal)?;
    Ok(unstored((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()))
}

/// A URL with one more parameter.
pub(super) fn with_parameter(mut url: Url, name: &str, value: &str) -> Url {
    url.query_pairs_mut().append_pair(name, value);
    url
}

/// The end of a successful flow without a `returnTo`.
pub(super) fn connected(connection: &ConnectionSummary) -> Response {
    let body = format!(
        "<p>The account <strong>{}</strong> at <code>{}</code> is connected.</p><p>You can close this window.</p>",
        escaped(&connection.account.label),
        escaped(connection.provider.as_str()),
    );
    page(StatusCode::OK, "Account connected", &body)
}

/// The end of a failed flow. `reference` finds it in the log.
pub(super) fn failed(error: &ApiError, return_to: Option<Url>, reference: &str) -> Response {
    let code = error.problem.code.to_string();
    let mut body =
        format!("<p>{}</p><p><code>{}</code></p>", escaped(&sentence(&error.problem.detail)), escaped(&code));
    match return_to {
        Some(url) => {
            let url = with_parameter(url, "error", &code);
            body.push_str(&format!("<p><a href=\"{}\">Go back and try again</a></p>", escaped(url.as_str())));
        }
        None => body.push_str("<p>Go back to the page that you came from and start again.</p>"),
    }
    body.push_str(&format!("<p><small>Reference: <code>{}</code></small></p>", escaped(reference)));
    page(error.status, "Account not connected", &body)
}

/// `body` is HTML, all else is text.
fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    );
    unstored((status, [(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)], Html(html)).into_response())
}

/// The browser's URL contains a code: the answer is not stored. That no other site learns the URL is said on every answer.
pub(super) fn unstored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// With a capital letter and a full stop, as people write.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = first.chain(characters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// A text as HTML shows it, in elements and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    };
    use http_body_util::BodyExt;
    use url::Url;

    use super::{connected, escaped, failed, redirect, sentence, wants_json, wants_page, with_parameter};
    use workway_oauth::{Account, ConnectionSummary, FlowError};

    use crate::http::error::ApiError;

    async fn html(response: Response<Body>) -> String {
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn accept(line: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(line))])
    }

    #[tokio::test]
    async fn a_failure_names_its_code_and_leads_back() {
        let description = "<script>alert('x')</script>\"&".to_owned();
        let error = ApiError::from(FlowError::ProviderError { code: "a<b>".into(), description });
        let back = Url::parse("https://app.example.com/done?a=1&b=%3Cx%3E#end").unwrap();
        let response = failed(&error, Some(back), "0192");
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        let html = html(response).await;
        assert!(!html.contains("<script") && !html.contains("a<b>"), "{html}");
        let link = "<a href=\"https://app.example.com/done?a=1&amp;b=%3Cx%3E&amp;error=provider-error#end\">";
        for part in [
            link,
            "<code>provider-error</code>",
            "&lt;script&gt;alert(&#39;x&#39;)",
            "&quot;&amp;",
            "<code>0192</code>",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
    }

    #[tokio::test]
    async fn a_failure_that_leads_nowhere_says_what_to_do() {
        let response = failed(&FlowError::InvalidState.into(), None, "");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let html = html(response).await;
        assert!(html.contains("start again") && !html.contains("href"), "{html}");
    }

    #[tokio::test]
    async fn a_success_names_the_account() {
        let connection = ConnectionSummary {
            id: "c1".into(),
            provider: "slack".parse().unwrap(),
            account: Account { label: "<b>Acme</b> & Söhne".into(), id: "T1".into() },
            scopes: None,
            values: Default::default(),
            is_default: true,
            reconnect: None,
            expires_at: None,
            renew_at: None,
            version: 7,
        };
        let html = html(connected(&connection)).await;
        assert!(html.contains("<strong>&lt;b&gt;Acme&lt;/b&gt; &amp; Söhne</strong> at <code>slack</code>"), "{html}");
    }

    #[test]
    fn a_redirect_keeps_no_trace() {
        let url = with_parameter(Url::parse("https://a.example/x?y=1#z").unwrap(), "connection", "c&1");
        let response = redirect(&url).unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["location"], "https://a.example/x?y=1&connection=c%261#z");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }

    #[test]
    fn browsers_and_programs_are_told_apart() {
        let browser = accept("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
        assert!(wants_page(&browser) && !wants_json(&browser));
        assert!(wants_page(&accept("application/json, TEXT/HTML ; q=0.5")));
        for neither in ["*/*", "", "text/plain", "text/html;q=0", "text/html-x", "application/json;q=0.0"] {
            assert!(!wants_page(&accept(neither)) && !wants_json(&accept(neither)), "{neither}");
        }
        assert!(wants_json(&accept("application/json")) && wants_json(&accept("*/*, application/problem+json")));
        assert!(!wants_page(&HeaderMap::new()) && !wants_json(&HeaderMap::new()));
    }

    #[test]
    fn texts_read_as_sentences_and_are_never_markup() {
        assert_eq!(sentence("it failed"), "It failed.");
        assert_eq!(sentence("Done!"), "Done!");
        assert_eq!(sentence(""), ".");
        assert_eq!(escaped("<a href='x' id=\"y\">&amp;"), "&lt;a href=&#39;x&#39; id=&quot;y&quot;&gt;&amp;amp;");
    }
}
