//! Percent-encoding for parts of an address.

use std::fmt::Write;

/// Encodes everything but letters, digits, `-`, `.`, `_` and `~`: safe as one path segment and as a
/// query key or value. A segment that is `.` or `..` stays as it is; check for it where a user names
/// the segment.
///
/// ```
/// assert_eq!(workway_sdk::percent_encode("a b/ü"), "a%20b%2F%C3%BC");
/// ```
#[must_use]
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Adds a pair to the query of an address that may have a query and a fragment already.
pub(crate) fn add_query(url: &mut String, name: &str, value: &str) {
    let fragment = url.find('#').map(|start| url.split_off(start));
    let last = url.chars().next_back();
    if !url.contains('?') {
        url.push('?');
    } else if last != Some('?') && last != Some('&') {
        url.push('&');
    }
    url.push_str(&percent_encode(name));
    url.push('=');
    url.push_str(&percent_encode(value));
    url.extend(fragment);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_cannot_leave_their_place() {
        assert_eq!(percent_encode("a&b=c#d?e%"), "a%26b%3Dc%23d%3Fe%25");
    }

    #[test]
    fn a_query_goes_before_the_fragment_and_after_what_is_there() {
        for (before, after) in [
            ("https://a.example/x", "https://a.example/x?k=v"),
            ("https://a.example/x?", "https://a.example/x?k=v"),
            ("https://a.example/x?a=b", "https://a.example/x?a=b&k=v"),
            ("https://a.example/x#f", "https://a.example/x?k=v#f"),
        ] {
            let mut url = before.to_owned();
            add_query(&mut url, "k", "v");
            assert_eq!(url, after);
        }
    }
}
