//! Compares what functions plainly need with what the integration declares, while it is compiled.
//! It knows only what stands in the text; what comes to light when the code runs is for the tests
//! and the host to refuse.

use crate::action::Needs;
use crate::{Action, Permissions, Trigger};

/// Whether `provider` is among the declared connections.
#[doc(hidden)]
#[must_use]
pub const fn has_provider(permissions: &Permissions, provider: Option<&str>) -> bool {
    let Some(provider) = provider else { return true };
    let mut index = 0;
    while index < permissions.connections.len() {
        if is_same(permissions.connections[index].provider, provider) {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether the declared connection to `provider` asks for all of `scopes`.
#[doc(hidden)]
#[must_use]
pub const fn has_scopes(permissions: &Permissions, provider: Option<&str>, scopes: &[&str]) -> bool {
    let Some(provider) = provider else { return scopes.is_empty() };
    let mut index = 0;
    while index < permissions.connections.len() {
        let need = &permissions.connections[index];
        if is_same(need.provider, provider) {
            let mut scope = 0;
            while scope < scopes.len() {
                if !contains(need.scopes, scopes[scope]) {
                    return false;
                }
                scope += 1;
            }
            return true;
        }
        index += 1;
    }
    false
}

/// Whether every provider that is connected to by name is declared.
#[doc(hidden)]
#[must_use]
pub const fn has_connections(permissions: &Permissions, needs: &Needs) -> bool {
    let mut index = 0;
    while index < needs.connections.len() {
        if !has_provider(permissions, Some(needs.connections[index])) {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether every origin that is asked by name is declared.
#[doc(hidden)]
#[must_use]
pub const fn has_hosts(permissions: &Permissions, needs: &Needs) -> bool {
    let mut index = 0;
    while index < needs.origins.len() {
        let mut found = false;
        let mut host = 0;
        while host < permissions.hosts.len() {
            found = found || matches(permissions.hosts[host], needs.origins[index]);
            host += 1;
        }
        if !found {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether storage is declared where it is used.
#[doc(hidden)]
#[must_use]
pub const fn has_storage(permissions: &Permissions, needs: &Needs) -> bool {
    permissions.storage || !needs.storage
}

/// Whether no two actions or triggers have one id.
#[doc(hidden)]
#[must_use]
pub const fn are_ids_unique(actions: &[Action], triggers: &[Trigger]) -> bool {
    let count = actions.len() + triggers.len();
    let mut one = 0;
    while one < count {
        let mut another = one + 1;
        while another < count {
            if is_same(id_at(actions, triggers, one), id_at(actions, triggers, another)) {
                return false;
            }
            another += 1;
        }
        one += 1;
    }
    true
}

const fn id_at(actions: &[Action], triggers: &[Trigger], index: usize) -> &'static str {
    if index < actions.len() { actions[index].id } else { triggers[index - actions.len()].id }
}

const fn contains(list: &[&str], text: &str) -> bool {
    let mut index = 0;
    while index < list.len() {
        if is_same(list[index], text) {
            return true;
        }
        index += 1;
    }
    false
}

const fn is_same(one: &str, another: &str) -> bool {
    let (one, another) = (one.as_bytes(), another.as_bytes());
    if one.len() != another.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != another[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether `text` ends with `end`, in any case of letters, as names of hosts go.
const fn ends_with(text: &[u8], end: &[u8]) -> bool {
    if text.len() < end.len() {
        return false;
    }
    let start = text.len() - end.len();
    let mut index = 0;
    while index < end.len() {
        if !text[start + index].eq_ignore_ascii_case(&end[index]) {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether a declared host covers an origin such as `https://api.example.com`. Where the pattern is
/// odd the answer is no; the host and the mocks have the last word.
const fn matches(pattern: &str, origin: &str) -> bool {
    let (pattern, origin) = (pattern.as_bytes(), origin.as_bytes());
    let (plain, named) = match split_scheme(pattern) {
        Some((scheme, rest)) => (ends_with(b"http", scheme), rest),
        None => (false, pattern),
    };
    let Some((scheme, host)) = split_scheme(origin) else { return false };
    if plain != (scheme.len() == b"http".len()) {
        return false;
    }
    // The port of a scheme need not be said.
    let named = without(named, if plain { b":80" } else { b":443" });
    match named.split_first() {
        Some((b'*', suffix)) => host.len() > suffix.len() && ends_with(host, suffix),
        _ => host.len() == named.len() && ends_with(host, named),
    }
}

/// `text`, without this at its end.
const fn without<'text>(text: &'text [u8], end: &[u8]) -> &'text [u8] {
    if ends_with(text, end) { text.split_at(text.len() - end.len()).0 } else { text }
}

/// `https://rest` in its two parts.
const fn split_scheme(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut index = 0;
    while index + 2 < text.len() {
        if text[index] == b':' && text[index + 1] == b'/' && text[index + 2] == b'/' {
            let (scheme, rest) = text.split_at(index);
            return Some((scheme, rest.split_at(3).1));
        }
        index += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConnectionNeed;

    #[test]
    fn an_origin_is_covered_by_its_host_or_a_wildcard_and_no_other() {
        for (pattern, origin, covered) in [
            ("api.example.com", "https://api.example.com", true),
            ("API.example.com", "https://api.example.com", true),
            ("*.example.com", "https://api.example.com", true),
            ("https://api.example.com:8443", "https://api.example.com:8443", true),
            ("http://api.example.com", "http://api.example.com", true),
            ("api.example.com:443", "https://api.example.com", true),
            ("http://api.example.com:80", "http://api.example.com", true),
            ("api.example.com:80", "https://api.example.com", false),
            ("api.example.com", "http://api.example.com", false),
            ("api.example.com", "https://evil-api.example.com", false),
            ("*.example.com", "https://example.com", false),
            ("example.com", "https://api.example.com", false),
            ("http://api.example.com", "https://api.example.com", false),
        ] {
            assert_eq!(matches(pattern, origin), covered, "{pattern} and {origin}");
        }
    }

    #[test]
    fn scopes_are_looked_up_at_their_provider() {
        const CONNECTIONS: &[ConnectionNeed] =
            &[ConnectionNeed::required("slack").scopes(&["chat:write"]), ConnectionNeed::optional("github")];
        let permissions = Permissions { connections: CONNECTIONS, ..Permissions::default() };
        assert!(has_scopes(&permissions, Some("slack"), &["chat:write"]));
        assert!(!has_scopes(&permissions, Some("github"), &["chat:write"]));
        assert!(!has_scopes(&permissions, Some("google"), &[]));
        assert!(!has_scopes(&permissions, None, &["chat:write"]));
        assert!(has_scopes(&permissions, None, &[]));
        // Ids and scopes are what they are: only hosts have no case.
        assert!(!has_scopes(&permissions, Some("slack"), &["Chat:Write"]));
        assert!(!has_provider(&permissions, Some("Slack")));
    }
}
