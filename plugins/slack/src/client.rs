//! Calls of Slack's Web API: address, account, and the envelope that every answer comes in. Every
//! request of this integration is made here, and none goes anywhere but to `slack.com`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use workway_sdk::Request;
use workway_sdk::prelude::*;

use crate::error;

/// The one host that the integration talks to.
pub(crate) const HOST: &str = "slack.com";

/// The provider whose connection it uses.
pub(crate) const PROVIDER: &str = "slack";

/// Slack as one connected workspace.
pub(crate) struct Client<'context> {
    context: &'context Context,
    connection: Connection,
}

impl<'context> Client<'context> {
    pub(crate) fn new(context: &'context Context) -> Result<Self> {
        Ok(Self { context, connection: context.connection(PROVIDER)? })
    }

    /// Calls a method that reads.
    pub(crate) fn read<T: DeserializeOwned>(&self, method: &str, query: &[(&str, &str)]) -> Result<T> {
        self.send(self.context.get(&address(method)).query(query))
    }

    /// Calls a method that writes.
    pub(crate) fn write<T: DeserializeOwned>(&self, method: &str, body: &impl Serialize) -> Result<T> {
        // Without the charset Slack adds a warning to every answer.
        let request = self
            .context
            .post(&address(method))
            .header("content-type", "application/json; charset=utf-8")
            .body(serde_json::to_vec(body)?);
        self.send(request)
    }

    fn send<'request, T: DeserializeOwned>(&'request self, request: Request<'request>) -> Result<T> {
        let response = request.auth(&self.connection).send()?;
        error::check(&response)?;
        response.json()
    }
}

fn address(method: &str) -> String {
    format!("https://{HOST}/api/{method}")
}
