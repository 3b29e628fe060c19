//! `workway keys`: manages the keys that encrypt stored tokens. It never prints a key.

use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use workway_host::{
    app::rotate_keys,
    settings::{Flags, KeySettings},
};

use crate::{arguments::KeysCommand, event_line::counted};

pub fn run(command: KeysCommand) -> Result<()> {
    let KeysCommand::Rotate(arguments) = command;
    let drop_unreadable = arguments.drop_unreadable;
    let settings = KeySettings::load(Flags::from(arguments).with_environment()?)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the async runtime")?;
    let rotated = runtime.block_on(rotate_keys(&settings, drop_unreadable))?;
    writeln!(io::stdout(), "encrypted {} with the key {}", counted(rotated.resealed, "record"), rotated.key)?;
    if rotated.dropped > 0 {
        writeln!(io::stdout(), "deleted {} that no key could decrypt", counted(rotated.dropped, "record"))?;
    }
    if !rotated.unreadable.is_empty() {
        bail!(
            "{} could not be decrypted with any key and stayed unchanged; run again with --drop-unreadable to delete: {}",
            counted(rotated.unreadable.len(), "record"),
            rotated.unreadable.join(", ")
        );
    }
    Ok(())
}
