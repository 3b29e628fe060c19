//! Where the label and the id of a connected account come from. Asks nobody: that is the endpoint's.

use http::{HeaderName, Method, header};
use serde::de::IgnoredAny;
use workway_model::HostPattern;

use super::{
    Template,
    check::{self, at},
    entry::{AccountEntry, AccountFrom, AccountMethod},
    placement,
};

/// The most pointers for a label or an id.
pub(super) const MAX_POINTERS: usize = 8;
/// The most headers of an account request.
pub(super) const MAX_HEADERS: usize = 8;
/// The longest value of one.
pub(super) const MAX_HEADER_BYTES: usize = 1_024;
/// The longest body of one.
pub(super) const MAX_BODY_BYTES: usize = 4_096;

/// Where an account's label and id come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountSource {
    /// The vendor does not tell.
    None,
    /// The token answer.
    Token(AccountPointers),
    /// The claims of the token answer's `id_token`.
    IdToken(AccountPointers),
    /// The JSON that a request with the credential is answered with. The URL's host is one of the provider's.
    Url {
        url: Template,
        method: Method,
        body: Option<String>,
        headers: Vec<(String, String)>,
        pointers: AccountPointers,
    },
}

/// JSON pointers (RFC 6901), at least one each. The first that points to a text or a number is the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPointers {
    /// What people know the account by.
    pub label: Vec<String>,
    /// What never changes.
    pub id: Vec<String>,
}

impl AccountSource {
    /// # Errors
    /// What is wrong, with the field.
    pub(super) fn new(entry: AccountEntry) -> Result<Self, String> {
        let from_url = entry.from == AccountFrom::Url;
        let has_request =
            entry.url.is_some() || entry.method.is_some() || entry.body.is_some() || !entry.headers.is_empty();
        if has_request && !from_url {
            return Err("`url`, `method`, `body` and `headers` only go with `from = \"url\"`".to_owned());
        }
        if entry.from == AccountFrom::None {
            let is_empty = entry.label.is_empty() && entry.id.is_empty();
            return if is_empty {
                Ok(Self::None)
            } else {
                Err("`label` and `id` do not go with `from = \"none\"`".to_owned())
            };
        }
        let pointers = AccountPointers { label: pointers("label", entry.label)?, id: pointers("id", entry.id)? };
        match entry.from {
            AccountFrom::None => Ok(Self::None),
            AccountFrom::Token => Ok(Self::Token(pointers)),
            AccountFrom::IdToken => Ok(Self::IdToken(pointers)),
            AccountFrom::Url => {
                let url = entry.url.ok_or("`url`: is missing")?;
                let url = Template::parse_url(&url).map_err(at("url"))?;
                let method = match entry.method.unwrap_or(AccountMethod::Get) {
                    AccountMethod::Get => Method::GET,
                    AccountMethod::Post => Method::POST,
                };
                let headers = entry.headers.into_iter().map(header).collect::<Result<Vec<_>, _>>()?;
                if headers.len() > MAX_HEADERS {
                    return Err(format!("`headers`: must have at most {MAX_HEADERS} items (got {})", headers.len()));
                }
                if let Some(body) = &entry.body {
                    check_body(&method, body).map_err(at("body"))?;
                }
                Ok(Self::Url { url, method, body: entry.body, headers, pointers })
            }
        }
    }

    /// The URL that is asked.
    pub(super) fn url(&self) -> Option<&Template> {
        match self {
            Self::Url { url, .. } => Some(url),
            Self::None | Self::Token(_) | Self::IdToken(_) => None,
        }
    }

    /// The headers that go along, besides the credential.
    pub(super) fn headers(&self) -> &[(String, String)] {
        match self {
            Self::Url { headers, .. } => headers,
            Self::None | Self::Token(_) | Self::IdToken(_) => &[],
        }
    }

    /// Whether the credential may be sent where it is asked who it belongs to.
    pub(super) fn is_within(&self, hosts: &[Template]) -> bool {
        let Some(url) = self.url() else { return true };
        // The same variable is the same sample in both, and different ones differ.
        let Ok(url) = url.sample_url() else { return false };
        let patterns: Vec<HostPattern> = hosts.iter().filter_map(|host| host.sample_host().ok()).collect();
        patterns.iter().any(|pattern| pattern.matches(&url))
    }
}

fn pointers(field: &str, pointers: Vec<String>) -> Result<Vec<String>, String> {
    if pointers.is_empty() || pointers.len() > MAX_POINTERS {
        return Err(format!("`{field}`: must have 1 to {MAX_POINTERS} JSON pointers (got {})", pointers.len()));
    }
    pointers.iter().try_for_each(|pointer| check::pointer(pointer)).map_err(at(field))?;
    Ok(pointers)
}

