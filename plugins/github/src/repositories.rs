//! The action that reads a repository.

use workway_sdk::prelude::*;

use crate::client::{Client, repository_path};
use crate::model::User;

/// Which repository to read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GetRepository {
    /// The account that the repository belongs to.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$"))]
    owner: String,
    /// The repository's name, without the owner.
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,100}$"))]
    repo: String,
}

/// A repository's facts.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase"))]
pub(crate) struct Repository {
    id: i64,
    name: String,
    /// `owner/name`.
    full_name: String,
    owner: User,
    private: bool,
    /// The repository's page.
    html_url: String,
    description: Option<String>,
    homepage: Option<String>,
    fork: bool,
    archived: bool,
    default_branch: String,
    /// The main programming language.
    language: Option<String>,
    #[serde(default)]
    topics: Vec<String>,
    license: Option<License>,
    stargazers_count: i64,
    forks_count: i64,
    /// Open issues and pull requests.
    open_issues_count: i64,
    /// ISO 8601.
    created_at: Option<String>,
    /// ISO 8601.
    updated_at: Option<String>,
    /// When somebody last pushed, ISO 8601.
    pushed_at: Option<String>,
}

/// A licence, as far as GitHub recognised it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase"))]
struct License {
    name: String,
    /// The SPDX identifier.
    spdx_id: Option<String>,
}

/// Reads one repository's facts.
#[action(provider = "github", idempotent)]
pub(crate) fn get_repository(ctx: &Context, input: GetRepository) -> Result<Repository> {
    let path = repository_path(&input.owner, &input.repo, "")?;
    Client::for_reading(ctx)?.get(&path)
}
