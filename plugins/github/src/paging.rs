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

    /// The cursor of the page that a `Link` header calls `next`.
    pub(crate) fn of_next_page(link: &str) -> Option<Self> {
        let (_, query) = target(link, "next")?.split_once('?')?;
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

/// The address of one relation in a `Link` header (RFC 8288), as far as GitHub uses it.
fn target<'header>(link: &'header str, relation: &str) -> Option<&'header str> {
    let mut rest = link;
    // Not split at commas: addresses may have some.
    while let Some((_, after)) = rest.split_once('<') {
        let (address, after) = after.split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let (parameters, next) = after.split_at(end);
        let matches = parameters.split([';', ',']).any(|parameter| {
            parameter.trim().split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_ascii_whitespace()
                        .any(|candidate| candidate.eq_ignore_ascii_case(relation))
            })
        });
        if matches {
            return Some(address);
        }
        rest = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(link: &str) -> Option<String> {
        Cursor::of_next_page(link).map(Cursor::into_text)
    }

    #[test]
    fn the_next_page_is_found_among_other_relations() {
        let link = "<https://api.github.com/repositories/1/issues?state=all&page=1>; rel=\"prev\", \
                    <https://api.github.com/repositories/1/issues?state=all&page=3>; rel=\"next\", \
                    <https://api.github.com/repositories/1/issues?state=all&page=9>; rel=\"last\"";
        assert_eq!(next(link).as_deref(), Some("page=3"));
    }

    #[test]
    fn a_cursor_of_several_parameters_and_odd_spellings_is_kept() {
        assert_eq!(
            next("<https://api.github.com/x?after=Y3Vyc29y%3D%3D&per_page=5&page=2>; REL=next").as_deref(),
            Some("after=Y3Vyc29y%3D%3D&page=2")
        );
        assert_eq!(next("<https://api.github.com/x?labels=a,b&page=2>; rel=\"last next\"").as_deref(), Some("page=2"));
    }

    #[test]
    fn the_last_page_has_no_next() {
        for link in [
            "",
            "nonsense",
            "<https://api.github.com/x?page=1>; rel=\"first\"",
            "<https://api.github.com/x?page=1",
            "<https://api.github.com/x>; rel=\"next\"",
            "<https://api.github.com/x?per_page=3>; rel=\"next\"",
        ] {
            assert_eq!(next(link), None, "{link}");
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
