//! Where on a request an API takes its credential. Makes credentials; prints and keeps none.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderName,
    header::{self, AUTHORIZATION},
};
use secrecy::{ExposeSecret, SecretString};
use workway_capability::fetch::{Credential, FetchError, is_host_owned};
use workway_model::HostPattern;

use super::{Template, TemplateError, Values, VariableError, entry::PlacementEntry};

pub(super) const TOKEN: &str = "token";
pub(super) const BASE64: &str = "base64";
/// The longest name of a header or a query parameter.
pub(super) const MAX_NAME_BYTES: usize = 64;

/// Headers that say what a body is. Like those of the host, they hold no credential, and no entry sets them.
const OF_THE_BODY: [HeaderName; 3] = [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::ACCEPT_ENCODING];

/// Where the token goes on a request to a provider's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// `value` holds `{token}`, or else `{base64}`, for the base64 (RFC 4648, section 4) of what `base64` gives, which
    /// then holds `{token}`.
    Header {
        name: HeaderName,
        value: Template,
        base64: Option<Template>,
    },
    Query {
        name: String,
    },
}

/// Why there is no credential to be made of a token. Never repeats the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// The token does not fit into a request.
    #[error(transparent)]
    Token(#[from] FetchError),
}

impl Placement {
    /// `Authorization: Bearer` (RFC 6750, section 2.1): what an entry has that says nothing else.
    ///
    /// # Panics
    /// Never: the template is a constant.
    pub fn bearer() -> Self {
        let value = Template::parse("Bearer {token}").expect("a template without fault");
        Self::Header { name: AUTHORIZATION, value, base64: None }
    }

    /// # Errors
    /// What is wrong, with the field.
    pub(super) fn new(entry: &PlacementEntry) -> Result<Self, String> {
        match (&entry.header, &entry.value, &entry.base64, &entry.query) {
            (Some(name), Some(value), base64, None) => {
                let name = header_name(name).map_err(|problem| format!("`header`: {problem}"))?;
                let value = text("value", value)?;
                let base64 = base64.as_deref().map(|inner| text("base64", inner)).transpose()?;
                match &base64 {
                    None if holds(&value, BASE64) => Err("`value`: must not hold {base64} without `base64`".to_owned()),
                    None if !holds(&value, TOKEN) => Err("`value`: must hold {token}".to_owned()),
                    Some(_) if !holds(&value, BASE64) => {
                        Err("`value`: must hold {base64}, because there is a `base64`".to_owned())
                    }
                    Some(_) if holds(&value, TOKEN) => {
                        Err("`value`: must not hold both {token} and {base64}".to_owned())
                    }
                    Some(inner) if holds(inner, BASE64) => Err("`base64`: must not hold {base64}".to_owned()),
                    Some(inner) if !holds(inner, TOKEN) => Err("`base64`: must hold {token}".to_owned()),
                    _ => Ok(Self::Header { name, value, base64 }),
                }
            }
            (None, None, None, Some(name)) => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-[]".contains(&byte);
                if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_plain) {
                    return Err(format!(
                        "`query`: must be 1 to {MAX_NAME_BYTES} letters, digits, `_`, `.`, `-`, `[` or `]`"
                    ));
                }
                Ok(Self::Query { name: name.clone() })
            }
            _ => Err("must have `header` and `value` (and perhaps `base64`), or only `query`".to_owned()),
        }
    }

    /// The variables that have to be known, without those that stand for the token.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let (value, base64) = match self {
            Self::Header { value, base64, .. } => (Some(value), base64.as_ref()),
            Self::Query { .. } => (None, None),
        };
        value.into_iter().chain(base64).flat_map(Template::variables).filter(|name| !matches!(*name, TOKEN | BASE64))
    }

    /// What `token` is on a request to one of `audience`.
    pub(super) fn credential(
        &self,
        token: &SecretString,
        values: &Values,
        audience: Vec<HostPattern>,
    ) -> Result<Credential, CredentialError> {
        let text = token.expose_secret();
        let fits = match self {
            // RFC 6750, section 2.1, and what other schemes have in common with it.
            Self::Header { base64: None, .. } => text.bytes().all(|byte| byte.is_ascii_graphic()),
            // RFC 7617, section 2: anything but control characters.
            Self::Header { base64: Some(_), .. } | Self::Query { .. } => !text.chars().any(char::is_control),
        };
        if text.is_empty() || !fits {
            return Err(
                FetchError::Auth("the stored token holds characters that a request cannot carry".to_owned()).into()
            );
        }
        match self {
            Self::Header { name, value, base64 } => {
                let value = match base64 {
                    None => value.render_secret(values, TOKEN, text)?,
                    Some(inner) => {
                        let inner = inner.render_secret(values, TOKEN, text)?;
                        let encoded = SecretString::from(STANDARD.encode(inner.expose_secret()));
                        value.render_secret(values, BASE64, encoded.expose_secret())?
                    }
                };
                Ok(Credential::header(name.clone(), value, audience)?)
            }
            Self::Query { name } => Ok(Credential::query(name.clone(), token.clone(), audience)?),
        }
    }
}

/// A header's name that an entry may give, in lower case.
pub(super) fn header_name(text: &str) -> Result<HeaderName, String> {
    if text.len() > MAX_NAME_BYTES {
        return Err(format!("a header's name must have at most {MAX_NAME_BYTES} bytes (got {})", text.len()));
    }
    let name = HeaderName::from_lowercase(text.as_bytes())
        .map_err(|_| format!("must be a header's name in lower case (got {text:?})"))?;
    if is_host_owned(&name) || OF_THE_BODY.contains(&name) {
        return Err(format!("must not be the header `{name}`, which only the host sets"));
    }
    Ok(name)
}

