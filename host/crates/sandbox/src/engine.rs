//! An engine and its settings. This file alone sees `wasmtime::Config`; what the numbers cost and save was measured,
//! see `docs/benchmarks.md`.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, RegallocAlgorithm,
    Strategy,
    component::{HasData, Linker},
};

use super::{
    cache::{CacheError, FunctionCache},
    state::GuestState,
};
use crate::{Compiler, SandboxSettings, bindings, host::CapabilitiesView};

/// How often a running guest is looked at: the grain of the CPU limit and the longest time it keeps a thread.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// The deepest that guest code may nest, in bytes of native stack.
const WASM_STACK_BYTES: usize = 512 << 10;
/// Guest stack and the host functions above it: one that overflowed it would end the process.
const FIBER_STACK_BYTES: usize = 2 << 20;
/// Memory that a pool slot keeps mapped between calls. Below what a guest touches it costs more than none.
const KEEP_RESIDENT_BYTES: usize = 2 << 20;
const KEEP_RESIDENT_TABLE_BYTES: usize = 64 << 10;
/// Slots that stay warm for the component that used them last, while nobody uses them. Together with the above this bounds
/// what an idle host keeps: 64 MiB.
const WARM_SLOTS: u32 = 32;
/// Slots for components that are asked what they are, next to those for calls.
const DESCRIBE_SLOTS: u32 = 16;
/// What one component may consist of. JavaScript and Python engines need about this much.
const MAX_CORE_INSTANCES: u32 = 64;
const MAX_TABLES: u32 = 64;
const MAX_MEMORIES: u32 = 4;
const MAX_INSTANCE_BYTES: usize = 8 << 20;
pub(super) const MAX_TABLE_ELEMENTS: usize = 100_000;
/// Slots are at least this large, so that raising one integration's limit is rarely a matter of the pool.
const LEAST_SLOT_BYTES: u64 = 256 << 20;

/// An engine with everything linked that a guest may import.
pub(super) struct Sandbox {
    pub(super) engine: Engine,
    pub(super) linker: Linker<GuestState>,
    pub(super) compiler: Compiler,
    /// See [`fingerprint`].
    pub(super) fingerprint: u64,
}

/// Why components can be neither compiled nor run.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The engine could not be made: a fault of the machine or of this build.
    #[error("the WebAssembly engine cannot start: {0:#}")]
    Engine(#[from] wasmtime::Error),
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl Sandbox {
    /// Makes the engine, with pooled instances where the address space for them can be had.
    pub(super) fn new(
        settings: &SandboxSettings,
        compiler: Compiler,
        functions: Option<&Arc<FunctionCache>>,
    ) -> wasmtime::Result<Self> {
        let mut config = config(compiler, functions)?;
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings)));
        let engine = Engine::new(&config).or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "cannot reserve a pool of instances: calls will be slower");
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            Engine::new(&config)
        })?;
        let linker = link(&engine)?;
        tick(&engine)?;
        let fingerprint = fingerprint(&engine, compiler);
        Ok(Self { engine, linker, compiler, fingerprint })
    }
}

/// An engine that compiles to the same code and runs nothing: it reserves no pool. By one thread it is fastest while all
/// cores compile anyway.
pub(super) fn compiling_engine(
    compiler: Compiler,
    functions: Option<&Arc<FunctionCache>>,
    one_thread: bool,
) -> wasmtime::Result<Engine> {
    let mut config = config(compiler, functions)?;
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand).parallel_compilation(!one_thread);
    Engine::new(&config)
}

/// Differs wherever code of one engine would not run in the other (version, processor, settings), and wherever this host
/// might look at a component with other eyes.
pub(super) fn fingerprint(engine: &Engine, compiler: Compiler) -> u64 {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    compiler.hash(&mut hasher);
    (bindings::VERSION, env!("CARGO_PKG_VERSION")).hash(&mut hasher);
    hasher.finish()
}

fn config(compiler: Compiler, functions: Option<&Arc<FunctionCache>>) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES);
    match compiler {
        Compiler::Winch => {
            // The rest saves what nobody looks at while editing: Cranelift makes the entries and exits even here, and
            // addresses in the source are for debuggers.
            config
                .strategy(Strategy::Winch)
                .cranelift_opt_level(OptLevel::None)
                .cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass)
                .generate_address_map(false)
                .native_unwind_info(false);
        }
        Compiler::Cranelift => {
            config.strategy(Strategy::Cranelift);
            if let Some(functions) = functions {
                config.enable_incremental_compilation(functions.clone())?;
            }
        }
    }
    Ok(config)
}

fn pool(settings: &SandboxSettings) -> PoolingAllocationConfig {
    let slots = settings.calls.saturating_add(DESCRIBE_SLOTS);
    let slot_bytes = settings.memory_bytes.max(LEAST_SLOT_BYTES);
    let mut pool = PoolingAllocationConfig::new();
    // As many of each as admitted calls can use, so that an integration of many tables takes nothing from the others.
    // It is address space; memory is taken when a call touches it.
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(MAX_CORE_INSTANCES))
        .total_memories(slots.saturating_mul(MAX_MEMORIES))
        .total_tables(slots.saturating_mul(MAX_TABLES))
        .total_stacks(slots)
        .max_core_instances_per_component(MAX_CORE_INSTANCES)
        .max_memories_per_component(MAX_MEMORIES)
        .max_tables_per_component(MAX_TABLES)
        .max_component_instance_size(MAX_INSTANCE_BYTES)
        .max_core_instance_size(MAX_INSTANCE_BYTES)
        .table_elements(MAX_TABLE_ELEMENTS)
        .max_memory_size(usize::try_from(slot_bytes).unwrap_or(usize::MAX))
        .max_unused_warm_slots(WARM_SLOTS)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_TABLE_BYTES)
        .pagemap_scan(pagemap_scan());
    pool
}

/// Asking the kernel which pages a call dirtied is the fastest way to reset a slot, and wrong where there is swap: a
/// swapped-out dirty page is not reported, and one call's memory would be seen by the next (wasmtime PR 14357).
fn pagemap_scan() -> Enabled {
    let swaps = std::fs::read_to_string("/proc/swaps");
    // The first line is a heading; a machine without the file is not known to be without swap.
    if swaps.is_ok_and(|table| table.lines().skip(1).all(|line| line.trim().is_empty())) {
        Enabled::Auto
    } else {
        tracing::info!("this machine has swap: instances are reset without pagemap_scan, which is slower");
        Enabled::No
    }
}

/// One thread a process moves the epoch on, and ends with the engine.
fn tick(engine: &Engine) -> wasmtime::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("workway-epoch".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::park_timeout(TICK);
        }
    })?;
    Ok(())
}

/// Tells the bindings which part of a store's data they are given.
struct HasCapabilities;

impl HasData for HasCapabilities {
    type Data<'a> = CapabilitiesView<'a>;
}

/// Everything that a guest may import: the contract, and WASI 0.2 with nothing behind it. The standard libraries of
/// Rust, Python and others import files, sockets and an environment whether a guest uses them or not; linked here, they
/// meet a context without folder, variable, address or socket (see `GuestState::new`), and answer `access-denied`.
fn link(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    bindings::Integration::add_to_linker::<_, HasCapabilities>(&mut linker, GuestState::capabilities)?;
    Ok(linker)
}
