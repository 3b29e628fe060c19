//! The variables of an entry: where their values come from and what they can be. Values are no secrets; here they are
//! checked, never kept.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use url::{Host, Url};

use super::{
    TemplateError,
    check::{self, Origin, at},
    entry::{VariableEntry, VariableFrom},
};

/// The longest pattern, in bytes.
pub(super) const MAX_PATTERN_BYTES: usize = 512;
/// What one compiled pattern may take, in bytes.
const MAX_COMPILED_BYTES: usize = 256 << 10;
/// The longest value, in bytes: that of a host name (RFC 1035, section 2.3.4).
pub(super) const MAX_VALUE_BYTES: usize = 253;
/// The longest URL that a host is taken out of.
const MAX_URL_BYTES: usize = 2_048;
/// The longest name of a variable.
pub(super) const MAX_NAME_BYTES: usize = 32;

/// A variable that a provider's entry declares.
#[derive(Clone, Debug)]
pub struct Variable {
    pub source: VariableSource,
    pattern: Pattern,
    /// What a user is asked for. Empty where nobody is.
    pub description: String,
    pub example: Option<String>,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableSource {
    /// Who connects says it, before the flow starts.
    User { default: Option<String> },
    /// It is in the token answer, at this JSON pointer; `url_host` where it is a URL there, whose host is meant.
    Token { pointer: String, url_host: bool },
    /// It is a query parameter of the redirect back.
    Callback { parameter: String },
}

/// Why a variable has no value, or not a valid one. Values are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    #[error("unknown variable {0:?}: GET /oauth/providers lists the variables of each provider")]
    Unknown(String),
    #[error("the variable `{0}` is missing")]
    Missing(String),
    #[error("the value of `{name}` does not match the provider's pattern{}", .example.as_ref().map(|text| format!(": a valid one is {text:?}")).unwrap_or_default())]
    Mismatch { name: String, example: Option<String> },
    #[error("the value of `{0}` must be 1 to {MAX_VALUE_BYTES} letters, digits, `-`, `_` and single dots between them")]
    Characters(String),
    #[error("the value of `{0}` must be an https URL with a host name and without a port or user name")]
    NotAUrl(String),
    #[error("the variables do not make {0} a valid host")]
    Host(String),
    #[error("the variables do not make {0} a valid URL")]
    Url(String),
}

impl Variable {
    /// # Errors
    /// What is wrong, with the field.
    pub(super) fn new(entry: VariableEntry, origin: Origin) -> Result<Self, String> {
        let VariableEntry { from, pattern, description, example, default, pointer, url_host, parameter } = entry;
        let source = match (from, pointer, parameter) {
            (VariableFrom::User, None, None) if url_host.is_none() => VariableSource::User { default },
            (VariableFrom::Token, Some(pointer), None) if default.is_none() => {
                check::pointer(&pointer).map_err(at("pointer"))?;
                VariableSource::Token { pointer, url_host: url_host.unwrap_or_default() }
            }
            (VariableFrom::Callback, None, Some(parameter)) if default.is_none() && url_host.is_none() => {
                check::callback_parameter(&parameter).map_err(at("parameter"))?;
                VariableSource::Callback { parameter }
            }
            (VariableFrom::User, ..) => return Err("`from = \"user\"` only goes with `default`".to_owned()),
            (VariableFrom::Token, ..) => {
                return Err("`from = \"token\"` needs `pointer`, and only goes with `url_host`".to_owned());
            }
            (VariableFrom::Callback, ..) => {
                return Err("`from = \"callback\"` needs `parameter`, and goes with nothing else".to_owned());
            }
        };
        let asked = from == VariableFrom::User;
        for (field, text) in [("description", &description), ("example", &example)] {
            match text {
                Some(text) => check::words(text).map_err(at(field))?,
                None if asked => return Err(format!("`{field}`: is missing: the user needs it to give a value")),
                None => {}
            }
        }
        let pattern = match origin {
            Origin::BuiltIn => Pattern::known(&pattern),
            Origin::Operator => Pattern::parse(&pattern).map_err(at("pattern"))?,
        };
        let variable = Self { source, pattern, description: description.unwrap_or_default(), example };
        if let (Origin::Operator, VariableSource::User { default }) = (origin, &variable.source) {
            for (field, text) in [("default", default), ("example", &variable.example)] {
                if let Some(text) = text {
                    variable
                        .check(field, text)
                        .map_err(|_| format!("`{field}`: must be a value that `pattern` accepts (got {text:?})"))?;
                }
            }
        }
        Ok(variable)
    }

