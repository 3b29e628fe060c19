//! The address of a rule: one address, or a pattern for many. Compares and decides nothing else.

use url::Url;

/// What an address must be.
#[derive(Debug, Clone)]
pub(super) struct UrlPattern {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Exact(Url),
    /// With a `?`, the query is part of it.
    Pattern {
        with_query: bool,
    },
}

impl UrlPattern {
    /// Panics where the text can never be a request's address.
    #[track_caller]
    pub(super) fn parse(text: &str) -> Self {
        let (scheme, _) = text.split_once("://").unwrap_or_default();
        let is_web = matches!(scheme, "https" | "http" | "*" | "**") || text.starts_with("**");
        let kind = match Url::parse(text) {
            _ if text.contains('*') && is_web => Kind::Pattern { with_query: text.contains('?') },
            Ok(url) if is_web => Kind::Exact(url),
            _ => panic!("{text:?} is not an address such as `https://api.example.com/items/*`"),
        };
        Self { text: text.to_owned(), kind }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The query that the address has written into it; a pattern has none that could be told.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        match &self.kind {
            Kind::Exact(url) => url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect(),
            Kind::Pattern { .. } => Vec::new(),
        }
    }

    /// Whether an address is this one, its query aside unless this is a pattern that has one.
    pub(super) fn matches(&self, url: &Url) -> bool {
        match &self.kind {
            Kind::Exact(expected) => without_query(expected) == without_query(url),
            Kind::Pattern { with_query: true } => fits(self.text.as_bytes(), url.as_str().as_bytes()),
            Kind::Pattern { with_query: false } => fits(self.text.as_bytes(), without_query(url).as_bytes()),
        }
    }

    /// Whether at least the host is the same, so that a rule for it is nearer than another.
    pub(super) fn is_near(&self, url: &Url) -> bool {
        let host = |text: &str| text.split("://").nth(1).and_then(|rest| rest.split('/').next()).map(str::to_owned);
        host(&self.text) == host(url.as_str())
    }
}

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Whether a text fits a pattern: `*` for anything without a `/` or `?`, `**` for anything.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=text.len()).any(|taken| fits(rest, &text[taken..])),
        [b'*', rest @ ..] => {
            let segment = text.iter().take_while(|byte| !matches!(byte, b'/' | b'?')).count();
            (0..=segment).any(|taken| fits(rest, &text[taken..]))
        }
        [first, rest @ ..] => text.split_first().is_some_and(|(byte, text)| byte == first && fits(rest, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        UrlPattern::parse(pattern).matches(&Url::parse(url).expect("is a URL"))
    }

    #[test]
    fn an_address_is_itself_in_any_spelling() {
        assert!(matches("https://API.example.com", "https://api.example.com/"));
        assert!(matches("https://api.example.com:443/a", "https://api.example.com/a?x=y"));
        assert!(!matches("https://api.example.com/a", "https://api.example.com/a/"));
        assert!(!matches("https://api.example.com/a", "http://api.example.com/a"));
    }

    #[test]
    fn a_star_stays_within_its_segment_and_two_do_not() {
        let items = "https://api.example.com/items/*";
        assert!(matches(items, "https://api.example.com/items/7?x=y"));
        assert!(!matches(items, "https://api.example.com/items/7/parts"));
        assert!(matches("https://api.example.com/*/parts", "https://api.example.com/7/parts"));
        assert!(matches("https://*.example.com/**", "https://a.example.com/b/c"));
        assert!(matches("**", "https://a.example.com/b/c"));
        assert!(matches("https://a.example.com/b?c=*", "https://a.example.com/b?c=d"));
        assert!(!matches("https://a.example.com/b?c=*", "https://a.example.com/b"));
    }

    #[test]
    fn what_can_be_no_address_is_refused_at_once() {
        for text in ["", "api.example.com/x", "ftp://example.com", "/path", "ftp://example.com/*"] {
            assert!(std::panic::catch_unwind(|| UrlPattern::parse(text)).is_err(), "{text:?} was taken");
        }
    }
}
