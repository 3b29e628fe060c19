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

/// A call of a method that reads.
pub(crate) fn read<'context>(ctx: &'context Context, method: &str) -> Request<'context> {
    ctx.get(address(method))
}

/// A call of a method that writes.
pub(crate) fn write<'context>(ctx: &'context Context, method: &str, body: &impl Serialize) -> Request<'context> {
    // Without the charset Slack adds a warning to every answer.
    ctx.post(address(method)).header("content-type", "application/json; charset=utf-8").json(body)
}

/// Sends a call for the connected workspace, and reads what Slack answers when all is well.
pub(crate) fn send<T: DeserializeOwned>(ctx: &Context, request: Request<'_>) -> Result<T> {
    let workspace = ctx.connection(PROVIDER)?;
    let response = request.auth(&workspace).any_status().send()?;
    error::check(&response)?;
    response.json()
}

fn address(method: &str) -> String {
    format!("https://{HOST}/api/{method}")
}
