//! GitHub: repositories, issues and search over its REST API. It keeps nothing and never sees the
//! account's token; the host puts it on the requests.

mod client;
mod error;
mod issues;
mod model;
mod paging;
mod repositories;
mod search;

use workway_sdk::prelude::*;

struct GitHub;

impl Integration for GitHub {
    fn definition() -> Definition {
        Definition::new("github", "GitHub", env!("CARGO_PKG_VERSION"))
            .description("Reads repositories, and reads and writes issues on GitHub.")
            .category("developer-tools")
            .host(client::HOST)
            // Public data can be read without an account.
            .connection(ConnectionNeed::optional(client::PROVIDER).scopes(client::WRITE_SCOPES))
            .action(
                Action::new("get-repository", repositories::get_repository)
                    .name("Get repository")
                    .description("Reads one repository's facts.")
                    .provider(client::PROVIDER)
                    .idempotent(),
            )
            .action(
                Action::new("list-issues", issues::list_issues)
                    .name("List issues")
                    .description("Lists a repository's issues and pull requests, page by page.")
                    .provider(client::PROVIDER)
                    .idempotent(),
            )
            .action(
                Action::new("create-issue", issues::create_issue)
                    .name("Create issue")
                    .description("Opens an issue in a repository.")
                    .provider(client::PROVIDER)
                    .scopes(client::WRITE_SCOPES),
            )
            .action(
                Action::new("add-comment", issues::add_comment)
                    .name("Add comment")
                    .description("Comments on an issue or a pull request.")
                    .provider(client::PROVIDER)
                    .scopes(client::WRITE_SCOPES),
            )
            .action(
                Action::new("search-issues", search::search_issues)
                    .name("Search issues")
                    .description("Searches issues and pull requests in all of GitHub.")
                    .provider(client::PROVIDER)
                    .idempotent(),
            )
    }
}

workway_sdk::export!(GitHub);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_speak_camel_case_and_name_their_rules() {
        let definition = GitHub::definition();
        let list = definition.actions().find(|action| action.id() == "list-issues").expect("the action is there");
        let input = list.input_schema();
        assert!(input.contains("\"perPage\""), "{input}");
        assert!(input.contains("\"maximum\":100"), "{input}");
        assert!(input.contains("\"required\":[\"owner\",\"repo\"]"), "{input}");
        let output = list.output_schema();
        assert!(output.contains("\"nextCursor\""), "{output}");
        assert!(output.contains("\"isPullRequest\""), "{output}");
        assert!(!output.contains("pull_request"), "{output}");
    }
}