fn header((name, value): (String, String)) -> Result<(String, String), String> {
    let parsed = placement::header_name(&name).map_err(at("headers"))?;
    let credentials: [HeaderName; 2] = [header::AUTHORIZATION, header::COOKIE];
    if credentials.contains(&parsed) {
        return Err(format!("`headers`: must not set `{parsed}`: `placement` puts the credential in"));
    }
    if value.len() > MAX_HEADER_BYTES || !placement::is_header_text(&value) {
        return Err(format!(
            "`headers`: `{parsed}`: must be 1 to {MAX_HEADER_BYTES} printable ASCII characters without space around them"
        ));
    }
    Ok((name, value))
}

fn check_body(method: &Method, body: &str) -> Result<(), String> {
    if *method != Method::POST {
        return Err("only goes with `method = \"POST\"`".to_owned());
    }
    if body.len() > MAX_BODY_BYTES {
        return Err(format!("must have at most {MAX_BODY_BYTES} bytes (got {})", body.len()));
    }
    match serde_json::from_str::<IgnoredAny>(body) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("must be JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_url(url: &str) -> AccountEntry {
        AccountEntry {
            from: AccountFrom::Url,
            url: Some(url.into()),
            label: vec!["/name".into()],
            id: vec!["/id".into()],
            ..AccountEntry::default()
        }
    }

    #[test]
    fn an_account_request_is_read() {
        let entry = AccountEntry {
            method: Some(AccountMethod::Post),
            body: Some("null".into()),
            headers: [("accept".to_owned(), "application/json".to_owned())].into(),
            ..from_url("https://{shop}.example.com/me")
        };
        let Ok(AccountSource::Url { method, body, headers, pointers, .. }) = AccountSource::new(entry) else {
            panic!("is not an account")
        };
        assert_eq!((method, body.as_deref(), headers.len()), (Method::POST, Some("null"), 1));
        assert_eq!(pointers, AccountPointers { label: vec!["/name".into()], id: vec!["/id".into()] });
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let with_header = |name: &str, value: &str| AccountEntry {
            headers: [(name.to_owned(), value.to_owned())].into(),
            ..from_url("https://a.example.com")
        };
        let posting = |body: &str| AccountEntry {
            method: Some(AccountMethod::Post),
            body: Some(body.into()),
            ..from_url("https://a.example.com")
        };
        for (entry, problem) in [
            (AccountEntry { url: None, ..from_url("") }, "`url`: is missing"),
            (from_url("http://a.example.com"), "`url`: must start with https"),
            (AccountEntry { from: AccountFrom::Token, ..from_url("https://a.example.com") }, "only go with `from"),
            (AccountEntry { from: AccountFrom::None, url: None, ..from_url("") }, "do not go with `from"),
            (
                AccountEntry { label: Vec::new(), ..from_url("https://a.example.com") },
                "`label`: must have 1 to 8 JSON pointers (got 0)",
            ),
            (
                AccountEntry { id: vec!["id".into()], ..from_url("https://a.example.com") },
                "`id`: must be a JSON pointer such as \"/data/id\" (got \"id\")",
            ),
            (AccountEntry { method: None, ..posting("{}") }, "`body`: only goes with"),
            (posting("{"), "`body`: must be JSON"),
            (with_header("authorization", "x"), "`headers`: must not set `authorization`"),
            (with_header("host", "x"), "`headers`: must not be the header `host`"),
            (with_header("Accept", "x"), "`headers`: must be a header's name"),
            (with_header("accept", "a\r\nb: c"), "`headers`: `accept`: must be 1 to 1024 printable"),
        ] {
            let refusal = AccountSource::new(entry).expect_err("is no account");
            assert!(refusal.contains(problem), "{refusal}, not {problem}");
        }
    }

    #[test]
    fn the_host_asked_is_one_of_the_providers() {
        for (url, hosts, is_within) in [
            ("https://api.example.com/me", &["api.example.com"][..], true),
            ("https://a.example.com/me", &["api.example.com", "*.example.com"], true),
            ("https://{shop}.example.com/me", &["{shop}.example.com"], true),
            ("https://{shop}.example.com/me", &["*.example.com"], true),
            ("https://{host}/me", &["{host}"], true),
            ("https://api.example.com/me", &["{host}"], false),
            ("https://{login}/me", &["{host}"], false),
            ("https://{shop}.example.com/me", &["{other}.example.com"], false),
            ("https://api.example.com:8443/me", &["api.example.com"], false),
            ("https://api.example.com.evil.org/me", &["api.example.com"], false),
            ("https://api.example.com/me", &[], false),
        ] {
            let account = AccountSource::new(from_url(url)).expect("is an account");
            let hosts: Vec<_> = hosts.iter().map(|host| Template::parse_host(host).expect("is a host")).collect();
            assert_eq!(account.is_within(&hosts), is_within, "{url} {hosts:?}");
        }
    }
}
