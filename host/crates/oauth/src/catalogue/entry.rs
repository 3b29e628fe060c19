//! What an entry of the providers file looks like: `serde` shapes without any judgement, which is `check`'s. Unknown
//! fields are refused everywhere.
//!
//! Tables of several forms (`account`, `placement`, a variable) are one shape with everything optional: the errors of
//! tagged and untagged enums name no field.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use super::provider::{ClientAuthentication, RefreshStyle, RevocationStyle, TokenRequest};

/// `type = "oauth2"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuthEntry {
    pub name: String,
    /// Was looked at to take this shape.
    #[serde(rename = "type")]
    _type: IgnoredAny,
    pub documentation: Option<String>,
    pub hosts: Vec<String>,
    pub authorization_url: String,
    pub token_url: String,
    pub refresh_url: Option<String>,
    pub issuer: Option<String>,
    #[serde(default)]
    pub sends_issuer: bool,
    pub revocation: Option<RevocationEntry>,
    #[serde(default = "scope_parameter")]
    pub scope_parameter: String,
    #[serde(default = "scope_separator")]
    pub scope_separator: String,
    pub default_scopes: Vec<String>,
    #[serde(default)]
    pub scope_aliases: BTreeMap<String, String>,
    pub pkce: bool,
    #[serde(default)]
    pub client_authentication: ClientAuthentication,
    #[serde(default)]
    pub token_request: TokenRequest,
    #[serde(default)]
    pub authorization_parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub token_parameters: BTreeMap<String, String>,
    pub refresh: RefreshStyle,
    pub expires_in_seconds: Option<u64>,
    #[serde(default)]
    pub token: TokenEntry,
    #[serde(default)]
    pub invalid_grant: Vec<String>,
    pub placement: Option<PlacementEntry>,
    pub account: AccountEntry,
    #[serde(default)]
    pub variables: BTreeMap<String, VariableEntry>,
}

/// `type = "api-key"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyEntry {
    pub name: String,
    #[serde(rename = "type")]
    _type: IgnoredAny,
    pub documentation: Option<String>,
    pub hosts: Vec<String>,
    pub placement: PlacementEntry,
    #[serde(default)]
    pub account: AccountEntry,
    #[serde(default)]
    pub variables: BTreeMap<String, VariableEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationEntry {
    pub url: String,
    pub style: RevocationStyle,
}

/// JSON pointers into a token answer; the defaults are the names of RFC 6749, section 5.1.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenEntry {
    pub access: Option<String>,
    pub refresh: Option<String>,
    pub expires_in: Option<String>,
    pub scope: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlacementEntry {
    pub header: Option<String>,
    pub value: Option<String>,
    pub base64: Option<String>,
    pub query: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountEntry {
    pub from: AccountFrom,
    pub url: Option<String>,
    pub method: Option<AccountMethod>,
    pub body: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub label: Vec<String>,
    #[serde(default)]
    pub id: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AccountFrom {
    #[default]
    None,
    Token,
    IdToken,
    Url,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum AccountMethod {
    Get,
    Post,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariableEntry {
    pub from: VariableFrom,
    pub pattern: String,
    pub description: Option<String>,
    pub example: Option<String>,
    pub default: Option<String>,
    pub pointer: Option<String>,
    pub url_host: Option<bool>,
    pub parameter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum VariableFrom {
    User,
    Token,
    Callback,
}

fn scope_parameter() -> String {
    "scope".to_owned()
}

fn scope_separator() -> String {
    " ".to_owned()
}
