//! Pages. GitHub names the next one in the `Link` header; a cursor keeps nothing of that address but
//! the parameters that choose a page, so that no cursor, wherever it comes from, leads a request to
//! another host, another path or another repository.

use workway_sdk::prelude::*;

/// The parameters that choose a page.
const PAGE_PARAMETERS: [&str; 3] = ["page", "after", "before"];

/// How long a cursor may be, in bytes. GitHub's own are below 200.
const MAXIMUM_BYTES: usize = 1_000;

/// Where the next page begins: a query of nothing but page parameters, such as `page=2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor(String);

impl Cursor {
    /// A cursor that a caller handed in.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let sound = text.len() <= MAXIMUM_BYTES
            && text.split('&').all(|pair| {
                pair.split_once('=')
                    .is_some_and(|(name, value)| PAGE_PARAMETERS.contains(&name) && is_query_value(value))
            });
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(Failure::InvalidInput("cursor: not one that this action gave".to_owned()))
        }
    }

    /// The cursor of the page at an address, as the `Link` header has it.
    pub(crate) fn of_address(address: &str) -> Option<Self> {
        let (_, query) = address.split_once('?')?;
        let query = query.split('#').next()?;
        let pairs: Vec<&str> = query
            .split('&')
            .filter(|pair| pair.split_once('=').is_some_and(|(name, _)| PAGE_PARAMETERS.contains(&name)))
            .collect();
        Self::parse(&pairs.join("&")).ok()
    }

    /// The query that asks for the page.
    pub(crate) fn as_query(&self) -> &str {
        &self.0
    }

    /// The text to hand to the caller.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// Only what is plain or percent-encoded in a query: above all no `&`, `#`, `?`, `/` and white space.
fn is_query_value(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%=+:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(address: &str) -> Option<String> {
        Cursor::of_address(address).map(Cursor::into_text)
    }

    #[test]
    fn of_an_address_only_what_chooses_a_page_is_kept() {
        let address = "https://api.github.com/repositories/1/issues?state=all&page=3";
        assert_eq!(cursor(address).as_deref(), Some("page=3"));
        assert_eq!(
            cursor("https://api.github.com/x?after=Y3Vyc29y%3D%3D&per_page=5&page=2#top").as_deref(),
            Some("after=Y3Vyc29y%3D%3D&page=2")
        );
    }

    #[test]
    fn an_address_that_chooses_no_page_is_no_cursor() {
        for address in ["", "https://api.github.com/x", "https://api.github.com/x?per_page=3"] {
            assert_eq!(cursor(address), None, "{address}");
        }
    }

    #[test]
    fn a_cursor_cannot_lead_elsewhere() {
        for text in [
            "",
            "page=",
            "https://evil.example/?page=2",
            "//evil.example",
            "page=2#x",
            "page=2&q=secret",
            "page=2 HTTP/1.1",
            "page=2\r\nx: y",
            "page=2/../../user",
            "per_page=1000",
        ] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
        assert!(Cursor::parse(&format!("page={}", "1".repeat(2_000))).is_err());
        assert!(Cursor::parse("page=2&after=Y3Vyc29y%3D").is_ok());
    }
}
