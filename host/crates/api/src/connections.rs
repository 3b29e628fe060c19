//! Connections: accounts of a user at a provider. No answer contains a token.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};

use crate::{secret::Secret, time::Timestamp};

/// A scope, in the provider's own words.
#[derive(ToSchema)]
#[schema(example = "chat:write", min_length = 1, max_length = 256, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
#[expect(dead_code, reason = "only a schema: the form of a text")]
pub(crate) struct ProviderScope(String);

/// A connected account, without its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The connection's id.
    pub id: String,
    /// The provider's id.
    #[schema(example = "slack")]
    pub provider: String,
    /// A label of the account: an e-mail address, a workspace name.
    pub account: String,
    /// The scopes that the provider granted.
    pub scopes: Vec<String>,
    /// Whether this is the provider's default connection, which calls use unless they name another one.
    pub default: bool,
    /// Whether the connection can be used.
    pub status: ConnectionStatus,
    /// Why the account must be connected again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the access token expires. A token that can be renewed is renewed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Values that the account's URLs depend on.
    pub variables: BTreeMap<String, String>,
}

/// Whether a connection can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionStatus {
    /// It can be used.
    Active,
    /// The user must connect the account again.
    NeedsReconnect,
}

/// The connections of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionList {
    /// The connections, ordered by provider.
    pub items: Vec<Connection>,
}

/// Connects an account with an existing token or API key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConnection {
    /// The provider's id, from `GET /oauth/providers`.
    #[schema(example = "github", pattern = "^[a-z][a-z0-9-]*$", max_length = 64)]
    pub provider: String,
    /// The provider's access token, or its API key. Stored encrypted, and never returned.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 16384, pattern = "^[!-~]+$")]
    pub access_token: Secret,
    /// The token that renews the access token. Stored encrypted, and never returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 16384, pattern = "^[!-~]+$")]
    pub refresh_token: Option<Secret>,
    /// A label of the account: an e-mail address, a workspace name. A connection with the same label is replaced.
    #[schema(min_length = 1, max_length = 256, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
    pub account: String,
    /// The scopes that the provider granted. An API key has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ProviderScope>>, max_items = 200)]
    pub scopes: Option<BTreeSet<String>>,
    /// When the access token expires. Absent if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Values that the account's URLs depend on, by the names in `GET /oauth/providers`.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// Makes a connection the default connection of its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionChange {
    /// Must be `true`. The provider's previous default connection stops being the default.
    #[schema(schema_with = only_true)]
    pub default: bool,
}

/// `false` would leave a provider without a default connection.
fn only_true() -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).build()
}

/// A connection that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeletedConnection {
    /// Whether the provider revoked the token, too.
    pub revoked: Revocation,
}

/// Whether a provider revoked a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Revocation {
    /// The provider revoked it.
    Yes,
    /// The provider was asked and did not. The user should check the provider's page of connected applications.
    No,
    /// The provider has no way to revoke tokens.
    NotSupported,
}

/// Where to send the user to connect an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// The provider's page. Open it in the browser (or with the cookie jar) that got this answer's cookie.
    pub url: String,
    /// When the flow expires.
    pub expires_at: Timestamp,
}
