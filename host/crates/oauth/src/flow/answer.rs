//! What a provider sends back through the browser (RFC 6749, section 4.1.2). All of it is hostile until state, session and
//! issuer are checked; nothing of it is ever printed but an error's code and description, cleaned.

use std::fmt;

use secrecy::SecretString;
use url::form_urlencoded;
use workway_providers::{Provider, Values};

use super::error::FlowError;
use crate::foreign_text::{MAX_CODE_CHARS, MAX_DESCRIPTION_CHARS, cleaned};

/// The longest query that is read, in bytes.
const MAX_QUERY_BYTES: usize = 16 * 1_024;
/// The longest authorization code, in bytes.
const MAX_CODE_BYTES: usize = 2_048;
/// RFC 6749, section 4.1.2.1.
const ACCESS_DENIED: &str = "access_denied";

/// The query of the redirect back.
#[derive(Clone, Default)]
pub struct Callback {
    pub state: Option<String>,
    pub code: Option<String>,
    /// RFC 9207's `iss`.
    pub issuer: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
    /// All the others; some are variables of the connection.
    pub parameters: Values,
}

impl Callback {
    /// # Errors
    /// [`FlowError::InvalidCallback`] where a parameter comes twice (RFC 6749, section 3.1): whoever checks the one may not
    /// be who uses the other.
    pub fn parse(query: &str) -> Result<Self, FlowError> {
        if query.len() > MAX_QUERY_BYTES {
            return invalid(format!("its query must have at most {MAX_QUERY_BYTES} bytes (got {})", query.len()));
        }
        let mut callback = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            let before = match &*name {
                "state" => callback.state.replace(value),
                "code" => callback.code.replace(value),
                "iss" => callback.issuer.replace(value),
                "error" => callback.error.replace(value),
                "error_description" => callback.error_description.replace(value),
                _ => callback.parameters.insert(name.into_owned(), value),
            };
            if before.is_some() {
                return invalid("a parameter occurs twice");
            }
        }
        Ok(callback)
    }

    /// The code, if the provider gave one. To be asked after state and issuer are checked.
    pub(super) fn code(&self) -> Result<SecretString, FlowError> {
        if let Some(code) = &self.error {
            let description = self.error_description.as_deref().unwrap_or_default();
            let description = cleaned(description, MAX_DESCRIPTION_CHARS);
            if code == ACCESS_DENIED {
                return Err(FlowError::ProviderDenied { description });
            }
            return Err(FlowError::ProviderError { code: cleaned(code, MAX_CODE_CHARS), description });
        }
        match self.code.as_deref() {
            None | Some("") => invalid("the parameter `code` is missing"),
            // RFC 6749, appendix A.11.
            Some(code) if code.len() <= MAX_CODE_BYTES && code.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
                Ok(code.into())
            }
            Some(_) => invalid(format!("the code must be at most {MAX_CODE_BYTES} printable ASCII characters")),
        }
    }

    /// The `from = "callback"` variables of a provider.
    pub(super) fn values(&self, provider: &Provider) -> Result<Values, FlowError> {
        let found = provider.callback_values(|parameter| self.parameters.get(parameter).cloned());
        found.map_err(|error| FlowError::InvalidCallback(error.to_string()))
    }
}

fn invalid<T>(problem: impl Into<String>) -> Result<T, FlowError> {
    Err(FlowError::InvalidCallback(problem.into()))
}

impl fmt::Debug for Callback {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Callback([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use workway_providers::Values;

    use super::{Callback, FlowError, MAX_CODE_BYTES, MAX_QUERY_BYTES};
    use crate::flow::tests::entry;

    fn callback(query: &str) -> Callback {
        Callback::parse(query).unwrap()
    }

    fn code(query: &str) -> Result<String, FlowError> {
        callback(query).code().map(|code| code.expose_secret().to_owned())
    }

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = callback("code=s3cr3t%2F1+2&state=s3cr3t&iss=https%3A%2F%2Fa.example&realmId=7&scope=a+b");
        assert_eq!(answer.code().unwrap().expose_secret(), "s3cr3t/1 2");
        assert_eq!(answer.issuer.as_deref(), Some("https://a.example"));
        let others = [("realmId", "7"), ("scope", "a b")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(answer.parameters, Values::from(others));
        assert!(!format!("{answer:?}").contains("s3cr3t"));
        assert!(callback("").state.is_none());
    }

    #[test]
    fn no_parameter_comes_twice() {
        for name in ["state", "code", "iss", "error", "error_description", "realmId"] {
            for query in [
                format!("{name}=a&{name}=a"),
                format!("{name}=a&x=1&{name}="),
                format!("{name}&%{:02x}{}", name.as_bytes()[0], &name[1..]) + "=a",
            ] {
                assert!(matches!(Callback::parse(&query), Err(FlowError::InvalidCallback(_))), "{query}");
            }
        }
        assert!(Callback::parse(&"a".repeat(MAX_QUERY_BYTES + 1)).is_err());
    }

    #[test]
    fn a_code_that_is_none_is_refused_without_being_quoted() {
        let longest = format!("code={}", "s".repeat(MAX_CODE_BYTES));
        assert!(code(&longest).is_ok());
        for query in
            ["", "state=a", "code=", "code", "code=s3cr3t%0a", "code=s3cr3t%00", "code=s3cr3t%C3%A9", "code=s3cr3t%FF"]
                .into_iter()
                .map(str::to_owned)
                .chain([longest + "s"])
        {
            let Err(FlowError::InvalidCallback(text)) = code(&query) else { panic!("{query} was taken") };
            assert!(!text.contains("s3cr3t"), "{text}");
        }
    }

    #[test]
    fn an_error_counts_more_than_a_code_and_is_cleaned() {
        let denied = code("error=access_denied&code=s3cr3t&error_description=no%0Away");
        assert_eq!(denied, Err(FlowError::ProviderDenied { description: "noway".into() }));
        let Err(FlowError::ProviderError { code, description }) =
            code(&format!("error={}%0d&error_description=%3Cb%3E{}", "x".repeat(500), "y".repeat(5_000)))
        else {
            panic!("no error")
        };
        assert_eq!((code.len(), description.len()), (64, 256));
        assert!(code.starts_with("xx") && description.starts_with("<b>yy"));
    }

    #[test]
    fn a_variable_of_the_answer_is_checked() {
        let realm = |query: &str| callback(query).values(&entry("books"));
        assert_eq!(realm("realmId=123&other=x"), Ok(Values::from([("realm".into(), "123".into())])));
        for query in ["", "realmId=", "realmId=1/../2", "realmId=s3cr3t", "realm=123"] {
            let Err(FlowError::InvalidCallback(text)) = realm(query) else { panic!("{query} was taken") };
            assert!(text.contains("realm") && !text.contains("s3cr3t"), "{text}");
        }
        assert_eq!(callback("realmId=s3cr3t").values(&entry("plain")), Ok(Values::new()));
    }
}
