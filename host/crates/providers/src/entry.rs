//! What an entry of the providers file looks like: `serde` shapes without any judgement, which is `check`'s. Unknown
//! fields are refused everywhere. The attributes of `schemars` say to editors what `check` says to operators.
//!
//! Tables of several forms (`account`, `placement`, a variable) are one shape with everything optional: the errors of
//! tagged and untagged enums name no field.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    account::{MAX_HEADERS, MAX_POINTERS},
    check::{
        MAX_EXPIRES_IN_SECONDS, MAX_HOSTS, MAX_PARAMETERS, MAX_SCOPES, MAX_VARIABLES, RESERVED_IN_AUTHORIZATION,
        RESERVED_IN_TOKEN_REQUEST, RESERVED_VARIABLES,
    },
    provider::{ClientAuthentication, RefreshStyle, RevocationStyle, TokenPointers, TokenRequest},
    schema::{self, PARAMETER_NAME, VARIABLE_NAME},
};

/// A provider whose access tokens come from OAuth 2.0's authorization code grant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependentRequired" = {"sends_issuer": ["issuer"]}))]
pub(super) struct OAuthEntry {
    /// The provider's name for people, e.g. "Slack".
    #[schemars(with = "schema::Name")]
    pub name: String,
    /// The kind of entry: OAuth 2.0, authorization code grant.
    // The shape was chosen by it.
    #[serde(rename = "type")]
    #[schemars(with = "String", extend("const" = "oauth2"))]
    _type: IgnoredAny,
    /// The vendor's page that says how its OAuth works.
    #[schemars(with = "schema::PageUrl")]
    pub documentation: Option<String>,
    /// The hosts that the credential may be sent to, as narrow as the vendor's API allows.
    #[schemars(with = "BTreeSet<schema::HostPattern>", length(min = 1, max = MAX_HOSTS))]
    pub hosts: Vec<String>,
    /// The authorization endpoint.
    #[schemars(with = "schema::Url")]
    pub authorization_url: String,
    /// The token endpoint.
    #[schemars(with = "schema::Url")]
    pub token_url: String,
    /// Where refresh requests go, if not to `token_url`.
    #[schemars(with = "Option<schema::Url>")]
    pub refresh_url: Option<String>,
    /// The issuer that the vendor states, and may send as `iss` in the authorization response or in an ID token.
    #[schemars(with = "Option<schema::Issuer>")]
    pub issuer: Option<String>,
    /// Whether the vendor states that every authorization response has `iss` (RFC 9207). Responses without it are refused.
    #[serde(default)]
    pub sends_issuer: bool,
    /// How a token is revoked. Left out where the vendor has no revocation, or needs anything else.
    pub revocation: Option<RevocationEntry>,
    /// The parameter of the authorization request that holds the scopes.
    #[serde(default = "scope_parameter")]
    #[schemars(with = "schema::ParameterName")]
    pub scope_parameter: String,
    /// What separates scopes in the authorization request.
    #[serde(default = "scope_separator")]
    #[schemars(with = "schema::ScopeSeparator")]
    pub scope_separator: String,
    /// Scopes that are always requested: what the account lookup and refresh tokens need. May be empty.
    #[schemars(with = "BTreeSet<schema::Scope>", length(max = MAX_SCOPES))]
    pub default_scopes: Vec<String>,
    /// Scopes that the vendor answers under another name than they are requested by: requested = answered.
    #[serde(default)]
    #[schemars(
        with = "BTreeMap<String, schema::Scope>",
        extend("minProperties" = 1, "maxProperties" = MAX_SCOPES, "propertyNames" = {"$ref": "#/$defs/Scope"})
    )]
    pub scope_aliases: BTreeMap<String, String>,
    /// Whether the vendor documents PKCE S256 for confidential (web) clients, or states that it ignores the parameters.
    pub pkce: bool,
    /// How the client's id and secret are sent to the token endpoint.
    #[serde(default)]
    pub client_authentication: ClientAuthentication,
    /// The encoding of token requests.
    #[serde(default)]
    pub token_request: TokenRequest,
    /// Further parameters of the authorization request.
    #[serde(default)]
    #[schemars(
        with = "BTreeMap<String, schema::ParameterValue>",
        extend(
            "minProperties" = 1,
            "maxProperties" = MAX_PARAMETERS,
            "propertyNames" = schema::names(PARAMETER_NAME, &RESERVED_IN_AUTHORIZATION)
        )
    )]
    pub authorization_parameters: BTreeMap<String, String>,
    /// Further parameters of token requests.
    #[serde(default)]
    #[schemars(
        with = "BTreeMap<String, schema::ParameterValue>",
        extend(
            "minProperties" = 1,
            "maxProperties" = MAX_PARAMETERS,
            "propertyNames" = schema::names(PARAMETER_NAME, &RESERVED_IN_TOKEN_REQUEST)
        )
    )]
    pub token_parameters: BTreeMap<String, String>,
    /// What a refresh does to the refresh token.
    pub refresh: RefreshStyle,
    /// The lifetime of an access token that expires without the answer saying when.
    #[schemars(range(min = 1, max = MAX_EXPIRES_IN_SECONDS))]
    pub expires_in_seconds: Option<u64>,
    /// Where the token answer differs from RFC 6749.
    #[serde(default)]
    #[schemars(extend("minProperties" = 1))]
    pub token: TokenPointers,
    /// Further error codes of the token endpoint that mean `invalid_grant`.
    #[serde(default)]
    #[schemars(with = "BTreeSet<schema::ErrorCode>", length(min = 1))]
    pub invalid_grant: Vec<String>,
    /// Where an API request carries the token.
    #[schemars(extend("default" = {"header": "authorization", "value": "Bearer {token}"}))]
    pub placement: Option<PlacementEntry>,
    /// Where the account's label and id come from.
    pub account: AccountEntry,
    /// The variables that URLs, hosts and templates of this entry name.
    #[serde(default)]
    #[schemars(extend(
        "minProperties" = 1,
        "maxProperties" = MAX_VARIABLES,
        "propertyNames" = schema::names(VARIABLE_NAME, &RESERVED_VARIABLES)
    ))]
    pub variables: BTreeMap<String, VariableEntry>,
}

