//! Texts with `{variable}`s in them: URLs, hosts and header values of an entry.
//!
//! What a variable can hold (see [`super::variables`]) ends no host and no path segment, so that a rendered URL has the
//! structure of its template. A rendered text is never parsed for variables again.

use std::{borrow::Cow, fmt};

use secrecy::SecretString;
use url::{Host, Url};
use workway_model::HostPattern;

use super::{
    Values,
    variables::{self, MAX_NAME_BYTES, VariableError},
};

/// The longest template, in bytes.
pub(super) const MAX_BYTES: usize = 2_048;
/// The most variables in one template, each as often as it stands there.
const MAX_VARIABLES: usize = 8;

/// A text with `{variable}`s, parsed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

/// Why a text is not a template, or not one of a URL or a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("must have at most {MAX_BYTES} bytes (got {0})")]
    TooLong(usize),
    #[error("must hold at most {MAX_VARIABLES} variables (got {0})")]
    TooManyVariables(usize),
    #[error("has a brace that does not belong to a variable such as {{shop}}")]
    Brace,
    #[error("a variable's name must match [a-z][a-z0-9_]* and have at most {MAX_NAME_BYTES} characters (got {0:?})")]
    Name(String),
    #[error("must start with https://")]
    Scheme,
    #[error("holds a character that must be percent-encoded in a URL")]
    Characters,
    #[error("must be a URL with a host name: {0}")]
    Url(String),
    #[error("must not have a user name or a password")]
    UserInfo,
    #[error("must not have a query")]
    Query,
    #[error("must not have a fragment")]
    Fragment,
    #[error("must be a host pattern: {0}")]
    Host(String),
}

impl Template {
    /// # Errors
    /// Where braces do not enclose a variable's name, or there is too much of it.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_BYTES {
            return Err(TemplateError::TooLong(text.len()));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(brace) = rest.find(['{', '}']) {
            let (before, from_brace) = rest.split_at(brace);
            let (name, after) = from_brace
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
                .filter(|(name, _)| !name.contains('{'))
                .ok_or(TemplateError::Brace)?;
            variables::check_name(name)?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let template = Self { parts };
        match template.variables().count() {
            0..=MAX_VARIABLES => Ok(template),
            count => Err(TemplateError::TooManyVariables(count)),
        }
    }

