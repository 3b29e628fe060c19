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

integration! {
    id: "github",
    name: "GitHub",
    description: "Reads repositories, and reads and writes issues on GitHub.",
    categories: ["developer-tools"],
    hosts: [client::HOST],
    // Public data can be read without an account.
    connections: [ConnectionNeed::optional(client::PROVIDER).scopes(&["repo"])],
    actions: [
        repositories::get_repository,
        issues::list_issues,
        issues::create_issue,
        issues::add_comment,
        search::search_issues,
    ],
}

#[cfg(test)]
mod tests;
