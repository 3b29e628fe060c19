//! What GitHub's answers and this integration's outputs have in common: one type is read in GitHub's
//! spelling and written in ours. Fields that are not named here are ignored. Numbers are signed, because
//! GitHub's own description promises integers and no more.

use serde::Deserializer;
use serde::de::IgnoredAny;
use workway_sdk::prelude::*;

/// An account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase"))]
pub(crate) struct User {
    /// The account's name, as in its address.
    login: String,
    id: i64,
    /// The account's page.
    html_url: String,
}

/// An issue, or a pull request, which GitHub counts among the issues.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase"))]
pub(crate) struct Issue {
    id: i64,
    /// The number within its repository.
    number: i64,
    title: String,
    /// `open` or `closed`.
    state: String,
    /// Why it was closed, where GitHub knows.
    state_reason: Option<String>,
    /// The text, in Markdown.
    body: Option<String>,
    /// Who opened it; nobody when the account is gone.
    user: Option<User>,
    /// The labels' names.
    #[serde(default, deserialize_with = "label_names")]
    labels: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    assignees: Vec<User>,
    /// How many comments there are.
    comments: i64,
    /// Whether it is a pull request.
    #[serde(default, rename(deserialize = "pull_request"), deserialize_with = "is_there")]
    is_pull_request: bool,
    /// Its page.
    html_url: String,
    /// ISO 8601.
    created_at: String,
    /// ISO 8601.
    updated_at: String,
    /// ISO 8601.
    closed_at: Option<String>,
}

/// A comment on an issue or a pull request.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase"))]
pub(crate) struct Comment {
    id: i64,
    /// The text, in Markdown.
    body: Option<String>,
    /// Who wrote it; nobody when the account is gone.
    user: Option<User>,
    /// The comment's place on its page.
    html_url: String,
    /// ISO 8601.
    created_at: String,
    /// ISO 8601.
    updated_at: String,
}

/// GitHub gives a label as its name or as an object; one without a name says nothing.
fn label_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Label {
        Name(String),
        Object { name: Option<String> },
    }
    let labels: Vec<Label> = Vec::deserialize(deserializer)?;
    Ok(labels
        .into_iter()
        .filter_map(|label| match label {
            Label::Name(name) => Some(name),
            Label::Object { name } => name,
        })
        .collect())
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<User>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A pull request has a `pull_request` object, an issue has none or null.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(deserializer)?.is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn github_issue() -> Value {
        json!({
            "id": 1, "number": 1347, "title": "Found a bug", "state": "open",
            "html_url": "https://github.com/octocat/Hello-World/issues/1347",
            "user": null, "comments": 0, "assignees": null,
            "labels": ["bug", {"name": "urgent", "color": "f29513"}, {"name": null}],
            "created_at": "2011-04-22T13:33:48Z", "updated_at": "2011-04-22T13:33:48Z",
            "reactions": {"+1": 3},
        })
    }

    #[test]
    fn an_issue_is_read_as_github_writes_it_and_written_in_camel_case() {
        let issue: Issue = serde_json::from_value(github_issue()).expect("an issue");
        let written = serde_json::to_value(issue).expect("JSON");
        assert_eq!(written["labels"], json!(["bug", "urgent"]));
        assert_eq!(written["isPullRequest"], json!(false));
        assert_eq!(written["body"], Value::Null);
        assert!(written["htmlUrl"].is_string());
        assert!(written.get("reactions").is_none());
    }

    #[test]
    fn a_pull_request_is_told_from_an_issue() {
        let mut upstream = github_issue();
        upstream["pull_request"] = json!({"url": "https://api.github.com/…"});
        let issue: Issue = serde_json::from_value(upstream).expect("an issue");
        assert!(issue.is_pull_request);
    }
}
