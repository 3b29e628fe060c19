//! A provider as the rest of the host uses it: parsed and checked. It knows no client and holds no secret; it turns a
//! token into a [`Credential`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;
use workway_capability::fetch::Credential;
use workway_model::{HostPattern, ProviderId};

use super::{
    AccountSource, CredentialError, Placement, Template, Values, Variable, VariableError, VariableSource, schema,
};

/// What stands for the client's id in the URL of a revocation of [`RevocationStyle::Github`].
pub const CLIENT_ID: &str = "client_id";
/// How much of a name that nobody declared is repeated.
const MAX_QUOTED_CHARS: usize = 64;

/// One entry of the catalogue.
#[derive(Clone, Debug)]
pub struct Provider {
    pub id: ProviderId,
    /// For people.
    pub name: String,
    /// The vendor's page that says how it works.
    pub documentation: Option<Url>,
    /// Where a credential may be sent to. See [`Provider::hosts_for`].
    pub hosts: Vec<Template>,
    pub placement: Placement,
    pub account: AccountSource,
    pub variables: BTreeMap<String, Variable>,
    pub method: ConnectMethod,
}

/// How an account is connected.
#[derive(Clone, Debug)]
pub enum ConnectMethod {
    OAuth(Box<OAuthMethod>),
    /// Who connects pastes a key.
    ApiKey,
}

/// The authorization code grant (RFC 6749, section 4.1), and in what a vendor differs from it.
#[derive(Clone, Debug)]
pub struct OAuthMethod {
    /// Holds variables of the user alone.
    pub authorization_url: Template,
    /// Holds no variables out of the token answer.
    pub token_url: Template,
    /// Where refreshes go, if not to `token_url`.
    pub refresh_url: Option<Template>,
    /// What `iss` has to be, character by character (RFC 9207, section 2.4).
    pub issuer: Option<Template>,
    /// Whether an answer without `iss` is refused. Only where there is an `issuer`.
    pub sends_issuer: bool,
    pub revocation: Option<Revocation>,
    /// The authorization request's parameter that holds the scopes.
    pub scope_parameter: String,
    /// One character.
    pub scope_separator: String,
    /// Always asked for.
    pub default_scopes: Vec<String>,
    /// Scopes that are answered under another name: asked, answered.
    pub scope_aliases: BTreeMap<String, String>,
    /// Whether to send a challenge (RFC 7636, S256).
    pub pkce: bool,
    pub client_authentication: ClientAuthentication,
    pub token_request: TokenRequest,
    pub authorization_parameters: BTreeMap<String, String>,
    pub token_parameters: BTreeMap<String, String>,
    pub refresh: RefreshStyle,
    /// An access token's lifetime where the answer names none.
    pub expires_in_seconds: Option<u64>,
    pub token: TokenPointers,
    /// Error codes that mean `invalid_grant`, besides that one itself.
    pub invalid_grant: Vec<String>,
}

/// How client id and secret are sent to the token endpoint (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuthentication {
    /// As parameters of the body.
    #[default]
    Body,
    /// As HTTP basic authentication.
    Basic,
}

/// The body of token requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenRequest {
    /// Form-encoded.
    #[default]
    Form,
    /// A JSON object.
    Json,
}

/// What a refresh does to the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshStyle {
    /// The answer holds a new refresh token, and the old one stops working.
    Rotates,
    /// The refresh token stays.
    Keeps,
    /// There are no refresh tokens: access tokens live long.
    None,
}

/// JSON pointers (RFC 6901) into a token answer; the defaults are the names of RFC 6749, section 5.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenPointers {
    /// Where the access token is.
    #[schemars(with = "schema::JsonPointer")]
    pub access: String,
    /// Where the refresh token is.
    #[schemars(with = "schema::JsonPointer")]
    pub refresh: String,
    /// Where the lifetime in seconds is.
    #[schemars(with = "schema::JsonPointer")]
    pub expires_in: String,
    /// Where the granted scopes are.
    #[schemars(with = "schema::JsonPointer")]
    pub scope: String,
}

impl Default for TokenPointers {
    fn default() -> Self {
        Self {
            access: "/access_token".to_owned(),
            refresh: "/refresh_token".to_owned(),
            expires_in: "/expires_in".to_owned(),
            scope: "/scope".to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Has the variable `client_id` where the style is [`RevocationStyle::Github`], and nowhere else.
    pub url: Template,
    pub style: RevocationStyle,
}

/// How tokens are revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationStyle {
    /// POST of the form `token=...` with client authentication (RFC 7009, section 2.1).
    Rfc7009,
    /// POST without a body; the access token goes where the API takes it.
    BearerPost,
    /// GET; the access token goes where the API takes it.
    BearerGet,
    /// DELETE without a body; the access token goes where the API takes it.
    BearerDelete,
    /// POST of the form `token=...` without client authentication.
    TokenPost,
    /// DELETE with basic client authentication and the JSON `{"access_token"}`.
    Github,
}

impl Provider {
    /// A provider of which only the hosts are known: its token is a bearer token that somebody pastes.
    pub(super) fn bare(id: ProviderId) -> Self {
        Self {
            name: id.to_string(),
            id,
            documentation: None,
            hosts: Vec::new(),
            placement: Placement::bearer(),
            account: AccountSource::None,
            variables: BTreeMap::new(),
            method: ConnectMethod::ApiKey,
        }
    }

    pub fn oauth(&self) -> Option<&OAuthMethod> {
        match &self.method {
            ConnectMethod::OAuth(oauth) => Some(oauth),
            ConnectMethod::ApiKey => None,
        }
    }

