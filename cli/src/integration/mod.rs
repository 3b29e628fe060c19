//! `workway integration`: what the developer of an integration needs beside an editor. The host's own test kit runs an
//! integration's cases, and a host everything else; nothing here does.

mod build;
mod changes;
mod dev;
mod events;
mod generate;
mod init;
mod install;
mod name;
mod package;
mod template;
mod test;
mod watch;

use anyhow::Context;

pub use self::name::{ItemName, Name};
use crate::{arguments::IntegrationCommand, exit::ExitStatus};

pub fn run(command: IntegrationCommand) -> anyhow::Result<ExitStatus> {
    match command {
        IntegrationCommand::Init(arguments) => init::run(&arguments).map(|()| ExitStatus::Success),
        IntegrationCommand::Generate(command) => generate::run(command).map(|()| ExitStatus::Success),
        IntegrationCommand::Dev(arguments) => in_runtime(dev::run(arguments)).map(|()| ExitStatus::Success),
        IntegrationCommand::Test(arguments) => in_runtime(test::run(arguments)),
    }
}

fn in_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")?;
    let result = runtime.block_on(work);
    // A name lookup that is still under way has nobody to give its result to.
    runtime.shutdown_background();
    result
}