/// A provider whose API takes a key that the user pastes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyEntry {
    /// The provider's name for people, e.g. "Slack".
    #[schemars(with = "schema::Name")]
    pub name: String,
    /// The kind of entry: a key that the user pastes.
    #[serde(rename = "type")]
    #[schemars(with = "String", extend("const" = "api-key"))]
    _type: IgnoredAny,
    /// The vendor's page that says how its API keys work.
    #[schemars(with = "schema::PageUrl")]
    pub documentation: Option<String>,
    /// The hosts that the key may be sent to, as narrow as the vendor's API allows.
    #[schemars(with = "BTreeSet<schema::HostPattern>", length(min = 1, max = MAX_HOSTS))]
    pub hosts: Vec<String>,
    /// Where an API request carries the key.
    pub placement: PlacementEntry,
    /// Where the account's label and id come from. A key has no token answer.
    #[serde(default)]
    #[schemars(extend("default" = {"from": "none"}, "properties" = {"from": {"enum": ["none", "url"]}}))]
    pub account: AccountEntry,
    /// The variables that URLs, hosts and templates of this entry name. The user gives all of them.
    #[serde(default)]
    #[schemars(extend(
        "minProperties" = 1,
        "maxProperties" = MAX_VARIABLES,
        "propertyNames" = schema::names(VARIABLE_NAME, &RESERVED_VARIABLES),
        "additionalProperties" = {"$ref": "#/$defs/VariableEntry", "properties": {"from": {"const": "user"}}}
    ))]
    pub variables: BTreeMap<String, VariableEntry>,
}

/// How a token is revoked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("allOf" = schema::revocation_forms()))]
pub(super) struct RevocationEntry {
    /// The revocation endpoint. With the style `github` it holds {client_id}.
    #[schemars(with = "schema::Url")]
    pub url: String,
    /// What the request looks like.
    pub style: RevocationStyle,
}

