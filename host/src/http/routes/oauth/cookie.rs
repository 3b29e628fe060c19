//! The cookie that ties a flow to the browser in which it began. It is a random text and says nothing about its user; it is
//! never logged.

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, SameSite};
use url::Url;
use workway_oauth::Session;

use crate::http::error::ApiError;

/// How long a browser keeps it, in seconds: longer than any flow takes.
const MAX_AGE_SECONDS: i64 = 3_600;

/// Name and attributes of the session's cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SessionCookie {
    secure: bool,
}

impl SessionCookie {
    pub(super) fn of(public_url: &Url) -> Self {
        Self { secure: public_url.scheme() == "https" }
    }

    /// A browser accepts a cookie with the first name only from this very host and over https, so that no neighbouring host
    /// can plant its own (RFC 6265bis, section 4.1.3.2).
    fn name(self) -> &'static str {
        if self.secure { "__Host-workway-session" } else { "workway-session" }
    }

    /// The session of a request, if it has one that could be ours. A cookie jar keeps one cookie of a name only: without https,
    /// a neighbouring host could hide ours behind its own.
    pub(super) fn read(self, headers: &HeaderMap) -> Option<Session> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
        cookies.filter(|cookie| cookie.name() == self.name()).find_map(|cookie| Session::parse(cookie.value()))
    }

    /// For `Set-Cookie`. `Lax`: the way back from the provider is a top-level navigation, and nothing else gets it.
    pub(super) fn set(self, session: &Session) -> Result<HeaderValue, ApiError> {
        let cookie = Cookie::build((self.name(), session.expose()))
            .path("/")
            .max_age(time::Duration::seconds(MAX_AGE_SECONDS))
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .build();
        let mut value = HeaderValue::try_from(cookie.to_string()).map_err(ApiError::internal)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{SessionCookie, Url};
    use workway_oauth::Session;

    const SESSION: &str = "s3cr3t_s3cr3t-s3cr3t_s3cr3t-s3cr3t_s3cr3t-0";

    fn cookie(public_url: &str) -> SessionCookie {
        SessionCookie::of(&Url::parse(public_url).unwrap())
    }

    fn read(public_url: &str, lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        cookie(public_url).read(&headers).map(|session| session.expose().to_owned())
    }

    #[test]
    fn the_cookie_is_for_this_host_and_no_script() {
        let session = Session::parse(SESSION).unwrap();
        let https = cookie("https://a.example").set(&session).unwrap();
        assert_eq!(
            https,
            format!("__Host-workway-session={SESSION}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600").as_str()
        );
        let http = cookie("http://127.0.0.1:8787").set(&session).unwrap();
        assert_eq!(http, format!("workway-session={SESSION}; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600").as_str());
        assert!(https.is_sensitive() && http.is_sensitive());
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let ours = format!("workway-session={SESSION}");
        for lines in [
            vec![ours.as_str()],
            vec!["a=b", &ours],
            vec![&format!("a=b; {ours};c=d; workway-session2=x")],
            vec![&format!("workway-session=short; {ours}")],
            vec![&format!("{ours}; workway-session=short")],
            vec![&ours, "workway-session=short"],
        ] {
            assert_eq!(read("http://localhost", &lines).as_deref(), Some(SESSION), "{lines:?}");
        }
    }

    #[test]
    fn what_is_not_ours_is_no_session() {
        for line in [
            "".to_owned(),
            "workway-session".to_owned(),
            "workway-session=".to_owned(),
            format!("workway-session={SESSION}x"),
            format!("workway-session=\"{SESSION}\""),
            format!("Workway-Session={SESSION}"),
            format!("x-workway-session={SESSION}"),
        ] {
            assert_eq!(read("http://localhost", &[&line]), None, "{line:?}");
        }
        let plain = format!("workway-session={SESSION}");
        assert_eq!(read("https://a.example", &[&plain]), None, "a host beside this one could have planted it");
        assert!(read("https://a.example", &[&format!("__Host-{plain}")]).is_some());
    }
}