    /// The value that `text` gives to this variable, which is called `name` in errors. Case is kept, but of a URL's host.
    ///
    /// # Errors
    /// [`VariableError::NotAUrl`], [`VariableError::Characters`], [`VariableError::Mismatch`].
    pub fn check(&self, name: &str, text: &str) -> Result<String, VariableError> {
        let value = match self.source {
            VariableSource::Token { url_host: true, .. } => {
                url_host(text).ok_or_else(|| VariableError::NotAUrl(name.to_owned()))?
            }
            _ => text.to_owned(),
        };
        if !is_plain(&value) {
            return Err(VariableError::Characters(name.to_owned()));
        }
        if !self.pattern.matches(&value) {
            return Err(VariableError::Mismatch { name: name.to_owned(), example: self.example.clone() });
        }
        Ok(value)
    }
}

/// A regular expression that a whole value has to match.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern of the built-in file: that they compile is tested, and a start does not wait for it.
    pub(super) fn known(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceLock::new() }
    }

    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > MAX_PATTERN_BYTES {
            return Err(format!("must have 1 to {MAX_PATTERN_BYTES} bytes (got {})", text.len()));
        }
        // By itself first: `a)|(?:b` would mean something else within the group than it says.
        compile(text).map_err(|error| clipped(&error))?;
        let whole = compile(&anchored(text)).map_err(|error| clipped(&error))?;
        let pattern = Self::known(text);
        pattern.compiled.get_or_init(|| Some(whole));
        Ok(pattern)
    }

    fn matches(&self, value: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| compile(&anchored(&self.text)).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(value))
    }
}

fn anchored(text: &str) -> String {
    format!("^(?:{text})$")
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(MAX_COMPILED_BYTES).dfa_size_limit(MAX_COMPILED_BYTES).nest_limit(32).build()
}

/// The last line of a message that draws where the mistake is.
fn clipped(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().next_back().unwrap_or_default().chars().take(200).collect()
}

/// Whether a value can be put into a URL, a host or a header without being more than a part of a host label, a path
/// segment or a word there.
pub(super) fn is_plain(value: &str) -> bool {
    (1..=MAX_VALUE_BYTES).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        && !value.starts_with('.')
        && !value.ends_with('.')
        && !value.contains("..")
}

/// # Errors
/// [`TemplateError::Name`].
pub(super) fn check_name(text: &str) -> Result<(), TemplateError> {
    let is_name = text.len() <= MAX_NAME_BYTES
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if is_name { Ok(()) } else { Err(TemplateError::Name(text.chars().take(2 * MAX_NAME_BYTES).collect())) }
}

