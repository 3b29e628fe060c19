//! Providers whose accounts can be connected.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All providers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderList {
    /// The providers, ordered by id.
    pub items: Vec<Provider>,
}

/// A provider whose accounts can be connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// The provider's id.
    #[schema(example = "slack")]
    pub id: String,
    /// The name to show to people.
    pub name: String,
    /// How accounts are connected.
    pub r#type: ProviderType,
    /// The vendor's documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation: Option<String>,
    /// Whether accounts can be connected now. If not, the operator must register this host with the provider and set the
    /// client's id.
    pub configured: bool,
    /// Scopes that are always requested.
    pub default_scopes: Vec<String>,
    /// Values that the user must enter before connecting.
    pub variables: Vec<ProviderVariable>,
    /// The redirect URL that the operator registers with the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
}

/// How an account is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderType {
    /// In a browser: `GET /oauth/{provider}/authorize`.
    Oauth2,
    /// With a key: `POST /oauth/connections`.
    ApiKey,
}

/// A value that a provider's URLs depend on, such as the name of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderVariable {
    /// The name of the query parameter.
    pub name: String,
    /// What to ask the user for.
    pub description: String,
    /// An example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The value if the user enters none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether the user must enter a value.
    pub required: bool,
}
