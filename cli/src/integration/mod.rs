//! `workway integration`: what the developer of an integration needs beside an editor. It never runs an integration;
//! a host does.

mod build;
mod dev;
mod events;
mod install;
mod package;
mod stream;
mod watch;

use anyhow::Context;

use crate::arguments::IntegrationCommand;

pub fn run(command: IntegrationCommand) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no async runtime")?;
    let result = match command {
        IntegrationCommand::Dev(arguments) => runtime.block_on(dev::run(arguments)),
    };
    // A name lookup that is still under way has nobody to give its result to.
    runtime.shutdown_background();
    result
}