/// Whether a text can be a header's value, or the visible part of one.
pub(super) fn is_header_text(text: &str) -> bool {
    text.trim() == text && !text.is_empty() && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

fn text(field: &str, text: &str) -> Result<Template, String> {
    if !is_header_text(text) {
        return Err(format!("`{field}`: must be printable ASCII without space around it"));
    }
    Template::parse(text).map_err(|error: TemplateError| format!("`{field}`: {error}"))
}

fn holds(template: &Template, name: &str) -> bool {
    template.variables().any(|other| other == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str, base64: Option<&str>) -> Result<Placement, String> {
        Placement::new(&PlacementEntry {
            header: Some(name.into()),
            value: Some(value.into()),
            base64: base64.map(str::to_owned),
            query: None,
        })
    }

    fn query(name: &str) -> Result<Placement, String> {
        Placement::new(&PlacementEntry { header: None, value: None, base64: None, query: Some(name.into()) })
    }

    /// The header's value. A credential does not tell, so that the parts it is made of are looked at.
    fn rendered(placement: &Placement, token: &str, values: &Values) -> String {
        let Placement::Header { value, base64, .. } = placement else { panic!("no header") };
        let (name, text) = match base64 {
            None => (TOKEN, token.to_owned()),
            Some(inner) => {
                let inner = inner.render_secret(values, TOKEN, token).expect("is complete");
                (BASE64, STANDARD.encode(inner.expose_secret()))
            }
        };
        value.render_secret(values, name, &text).expect("is complete").expose_secret().to_owned()
    }

    #[test]
    fn a_token_is_put_where_the_api_takes_it() {
        let values = Values::from([("sid".to_owned(), "AC1".to_owned())]);
        for (placement, value) in [
            (Ok(Placement::bearer()), "Bearer s3cr3t"),
            (header("authorization", "Bearer {token}", None), "Bearer s3cr3t"),
            (header("x-api-key", "{token}", None), "s3cr3t"),
            (header("authorization", "OAuth a=\"{sid}\", b=\"{token}\"", None), "OAuth a=\"AC1\", b=\"s3cr3t\""),
            (header("authorization", "Basic {base64}", Some("{sid}:{token}")), "Basic QUMxOnMzY3IzdA=="),
        ] {
            let placement = placement.expect("is a placement");
            assert_eq!(rendered(&placement, "s3cr3t", &values), value);
            assert!(placement.credential(&"s3cr3t".into(), &values, Vec::new()).is_ok());
        }
        assert!(query("api[key]").expect("is a placement").credential(&"s3cr3t".into(), &values, Vec::new()).is_ok());
    }

    #[test]
    fn placements_without_a_token_or_in_the_hosts_headers_are_refused() {
        for (name, value, base64, problem) in [
            ("authorization", "Bearer", None, "`value`: must hold {token}"),
            ("authorization", "Basic {base64}", None, "must not hold {base64} without `base64`"),
            ("authorization", "Basic {token}", Some("{token}:"), "`value`: must hold {base64}"),
            ("authorization", "{token} {base64}", Some("{token}:"), "must not hold both {token} and {base64}"),
            ("authorization", "Basic {base64}", Some("x:"), "`base64`: must hold {token}"),
            ("authorization", "Basic {base64}", Some("{token}{base64}"), "`base64`: must not hold {base64}"),
            ("authorization", "{token}\r\nx: y", None, "`value`: must be printable ASCII"),
            ("authorization", "{token} ", None, "`value`: must be printable ASCII"),
            ("authorization", "{token", None, "`value`: has a brace"),
            ("host", "{token}", None, "must not be the header `host`, which only the host sets"),
            ("content-length", "{token}", None, "`content-length`"),
            ("proxy-authorization", "{token}", None, "`proxy-authorization`"),
            ("X-Api-Key", "{token}", None, "`header`: must be a header's name in lower case"),
            ("x api key", "{token}", None, "`header`: must be a header's name"),
            ("", "{token}", None, "`header`: must be a header's name"),
        ] {
            let refusal = header(name, value, base64).expect_err("is no placement");
            assert!(refusal.contains(problem), "{name} {value}: {refusal}");
        }
        for name in ["", "a b", "a&b", "a=b", "a#"] {
            assert!(query(name).is_err(), "{name:?}");
        }
        let both = PlacementEntry { header: Some("a".into()), value: None, base64: None, query: Some("b".into()) };
        assert!(Placement::new(&both).is_err());
    }

    #[test]
    fn a_token_that_does_not_fit_is_refused_and_not_repeated() {
        let basic = header("authorization", "Basic {base64}", Some("{token}:")).expect("is a placement");
        for (placement, token) in [
            (Placement::bearer(), ""),
            (Placement::bearer(), "s3cr3t two"),
            (Placement::bearer(), "s3cr3t\r\nx: y"),
            (Placement::bearer(), "s3cr3t\u{e9}"),
            (basic.clone(), "s3cr3t\n"),
            (query("key").expect("is a placement"), "s3cr3t\n"),
        ] {
            let refusal = placement.credential(&token.into(), &Values::new(), Vec::new()).expect_err("does not fit");
            assert!(matches!(refusal, CredentialError::Token(_)) && !refusal.to_string().contains("s3cr3t"));
        }
        assert!(basic.credential(&"s3cr3t \u{e9}".into(), &Values::new(), Vec::new()).is_ok());
    }

    #[test]
    fn a_missing_variable_is_named() {
        let placement = header("x-key", "{app}:{token}", None).expect("is a placement");
        assert_eq!(placement.variables().collect::<Vec<_>>(), ["app"]);
        let refusal = placement.credential(&"s3cr3t".into(), &Values::new(), Vec::new()).expect_err("is incomplete");
        assert_eq!(refusal, CredentialError::Variable(VariableError::Missing("app".into())));
    }
}