/// Where an API request carries the token: in a header, or in the query.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = schema::placement_forms()))]
pub(super) struct PlacementEntry {
    /// The name of the header.
    #[schemars(with = "Option<schema::HeaderName>")]
    pub header: Option<String>,
    /// The value of the header. {token} stands for the token, {base64} for what `base64` gives, encoded.
    #[schemars(with = "Option<schema::HeaderTemplate>")]
    pub value: Option<String>,
    /// What is encoded as base64. {token} stands for the token.
    #[schemars(with = "Option<schema::HeaderTemplate>")]
    pub base64: Option<String>,
    /// The name of the query parameter that holds the token.
    #[schemars(with = "Option<schema::QueryName>")]
    pub query: Option<String>,
}

/// Where the account's label and id come from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("allOf" = schema::account_forms()))]
pub(super) struct AccountEntry {
    /// What the pointers lead into.
    pub from: AccountFrom,
    /// The URL of the request. Its host is one of `hosts`.
    #[schemars(with = "Option<schema::Url>")]
    pub url: Option<String>,
    /// The method of the request.
    #[schemars(extend("default" = "GET"))]
    pub method: Option<AccountMethod>,
    /// The body of the request: JSON, and only with POST.
    #[schemars(with = "Option<schema::JsonText>")]
    pub body: Option<String>,
    /// Further headers of the request; names in lower case.
    #[serde(default)]
    #[schemars(
        with = "BTreeMap<String, schema::HeaderValue>",
        extend("minProperties" = 1, "maxProperties" = MAX_HEADERS, "propertyNames" = schema::account_header_names())
    )]
    pub headers: BTreeMap<String, String>,
    /// Where the account's label is: an e-mail address or a workspace's name, for people. The first pointer that leads to a
    /// text or a number wins.
    #[serde(default)]
    #[schemars(with = "BTreeSet<schema::JsonPointer>", length(min = 1, max = MAX_POINTERS))]
    pub label: Vec<String>,
    /// Where the account's id is, which never changes. The first pointer that leads to a text or a number wins.
    #[serde(default)]
    #[schemars(with = "BTreeSet<schema::JsonPointer>", length(min = 1, max = MAX_POINTERS))]
    pub id: Vec<String>,
}

/// What an account's pointers lead into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AccountFrom {
    /// Nothing: the vendor tells nothing about the account.
    #[default]
    None,
    /// The token answer.
    Token,
    /// The claims of the ID token in the token answer.
    IdToken,
    /// The JSON answer to a request with the credential.
    Url,
}

/// The method of an account request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
pub(super) enum AccountMethod {
    Get,
    Post,
}

/// Where the value of a variable comes from, and what it can be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("allOf" = schema::variable_forms()))]
pub(super) struct VariableEntry {
    /// Where the value comes from.
    pub from: VariableFrom,
    /// What the whole value must match.
    #[schemars(with = "schema::Pattern")]
    pub pattern: String,
    /// What the user is asked for.
    #[schemars(with = "Option<schema::Words>")]
    pub description: Option<String>,
    /// An example for the user.
    #[schemars(with = "Option<schema::VariableValue>")]
    pub example: Option<String>,
    /// The value where the user gives none.
    #[schemars(with = "Option<schema::VariableValue>")]
    pub default: Option<String>,
    /// Where in the token answer the value is.
    #[schemars(with = "Option<schema::JsonPointer>")]
    pub pointer: Option<String>,
    /// Whether the value is the host of the URL that is there.
    #[schemars(extend("default" = false))]
    pub url_host: Option<bool>,
    /// The query parameter of the redirect back that holds the value.
    #[schemars(with = "Option<schema::CallbackParameter>")]
    pub parameter: Option<String>,
}

/// Where the value of a variable comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum VariableFrom {
    /// The user is asked before the flow starts.
    User,
    /// It is in the token answer.
    Token,
    /// It is in the query of the redirect back.
    Callback,
}

fn scope_parameter() -> String {
    "scope".to_owned()
}

fn scope_separator() -> String {
    " ".to_owned()
}
