//! `workway keys`: what an operator does with the keys that stored tokens are sealed under. No key is ever printed.

use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use workway_host::{
    app::rotate_keys,
    settings::{Flags, KeySettings},
};

use crate::arguments::KeysCommand;

pub fn run(command: KeysCommand) -> Result<()> {
    let KeysCommand::Rotate(arguments) = command;
    let drop_unreadable = arguments.drop_unreadable;
    let settings = KeySettings::load(Flags::from(arguments).with_environment()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let rotated = runtime.block_on(rotate_keys(&settings, drop_unreadable))?;
    let connections = if rotated.resealed == 1 { "connection" } else { "connections" };
    writeln!(io::stdout(), "sealed {} {connections} under the key {}", rotated.resealed, rotated.key)?;
    if rotated.dropped > 0 {
        writeln!(io::stdout(), "deleted {} that open under no key", rotated.dropped)?;
    }
    if !rotated.unreadable.is_empty() {
        bail!(
            "{} open under none of the keys here and stay as they are (--drop-unreadable deletes them): {}",
            rotated.unreadable.len(),
            rotated.unreadable.join(", ")
        );
    }
    Ok(())
}