    /// A template of an https URL, variables in its host, path or query.
    pub(super) fn parse_url(text: &str) -> Result<Self, TemplateError> {
        let template = Self::parse(text)?;
        let authority = text.strip_prefix("https://").ok_or(TemplateError::Scheme)?;
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`');
        if !text.bytes().all(is_plain) || !escapes_are_whole(text) || authority.starts_with('/') {
            return Err(TemplateError::Characters);
        }
        let url = template.sample_url()?;
        if !url.username().is_empty() || url.password().is_some() || authority_of(authority).contains('@') {
            return Err(TemplateError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(TemplateError::Fragment);
        }
        Ok(template)
    }

    /// A template of an issuer: a URL without a query (RFC 8414, section 2).
    pub(super) fn parse_issuer(text: &str) -> Result<Self, TemplateError> {
        let template = Self::parse_url(text)?;
        if text.contains('?') { Err(TemplateError::Query) } else { Ok(template) }
    }

    /// A template of a [`HostPattern`] that https can reach.
    pub(super) fn parse_host(text: &str) -> Result<Self, TemplateError> {
        let template = Self::parse(text)?;
        if text.starts_with("http://") {
            return Err(TemplateError::Host("a credential is only sent over https".to_owned()));
        }
        if !text.is_ascii() || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(TemplateError::Host("it must be lower-case ASCII".to_owned()));
        }
        template.sample_host()?;
        Ok(template)
    }

    /// The variables' names, in order, each as often as it is there.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text, with `values` put in.
    ///
    /// # Errors
    /// [`VariableError::Missing`], and [`VariableError::Characters`] for a value that no check can have let through.
    pub fn render(&self, values: &Values) -> Result<String, VariableError> {
        Ok(self.pieces(|name| lookup(values, name))?.concat())
    }

    /// The https URL, with `values` put in. Its host is a name, never an address.
    ///
    /// # Errors
    /// As [`Template::render`], and [`VariableError::Url`].
    pub fn render_url(&self, values: &Values) -> Result<Url, VariableError> {
        let no_url = || VariableError::Url(self.to_string());
        let url = Url::parse(&self.render(values)?).map_err(|_| no_url())?;
        if url.scheme() == "https" && matches!(url.host(), Some(Host::Domain(_))) { Ok(url) } else { Err(no_url()) }
    }

    /// The host pattern, with `values` put in.
    pub(super) fn render_host(&self, values: &Values) -> Result<HostPattern, VariableError> {
        self.render(values)?.parse().map_err(|_| VariableError::Host(self.to_string()))
    }

    /// As [`Template::render`], with `secret` for the variable `name`. The one copy is in what is returned.
    pub(super) fn render_secret(
        &self,
        values: &Values,
        name: &str,
        secret: &str,
    ) -> Result<SecretString, VariableError> {
        let pieces = self.pieces(|other| if other == name { Ok(secret) } else { lookup(values, other) })?;
        // `concat` takes what it needs at once: a string that grew would leave copies behind.
        Ok(pieces.concat().into())
    }

    /// The narrowest pattern that has every host of this template, if there is one: `{shop}.example.com` has
    /// `*.example.com`, and `{instance}` none.
    pub(super) fn family(&self) -> Option<HostPattern> {
        let Some(last) = self.parts.iter().rposition(|part| matches!(part, Part::Variable(_))) else {
            return self.to_string().parse().ok();
        };
        let [Part::Text(behind)] = &self.parts[last + 1..] else { return None };
        // What a variable begins or ends within a label leaves nothing of that label.
        let (_, labels) = behind.split_once('.')?;
        format!("*.{labels}").parse().ok()
    }

    /// The URL, with a host name's label for each variable: what does not depend on values can be seen in it.
    pub(super) fn sample_url(&self) -> Result<Url, TemplateError> {
        let url = Url::parse(&self.sample()).map_err(|error| TemplateError::Url(error.to_string()))?;
        match url.host() {
            Some(Host::Domain(_)) => Ok(url),
            _ => Err(TemplateError::Url("it has an IP address".to_owned())),
        }
    }

    /// As [`Template::sample_url`], of a host pattern. The same variable is the same label there.
    pub(super) fn sample_host(&self) -> Result<HostPattern, TemplateError> {
        self.sample().parse().map_err(|error: workway_model::HostPatternError| TemplateError::Host(error.to_string()))
    }

    fn sample(&self) -> String {
        let pieces = self.parts.iter().map(|part| match part {
            Part::Text(text) => Cow::from(text),
            // No two names give one label, and the letter in front keeps it from being `xn--...`.
            Part::Variable(name) => Cow::from(format!("v{}", name.replace('_', "-"))),
        });
        pieces.collect()
    }

    fn pieces<'a>(
        &'a self,
        value: impl Fn(&'a str) -> Result<&'a str, VariableError>,
    ) -> Result<Vec<&'a str>, VariableError> {
        let piece = |part: &'a Part| match part {
            Part::Text(text) => Ok(text.as_str()),
            Part::Variable(name) => value(name),
        };
        self.parts.iter().map(piece).collect()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => formatter.write_str(text),
            Part::Variable(name) => write!(formatter, "{{{name}}}"),
        })
    }
}

/// A value, checked once more: it may come out of a database, or have been kept since before the entry changed.
fn lookup<'a>(values: &'a Values, name: &str) -> Result<&'a str, VariableError> {
    let value = values.get(name).ok_or_else(|| VariableError::Missing(name.to_owned()))?;
    if variables::is_plain(value) { Ok(value) } else { Err(VariableError::Characters(name.to_owned())) }
}

fn authority_of(behind_scheme: &str) -> &str {
    behind_scheme.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Whether each `%` has its two digits in the text itself: otherwise a value could complete it, to a slash or a dot.
fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|behind| behind.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_are_put_in_and_printed_back() {
        let template = Template::parse("https://{shop}.example.com/{realm_id}/x").expect("is a template");
        assert_eq!(template.variables().collect::<Vec<_>>(), ["shop", "realm_id"]);
        assert_eq!(template.to_string(), "https://{shop}.example.com/{realm_id}/x");
        let url = template.render_url(&values(&[("shop", "acme"), ("realm_id", "12")])).expect("is complete");
        assert_eq!(url.as_str(), "https://acme.example.com/12/x");
        assert_eq!(template.render(&values(&[("shop", "acme")])), Err(VariableError::Missing("realm_id".into())));
    }

    #[test]
    fn braces_enclose_names_alone() {
        for bad in ["{", "}", "a}b", "{a", "{}", "{A}", "{a-b}", "{{a}}", "{a{b}}", "{1}", "{\"a\":null}"] {
            assert!(Template::parse(bad).is_err(), "{bad:?} was taken");
        }
        assert_eq!(Template::parse(&"x".repeat(MAX_BYTES + 1)), Err(TemplateError::TooLong(MAX_BYTES + 1)));
        assert_eq!(
            Template::parse(&"{a}".repeat(MAX_VARIABLES + 1)),
            Err(TemplateError::TooManyVariables(MAX_VARIABLES + 1))
        );
    }

    #[test]
    fn a_value_that_would_lead_elsewhere_is_not_put_in() {
        let template = Template::parse("https://{a}.example.com/{a}").expect("is a template");
        for value in
            ["", "evil.org/", "evil.org#", "evil.org?", "u@evil", "a:1", "a%2fb", "..", "a..b", ".a", "a.", "\u{e9}"]
        {
            let refusal = template.render_url(&values(&[("a", value)]));
            assert_eq!(refusal, Err(VariableError::Characters("a".into())), "{value:?}");
        }
    }

    #[test]
    fn a_rendered_url_names_a_host() {
        let template = Template::parse_url("https://{host}/x").expect("is a template");
        for value in ["127.0.0.1", "0x7f.1", "2130706433"] {
            let refusal = template.render_url(&values(&[("host", value)]));
            assert!(matches!(refusal, Err(VariableError::Url(_))), "{value:?}");
        }
    }

    #[test]
    fn url_templates_are_https_and_nothing_else() {
        for good in ["https://a.example.com/x?y={z}", "https://{host}/{a}.json", "https://a.example.com:8443/%5Ba%5D"] {
            assert!(Template::parse_url(good).is_ok(), "{good:?}: {:?}", Template::parse_url(good));
        }
        for bad in [
            "",
            "http://a.example.com/",
            "ftp://a.example.com/",
            "{scheme}://a.example.com/",
            "https:/a.example.com",
            "https://",
            "https:///a.example.com",
            "https://user@a.example.com/",
            "https://@a.example.com/",
            "https://{user}@a.example.com/",
            "https://a.example.com:{port}/",
            "https://a.example.com\\b",
            "https://a.example.com/%2{x}",
            "https://a.example.com/%{x}",
            "https://a.example.com/x y",
            "https://a.example.com/\n",
            "https://a.example.com/#x",
            "https://b\u{fc}cher.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
        ] {
            assert!(Template::parse_url(bad).is_err(), "{bad:?} was taken");
        }
        assert!(Template::parse_issuer("https://a.example.com/x").is_ok());
        assert_eq!(Template::parse_issuer("https://a.example.com/?x"), Err(TemplateError::Query));
    }

    #[test]
    fn host_templates_are_host_patterns() {
        for good in ["api.example.com", "*.example.com", "{shop}.example.com", "{host}", "https://a.example.com:8443"] {
            assert!(Template::parse_host(good).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            "*",
            "*.com",
            "*.{domain}",
            "a.*.com",
            "10.0.0.1",
            "a.example.com/x",
            "A.example.com",
            "http://a.example.com",
            "user@a.example.com",
            "a.example.com:{port}",
        ] {
            assert!(Template::parse_host(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn a_family_has_all_hosts_of_a_template() {
        for (host, family) in [
            ("api.example.com", Some("api.example.com")),
            ("{shop}.example.com", Some("*.example.com")),
            ("api-{shop}x.example.com", Some("*.example.com")),
            ("api.{region}.{shop}.example.com", Some("*.example.com")),
            ("*.{shop}.example.com", Some("*.example.com")),
            ("{host}", None),
            ("api.{host}", None),
            ("{name}.com", None),
        ] {
            let found = Template::parse_host(host).expect("is a host").family();
            assert_eq!(found.map(|pattern| pattern.to_string()).as_deref(), family, "{host}");
        }
    }

    #[test]
    fn a_secret_is_put_in_as_it_is() {
        let template = Template::parse("a {user}:{token}").expect("is a template");
        let text = template.render_secret(&values(&[("user", "u")]), "token", "s3cr3t{user}").expect("is complete");
        assert_eq!(text.expose_secret(), "a u:s3cr3t{user}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = (Template::parse(&text), Template::parse_url(&text), Template::parse_host(&text));
        }

        #[test]
        fn a_value_never_leaves_the_family(value in "[A-Za-z0-9./:@?#%\\\\_-]{0,12}") {
            let template = Template::parse_host("{a}.example.com").expect("is a host");
            if let Ok(host) = template.render_host(&values(&[("a", &value)])) {
                prop_assert!(template.family().expect("has one").covers(&host), "{}", host);
            }
        }
    }
}
