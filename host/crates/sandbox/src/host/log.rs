//! The interface `log`, answered from a `LogCtx`.

use workway_capability::log::Level;

use super::CapabilitiesView;
use crate::bindings::log;

impl log::Host for CapabilitiesView<'_> {
    async fn write(
        &mut self,
        level: log::Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Trace => Level::Trace,
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        self.capabilities.log.write(level, "log", &message, &fields);
        Ok(())
    }
}
