//! What a store holds: the state of exactly one call.

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use workway_capability::Capabilities;

use super::{limits::MemoryLimiter, output::GuestOutput};
use crate::{CallLimits, host::CapabilitiesView};

/// Resources (connections, streams, pollables) that a call may hold at once.
pub(super) const MAX_RESOURCES: usize = 1_000;
/// Random bytes that a guest may ask for at once.
const MAX_RANDOM_BYTES: u64 = 64 << 10;

pub(super) struct GuestState {
    wasi: WasiCtx,
    table: ResourceTable,
    capabilities: Capabilities,
    stdout: GuestOutput,
    stderr: GuestOutput,
    pub(super) memory: MemoryLimiter,
    /// Epochs that the guest may still run through.
    pub(super) ticks_left: u64,
}

impl GuestState {
    pub(super) fn new(limits: &CallLimits, ticks: u64, mut capabilities: Capabilities) -> Self {
        let stdout = GuestOutput::stdout(capabilities.log.clone());
        let stderr = GuestOutput::stderr(capabilities.log.clone());
        // The builder grants clocks and random numbers and nothing else: no environment, argument, folder, address or
        // name lookup. Sockets it would make, to no avail; here they are not even made.
        let wasi = WasiCtx::builder()
            .stdout(stdout.clone())
            .stderr(stderr.clone())
            .max_random_size(MAX_RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        let nothing = capabilities.memory.share().hold();
        let held = std::mem::replace(&mut capabilities.memory, nothing);
        let memory = MemoryLimiter::new(limits.memory_bytes, held);
        Self { wasi, table, capabilities, stdout, stderr, memory, ticks_left: ticks }
    }

    /// Ends the output streams and returns what the guest last wrote to standard error.
    pub(super) fn last_words(&self) -> String {
        self.stdout.finish();
        self.stderr.finish()
    }

    pub(super) fn capabilities(&mut self) -> CapabilitiesView<'_> {
        CapabilitiesView { capabilities: &mut self.capabilities, table: &mut self.table }
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
