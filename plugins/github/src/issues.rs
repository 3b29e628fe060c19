//! The actions on a repository's issues.

use serde_json::json;
use workway_sdk::prelude::*;

use crate::client::{Client, repository_path};
use crate::model::{Comment, Issue};
use crate::paging::Cursor;

/// Which issues to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListIssues {
    /// The account that the repository belongs to.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$"))]
    owner: String,
    /// The repository's name, without the owner.
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,100}$"))]
    repo: String,
    /// `open` unless given.
    state: Option<StateFilter>,
    /// Only issues that have all of these labels.
    #[serde(default)]
    #[schemars(inner(length(min = 1)))]
    labels: Vec<String>,
    /// Only issues assigned to this account; `none` and `*` mean nobody and anybody.
    #[schemars(length(min = 1))]
    assignee: Option<String>,
    /// Only issues updated at this time or later, ISO 8601.
    #[schemars(extend("format" = "date-time"))]
    since: Option<String>,
    /// How many to a page; 30 unless given.
    #[schemars(range(min = 1, max = 100))]
    per_page: Option<u8>,
    /// The `nextCursor` of the page before, with the same filters.
    #[schemars(length(min = 1, max = 1000))]
    cursor: Option<String>,
}

/// Which states to list.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum StateFilter {
    Open,
    Closed,
    All,
}

/// One page of issues.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IssuePage {
    issues: Vec<Issue>,
    /// Where the next page begins; nothing after the last.
    next_cursor: Option<String>,
}

/// Lists a repository's issues and pull requests, page by page.
#[action(provider = "github", idempotent)]
pub(crate) fn list_issues(ctx: &Context, input: ListIssues) -> Result<IssuePage> {
    let path = repository_path(&input.owner, &input.repo, "/issues")?;
    let cursor = input.cursor.as_deref().map(Cursor::parse).transpose()?;
    let state = input.state.map(|state| match state {
        StateFilter::Open => "open",
        StateFilter::Closed => "closed",
        StateFilter::All => "all",
    });
    let labels = Some(input.labels.join(",")).filter(|labels| !labels.is_empty());

    let client = Client::for_reading(ctx)?;
    let request = client.page(&path, cursor.as_ref());
    let request = request.query("state", state).query("labels", labels).query("assignee", input.assignee);
    let request = request.query("since", input.since).query("per_page", input.per_page);
    let (issues, next_cursor) = client.read_page(request)?;
    Ok(IssuePage { issues, next_cursor })
}

/// The issue to open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateIssue {
    /// The account that the repository belongs to.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$"))]
    owner: String,
    /// The repository's name, without the owner.
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,100}$"))]
    repo: String,
    #[schemars(length(min = 1, max = 256))]
    title: String,
    /// The text, in Markdown.
    #[schemars(length(max = 65536))]
    body: Option<String>,
    /// Names of labels. GitHub drops them silently for accounts without push access.
    #[serde(default)]
    labels: Vec<String>,
    /// Names of accounts to assign. GitHub drops them likewise.
    #[serde(default)]
    #[schemars(length(max = 10))]
    assignees: Vec<String>,
}

/// Opens an issue in a repository.
#[action(provider = "github", scopes = ["repo"])]
pub(crate) fn create_issue(ctx: &Context, input: CreateIssue) -> Result<Issue> {
    let path = repository_path(&input.owner, &input.repo, "/issues")?;
    let mut issue = json!({"title": input.title});
    if let Some(body) = input.body {
        issue["body"] = body.into();
    }
    if !input.labels.is_empty() {
        issue["labels"] = input.labels.into();
    }
    if !input.assignees.is_empty() {
        issue["assignees"] = input.assignees.into();
    }
    Client::for_writing(ctx)?.post(&path, &issue)
}

/// The comment to write.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddComment {
    /// The account that the repository belongs to.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$"))]
    owner: String,
    /// The repository's name, without the owner.
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,100}$"))]
    repo: String,
    /// The number of the issue or pull request.
    #[schemars(range(min = 1))]
    issue_number: u64,
    /// The text, in Markdown.
    #[schemars(length(min = 1, max = 65536))]
    body: String,
}

/// Comments on an issue or a pull request.
#[action(provider = "github", scopes = ["repo"])]
pub(crate) fn add_comment(ctx: &Context, input: AddComment) -> Result<Comment> {
    let rest = format!("/issues/{}/comments", input.issue_number);
    let path = repository_path(&input.owner, &input.repo, &rest)?;
    Client::for_writing(ctx)?.post(&path, &json!({"body": input.body}))
}
