//! Users, their API tokens, and the caller of a request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{secret::Secret, time::Timestamp};

/// An e-mail address; the part before the `@` has at most 64 characters. Write an international domain in its `xn--` form.
#[derive(ToSchema)]
#[schema(
    example = "ann@example.com",
    max_length = 254,
    pattern = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
)]
#[expect(dead_code, reason = "only a schema: the form of a text")]
pub(crate) struct EmailAddress(String);

/// Registers a user.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Registration {
    /// The user's e-mail address.
    #[schema(value_type = EmailAddress)]
    pub email: String,
    /// 10 to 1,024 characters. Only its hash is stored.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1024)]
    pub password: Secret,
}

/// The answer to a registration. It is the same whether or not the address was registered before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationAnswer {
    /// What to do next, for people.
    pub message: String,
}

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// Run actions.
    #[serde(rename = "actions:execute")]
    ActionsExecute,
    /// List, create and delete connections.
    #[serde(rename = "connections")]
    Connections,
    /// Install and review workflows.
    #[serde(rename = "marketplace")]
    Marketplace,
    /// Publish workflows and edit the developer profile.
    #[serde(rename = "publish")]
    Publish,
    /// List, create and revoke tokens.
    #[serde(rename = "account")]
    Account,
}

/// Creates a token: with `email` and `password`, or with neither and a token in `Authorization`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApiToken {
    /// The user's e-mail address, to log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<EmailAddress>)]
    pub email: Option<String>,
    /// The user's password, to log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password, max_length = 1024)]
    pub password: Option<Secret>,
    /// A name to tell tokens apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "laptop", max_length = 80, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    pub name: Option<String>,
    /// What the token allows. By default everything, or everything that the requesting token allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1)]
    pub scopes: Option<Vec<Scope>>,
    /// When the token expires: at most 366 days from now, and not later than the requesting token. By default in 30 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A token without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    /// The token's id.
    #[schema(example = "tok_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    pub id: String,
    /// The name to tell tokens apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The first characters of the token.
    #[schema(example = "wway_x7Kq2a")]
    pub prefix: String,
    /// What the token allows.
    pub scopes: Vec<Scope>,
    /// When the token was created.
    pub created_at: Timestamp,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// When the token was last used, to the minute. Absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A new token. No other answer contains the token's text.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedApiToken {
    /// The token. Send it as `Authorization: Bearer …`.
    #[schema(value_type = String, example = "wway_…")]
    pub token: Secret,
    /// The token without its text.
    #[serde(flatten)]
    pub summary: ApiToken,
}

/// The active tokens of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiTokenList {
    /// The tokens, newest first.
    pub items: Vec<ApiToken>,
}

/// Who made the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// `usr_…`; `operator` with the operator's token, `dev` without a token in development mode.
    #[schema(example = "usr_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    pub user: String,
    /// Whether the caller is an administrator.
    pub kind: CallerKind,
    /// The user's e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the caller may do.
    pub scopes: Vec<Scope>,
    /// The user's developer profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer: Option<CallerDeveloper>,
    /// The token of this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<CallerToken>,
}

/// Whether a caller is an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallerKind {
    /// The operator, or anyone in development mode.
    Admin,
    /// A registered user.
    User,
}

/// The developer profile of a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallerDeveloper {
    /// The developer's id.
    #[schema(example = "dev_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    pub id: String,
    /// The developer's name in URLs.
    #[schema(example = "ann")]
    pub slug: String,
}

/// The token of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallerToken {
    /// The token's id.
    #[schema(example = "tok_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    pub id: String,
    /// When the token expires.
    pub expires_at: Timestamp,
}
