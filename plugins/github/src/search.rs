//! The action that searches issues and pull requests.

use workway_sdk::prelude::*;

use crate::client::Client;
use crate::model::Issue;
use crate::paging::Cursor;

/// What to search for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SearchIssues {
    /// Words and qualifiers in GitHub's search language, such as `crash repo:octocat/hello is:open`.
    #[schemars(length(min = 1, max = 256))]
    query: String,
    /// Only issues, or only pull requests. GitHub wants one of them for most searches; `is:issue` or
    /// `is:pr` in the query says the same.
    kind: Option<Kind>,
    /// Best match first unless given.
    sort: Option<Sort>,
    /// Highest first unless given; says nothing without `sort`.
    order: Option<Order>,
    /// How many to a page; 30 unless given.
    #[schemars(range(min = 1, max = 100))]
    per_page: Option<u8>,
    /// The `nextCursor` of the page before, with the same search.
    #[schemars(length(min = 1, max = 1000))]
    cursor: Option<String>,
}

/// What to search.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Issue,
    PullRequest,
}

/// What to sort by.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Sort {
    Comments,
    Reactions,
    Created,
    Updated,
}

/// In which direction.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Order {
    Asc,
    Desc,
}

/// One page of what was found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundIssues {
    /// How many there are on all pages; GitHub shows the first 1,000.
    total_count: i64,
    /// Whether GitHub ran out of time, so that there may be more.
    incomplete_results: bool,
    issues: Vec<Issue>,
    /// Where the next page begins; nothing after the last.
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct SearchAnswer {
    total_count: i64,
    incomplete_results: bool,
    items: Vec<Issue>,
}

/// Searches issues and pull requests in all of GitHub.
#[action(provider = "github", idempotent)]
pub(crate) fn search_issues(ctx: &Context, input: SearchIssues) -> Result<FoundIssues> {
    let cursor = input.cursor.as_deref().map(Cursor::parse).transpose()?;
    let words = match input.kind {
        Some(Kind::Issue) => format!("{} is:issue", input.query),
        Some(Kind::PullRequest) => format!("{} is:pull-request", input.query),
        None => input.query,
    };
    let sort = input.sort.map(|sort| match sort {
        Sort::Comments => "comments",
        Sort::Reactions => "reactions",
        Sort::Created => "created",
        Sort::Updated => "updated",
    });
    let order = input.order.map(|order| match order {
        Order::Asc => "asc",
        Order::Desc => "desc",
    });

    let client = Client::for_reading(ctx)?;
    let request = client.page("/search/issues", cursor.as_ref()).query("q", words);
    let request = request.query("sort", sort).query("order", order).query("per_page", input.per_page);
    let (answer, next_cursor): (SearchAnswer, _) = client.read_page(request)?;
    Ok(FoundIssues {
        total_count: answer.total_count,
        incomplete_results: answer.incomplete_results,
        issues: answer.items,
        next_cursor,
    })
}
