//! Requests to GitHub: address, headers and account. Every request of this integration is made here,
//! and none goes anywhere but to `api.github.com`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use workway_sdk::prelude::*;
use workway_sdk::{OAuthError, Request, percent_encode};

use crate::error;
use crate::paging::Cursor;

/// The one host that the integration talks to.
pub(crate) const HOST: &str = "api.github.com";

/// The provider whose connection it uses.
pub(crate) const PROVIDER: &str = "github";

const USER_AGENT: &str = concat!("workway-github/", env!("CARGO_PKG_VERSION"));

/// The version of GitHub's API that the types of this crate were written for.
const API_VERSION: &str = "2022-11-28";

/// GitHub as one account sees it, or as anybody does.
pub(crate) struct Client<'context> {
    context: &'context Context,
    connection: Option<Connection>,
}

impl<'context> Client<'context> {
    /// For reading: with the user's account where one is connected, so that private data can be read
    /// and the rate limit is the account's own.
    pub(crate) fn for_reading(context: &'context Context) -> Result<Self> {
        let connection = match context.connection(PROVIDER) {
            Ok(connection) => Some(connection),
            // An account with fewer rights than writing needs reads what everybody can read.
            Err(OAuthError::NotConnected { .. } | OAuthError::MissingScopes { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { context, connection })
    }

    /// For writing, which nobody may do without an account.
    pub(crate) fn for_writing(context: &'context Context) -> Result<Self> {
        Ok(Self { context, connection: Some(context.connection(PROVIDER)?) })
    }

    /// Reads one JSON document.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.send(self.context.get(address(path)))?.json()
    }

    /// A request for one page of a list.
    pub(crate) fn page(&self, path: &str, cursor: Option<&Cursor>) -> Request<'context> {
        let mut url = address(path);
        if let Some(cursor) = cursor {
            url.push('?');
            url.push_str(cursor.as_query());
        }
        self.context.get(url)
    }

    /// Reads one page, and the cursor of the page after it.
    pub(crate) fn read_page<T: DeserializeOwned>(&self, page: Request<'context>) -> Result<(T, Option<String>)> {
        let response = self.send(page)?;
        let next = response.link("next").and_then(Cursor::of_address);
        Ok((response.json()?, next.map(Cursor::into_text)))
    }

    /// Sends one JSON document and reads another.
    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        self.send(self.context.post(address(path)).json(body))?.json()
    }

    fn send<'request>(&'request self, request: Request<'request>) -> Result<Response> {
        let mut request = request
            // The second is for servers that know GitHub's API but not GitHub's media type.
            .header("accept", "application/vnd.github+json, application/json;q=0.9")
            .header("x-github-api-version", API_VERSION)
            .header("user-agent", USER_AGENT)
            .any_status();
        if let Some(connection) = &self.connection {
            request = request.auth(connection);
        }
        error::check(request.send()?, self.context.now())
    }
}

fn address(path: &str) -> String {
    format!("https://{HOST}{path}")
}

/// The path of a repository, with `rest` after it.
///
/// The schema lets only plain names through, but `.` and `..` are plain names too and would lead to
/// another place of the API.
pub(crate) fn repository_path(owner: &str, repo: &str, rest: &str) -> Result<String> {
    for (field, value) in [("owner", owner), ("repo", repo)] {
        if matches!(value, "" | "." | "..") {
            return Err(Failure::InvalidInput(format!("{field}: not a name")));
        }
    }
    Ok(format!("/repos/{}/{}{rest}", percent_encode(owner), percent_encode(repo)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place_in_the_path() {
        assert_eq!(
            repository_path("octo cat", "a/../b?c#d", "/issues").expect("a path"),
            "/repos/octo%20cat/a%2F..%2Fb%3Fc%23d/issues"
        );
        for (owner, repo) in [("..", "user"), ("octocat", "."), ("", "x")] {
            assert!(matches!(repository_path(owner, repo, ""), Err(Failure::InvalidInput(_))));
        }
    }
}
