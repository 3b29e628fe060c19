//! A browser's cookies (RFC 6265), as much of them as the tests need: kept for the host that set them and for a path,
//! until they are deleted. It knows no clock, no `Domain` (a host may set none here) and no `SameSite`.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, SET_COOKIE};

/// All cookies, by host, path and name.
#[derive(Default)]
pub(super) struct Cookies(BTreeMap<(String, String, String), String>);

impl Cookies {
    /// Keeps what an answer of `https://HOST/PATH` sets, and forgets what it deletes.
    ///
    /// # Panics
    /// If a browser would not take a cookie.
    pub(super) fn keep(&mut self, host: &str, path: &str, headers: &HeaderMap) {
        for header in headers.get_all(SET_COOKIE) {
            let header = header.to_str().expect("a cookie is text");
            let mut parts = header.split(';').map(str::trim);
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie has a name");
            let attributes: BTreeMap<String, &str> = parts.map(attribute).collect();
            check(name, &attributes, header);
            let of = attributes.get("path").filter(|path| path.starts_with('/'));
            let of = of.map_or_else(|| default_path(path), |path| (*path).to_owned());
            let key = (host.to_owned(), of, name.to_owned());
            if is_deletion(&attributes) {
                self.0.remove(&key);
            } else {
                self.0.insert(key, value.to_owned());
            }
        }
    }

    /// The `Cookie` header of a request to `https://HOST/PATH`. `None` without any cookie.
    pub(super) fn header(&self, host: &str, path: &str) -> Option<String> {
        let fitting = self.0.iter().filter(|((of, below, _), _)| of == host && is_below(path, below));
        let pairs: Vec<String> = fitting.map(|((_, _, name), value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

fn attribute(text: &str) -> (String, &str) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.to_ascii_lowercase(), value)
}

/// What a browser would not keep is a mistake of who set it, and would only show as a cookie that is missing later.
fn check(name: &str, attributes: &BTreeMap<String, &str>, header: &str) {
    assert!(!attributes.contains_key("domain"), "a cookie for other hosts too: {header}");
    let secure = attributes.contains_key("secure");
    assert!(secure || !name.starts_with("__Secure-"), "the name asks for Secure: {header}");
    let bound = secure && attributes.get("path") == Some(&"/");
    assert!(bound || !name.starts_with("__Host-"), "the name asks for Secure and Path=/: {header}");
}

/// Either is how servers delete. Nothing here is meant to last only seconds, so no clock is asked.
fn is_deletion(attributes: &BTreeMap<String, &str>) -> bool {
    let expired = attributes.get("expires").is_some_and(|date| date.contains(" 1970 ") || date.contains("-1970 "));
    attributes.get("max-age").map_or(expired, |age| age.starts_with('-') || *age == "0")
}

/// RFC 6265, 5.1.4: the folder of the path that set the cookie.
fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(cookies: &mut Cookies, path: &str, header: &'static str) {
        let headers = HeaderMap::from_iter([(SET_COOKIE, header.parse().unwrap())]);
        cookies.keep("a.test", path, &headers);
    }

    #[test]
    fn a_cookie_returns_to_its_host_and_path_alone() {
        let mut cookies = Cookies::default();
        set(&mut cookies, "/", "flow=1; Path=/oauth; Secure; HttpOnly");
        assert_eq!(cookies.header("a.test", "/oauth/callback").as_deref(), Some("flow=1"));
        assert_eq!(cookies.header("a.test", "/oauth").as_deref(), Some("flow=1"));
        for (host, path) in [("b.test", "/oauth"), ("a.test", "/oauthor"), ("a.test", "/")] {
            assert_eq!(cookies.header(host, path), None, "{host}{path}");
        }
    }

    #[test]
    fn a_cookie_without_a_path_belongs_to_the_folder_that_set_it() {
        let mut cookies = Cookies::default();
        set(&mut cookies, "/oauth/start", "flow=1");
        assert_eq!(cookies.header("a.test", "/oauth/callback").as_deref(), Some("flow=1"));
        assert_eq!(cookies.header("a.test", "/"), None);
    }

    #[test]
    fn a_cookie_is_replaced_and_deleted() {
        let mut cookies = Cookies::default();
        set(&mut cookies, "/", "flow=1");
        set(&mut cookies, "/", "flow=2; Max-Age=600");
        assert_eq!(cookies.header("a.test", "/").as_deref(), Some("flow=2"));
        set(&mut cookies, "/", "flow=; Max-Age=0");
        set(&mut cookies, "/", "other=; expires=Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(cookies.header("a.test", "/"), None);
    }

    #[test]
    #[should_panic(expected = "asks for Secure and Path=/")]
    fn a_host_cookie_that_a_browser_refuses_fails_the_test() {
        set(&mut Cookies::default(), "/", "__Host-flow=1; Secure");
    }
}
