//! Where log lines go: standard error, so that standard output has only what was asked for.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::serve::Style;

/// Sets the process's log up.
pub fn install(filter: &str, style: Style) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(filter).with_context(|| format!("invalid log filter `{filter}` (--log or WORKWAY_LOG)"))?;
    let ansi = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi);
    let installed = match style {
        Style::Plain => builder.try_init(),
        Style::Readable => builder.compact().with_target(false).without_time().try_init(),
    };
    installed.map_err(|error| anyhow::anyhow!("cannot set up logging: {error}"))
}