    /// The user's variables out of what was given, completed by defaults. Variables from elsewhere are not taken.
    ///
    /// # Errors
    /// [`VariableError::Unknown`], [`VariableError::Missing`], and those of [`Variable::check`].
    pub fn user_values(&self, given: &Values) -> Result<Values, VariableError> {
        let of_user = |name: &str| match self.variables.get(name).map(|variable| &variable.source) {
            Some(VariableSource::User { .. }) => true,
            Some(VariableSource::Token { .. } | VariableSource::Callback { .. }) | None => false,
        };
        if let Some(unknown) = given.keys().find(|name| !of_user(name)) {
            return Err(VariableError::Unknown(unknown.chars().take(MAX_QUOTED_CHARS).collect()));
        }
        let mut values = Values::new();
        for (name, variable) in &self.variables {
            let VariableSource::User { default } = &variable.source else { continue };
            let text = given.get(name).or(default.as_ref()).ok_or_else(|| VariableError::Missing(name.clone()))?;
            values.insert(name.clone(), variable.check(name, text)?);
        }
        Ok(values)
    }

    /// The variables of the redirect back. `parameter` answers the value of a query parameter.
    ///
    /// # Errors
    /// [`VariableError::Missing`], and those of [`Variable::check`].
    pub fn callback_values(&self, parameter: impl Fn(&str) -> Option<String>) -> Result<Values, VariableError> {
        let mut values = Values::new();
        for (name, variable) in &self.variables {
            let VariableSource::Callback { parameter: told } = &variable.source else { continue };
            let text = parameter(told).ok_or_else(|| VariableError::Missing(name.clone()))?;
            values.insert(name.clone(), variable.check(name, &text)?);
        }
        Ok(values)
    }

    /// The hosts of one connection.
    ///
    /// # Errors
    /// Where a variable of them is missing, or makes no host.
    pub fn hosts_for(&self, values: &Values) -> Result<Vec<HostPattern>, VariableError> {
        self.hosts.iter().map(|host| host.render_host(values)).collect()
    }

    /// The credential of one connection: its token, where the API takes it, for the connection's hosts.
    ///
    /// # Errors
    /// As [`Provider::hosts_for`], and where the token does not fit into a request.
    pub fn credential(&self, token: &SecretString, values: &Values) -> Result<Credential, CredentialError> {
        self.placement.credential(token, values, self.hosts_for(values)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::provider;

    const SHOP: &str = r#"
        [shop]
        name = "Shop"
        type = "oauth2"
        hosts = ["{shop}.example.com", "{instance}"]
        authorization_url = "https://{login}/authorize"
        token_url = "https://{login}/{realm}/token"
        default_scopes = []
        pkce = true
        refresh = "none"
        placement = { header = "x-token", value = "{token}" }
        account = { from = "none" }
        variables.shop = { from = "user", pattern = "[a-z]+", description = "The shop", example = "acme" }
        variables.login = { from = "user", pattern = '[a-z]+\.example\.com', description = "x", example = "a.example.com", default = "login.example.com" }
        variables.instance = { from = "token", pointer = "/at/0", url_host = true, pattern = '[a-z0-9]+\.example\.net' }
        variables.realm = { from = "callback", parameter = "realmId", pattern = "[0-9]+" }
    "#;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_users_values_are_checked_and_completed() {
        let shop = provider(SHOP);
        let taken = shop.user_values(&values(&[("shop", "acme")]));
        assert_eq!(taken, Ok(values(&[("shop", "acme"), ("login", "login.example.com")])));
        for (given, refusal) in [
            (values(&[]), VariableError::Missing("shop".into())),
            (values(&[("shop", "acme"), ("other", "x")]), VariableError::Unknown("other".into())),
            (values(&[("shop", "acme"), ("instance", "a.example.net")]), VariableError::Unknown("instance".into())),
            (values(&[("shop", "acme"), ("realm", "1")]), VariableError::Unknown("realm".into())),
            (values(&[("shop", "a/b")]), VariableError::Characters("shop".into())),
            (values(&[("shop", "a.b")]), VariableError::Mismatch { name: "shop".into(), example: Some("acme".into()) }),
        ] {
            assert_eq!(shop.user_values(&given), Err(refusal));
        }
        let long = shop.user_values(&values(&[(&"x".repeat(1_000), "")])).expect_err("is unknown");
        assert!(long.to_string().len() < 200);
    }

    #[test]
    fn values_are_taken_out_of_the_redirect_back() {
        let shop = provider(SHOP);
        let query = |name: &str| (name == "realmId").then(|| "12".to_owned());
        assert_eq!(shop.callback_values(query), Ok(values(&[("realm", "12")])));
        assert_eq!(shop.callback_values(|_| None), Err(VariableError::Missing("realm".into())));
        assert!(shop.callback_values(|_| Some("x".into())).is_err());
    }

    #[test]
    fn a_credential_is_for_the_connections_hosts() {
        let shop = provider(SHOP);
        let of_acme = values(&[("shop", "acme"), ("instance", "na1.example.net")]);
        let hosts: Vec<_> = shop.hosts_for(&of_acme).expect("is complete").iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["acme.example.com", "na1.example.net"]);
        let credential = shop.credential(&"s3cr3t".into(), &of_acme).expect("is complete");
        let printed = format!("{credential:?}");
        assert!(printed.contains("acme.example.com") && !printed.contains("s3cr3t"), "{printed}");
        let refusal = shop.credential(&"s3cr3t".into(), &values(&[("shop", "acme")])).expect_err("is incomplete");
        assert_eq!(refusal, CredentialError::Variable(VariableError::Missing("instance".into())));
        let address = values(&[("shop", "acme"), ("instance", "10.0.0.1")]);
        assert_eq!(shop.hosts_for(&address), Err(VariableError::Host("{instance}".into())));
    }
}