/// The host of an https URL without port or user: with one of those, the host alone is not what was meant.
fn url_host(text: &str) -> Option<String> {
    if text.len() > MAX_URL_BYTES {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_bare =
        url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && url.password().is_none();
    match url.host() {
        Some(Host::Domain(host)) if is_bare => Some(host.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(from: VariableFrom, pattern: &str) -> VariableEntry {
        VariableEntry {
            from,
            pattern: pattern.into(),
            description: Some("The shop".into()),
            example: None,
            default: None,
            pointer: None,
            url_host: None,
            parameter: None,
        }
    }

    /// An example that only some patterns take: it is part of what is checked.
    fn of_user(pattern: &str, example: &str) -> Result<Variable, String> {
        let entry = VariableEntry { example: Some(example.into()), ..entry(VariableFrom::User, pattern) };
        Variable::new(entry, Origin::Operator)
    }

    #[test]
    fn the_whole_value_has_to_match() {
        let shop = of_user("[a-z]+|x-1", "acme").expect("is a variable");
        for good in ["acme", "x-1"] {
            assert_eq!(shop.check("shop", good), Ok(good.to_owned()));
        }
        for bad in ["acme1", "1acme", "Acme", "x-1a"] {
            let refusal = VariableError::Mismatch { name: "shop".into(), example: Some("acme".into()) };
            assert_eq!(shop.check("shop", bad), Err(refusal), "{bad:?}");
        }
    }

    #[test]
    fn no_pattern_lets_a_value_out_of_its_place() {
        let anything = of_user("(?s).*", "a").expect("is a variable");
        let long = "a".repeat(MAX_VALUE_BYTES + 1);
        for bad in
            ["", ".", "..", "a..b", ".a", "a.", "a/b", "a:1", "a@b", "a b", "a\n", "a%2e", "\u{e9}", "\u{ff0e}", &long]
        {
            assert_eq!(anything.check("a", bad), Err(VariableError::Characters("a".into())), "{bad:?}");
        }
        assert!(anything.check("a", &long[1..]).is_ok());
    }

    #[test]
    fn a_host_is_taken_out_of_a_url() {
        let entry = VariableEntry {
            pointer: Some("/instance_url".into()),
            url_host: Some(true),
            ..entry(VariableFrom::Token, r"[a-z0-9-]+\.example\.com")
        };
        let instance = Variable::new(entry, Origin::Operator).expect("is a variable");
        assert_eq!(instance.check("a", "https://NA1.example.com/x?y"), Ok("na1.example.com".to_owned()));
        for bad in [
            "na1.example.com",
            "http://na1.example.com",
            "https://na1.example.com:8443",
            "https://u@na1.example.com",
            "https://10.0.0.1",
            "https://",
        ] {
            assert_eq!(instance.check("a", bad), Err(VariableError::NotAUrl("a".into())), "{bad:?}");
        }
        for bad in ["https://example.com", "https://na1.example.com.evil.org", "https://evil.org/na1.example.com"] {
            assert!(matches!(instance.check("a", bad), Err(VariableError::Mismatch { .. })), "{bad:?}");
        }
    }

    #[test]
    fn fields_that_do_not_belong_together_are_refused() {
        let user = || VariableEntry { example: Some("a".into()), ..entry(VariableFrom::User, "[a-z]") };
        let token = || VariableEntry { pointer: Some("/a".into()), ..entry(VariableFrom::Token, "[a-z]") };
        let callback = || VariableEntry { parameter: Some("a".into()), ..entry(VariableFrom::Callback, "[a-z]") };
        for good in [user(), token(), callback(), VariableEntry { default: Some("b".into()), ..user() }] {
            assert_eq!(Variable::new(good, Origin::Operator).err(), None);
        }
        for (bad, problem) in [
            (VariableEntry { description: None, ..user() }, "`description`: is missing"),
            (VariableEntry { example: None, ..user() }, "`example`: is missing"),
            (VariableEntry { example: Some("B".into()), ..user() }, "`example`: must be a value"),
            (VariableEntry { default: Some("B".into()), ..user() }, "`default`: must be a value"),
            (VariableEntry { pattern: "[".into(), ..user() }, "`pattern`: "),
            (VariableEntry { url_host: Some(true), ..user() }, "`from = \"user\"`"),
            (VariableEntry { pointer: Some("/a".into()), ..user() }, "`from = \"user\"`"),
            (VariableEntry { pointer: None, ..token() }, "`from = \"token\"`"),
            (VariableEntry { default: Some("b".into()), ..token() }, "`from = \"token\"`"),
            (VariableEntry { pointer: Some("a".into()), ..token() }, "`pointer`: must be a JSON pointer"),
            (VariableEntry { parameter: None, ..callback() }, "`from = \"callback\"`"),
            (VariableEntry { parameter: Some("state".into()), ..callback() }, "`parameter`: "),
        ] {
            let refusal = Variable::new(bad, Origin::Operator).expect_err("is no variable");
            assert!(refusal.contains(problem), "{refusal}, not {problem}");
        }
    }

    #[test]
    fn patterns_that_are_none_are_refused() {
        let huge = "a".repeat(MAX_PATTERN_BYTES + 1);
        for bad in ["", "(", "a)|(?:b", "[", "(?=a)", r"(a)\1", "(((a{500}){500}){500})", "(?x)a #", &huge] {
            assert!(Pattern::parse(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn a_known_pattern_that_does_not_compile_matches_nothing() {
        assert!(!Pattern::known("(").matches("("));
        assert!(Pattern::known("a+").matches("aa"));
    }
}
