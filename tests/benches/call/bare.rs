//! The reference: wasmtime by itself with the settings that were measured to be the fastest, and nothing of ours around
//! it. No schema, no admission, no limits, no epoch, no capabilities: a fresh store and instance for each call.

use std::path::Path;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "integration",
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

use bindings::{
    IntegrationPre,
    exports::workway::integration::actions::Context,
    workway::integration::{definition, types},
};

pub struct Bare {
    engine: Engine,
    pre: IntegrationPre<State>,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl Bare {
    pub fn load(component: &Path) -> anyhow::Result<Self> {
        Self::try_load(component).map_err(|error| anyhow::anyhow!("{error:#}"))
    }

    fn try_load(component: &Path) -> wasmtime::Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.linear_memory_keep_resident(2 << 20).table_keep_resident(64 << 10).pagemap_scan(Enabled::Auto);
        let mut config = Config::new();
        config.concurrency_support(false).allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
        definition::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
        let component = Component::from_file(&engine, component)?;
        let pre = IntegrationPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine, pre })
    }

    pub async fn call(&self, action: &str, input: &str) -> anyhow::Result<()> {
        let output = self.try_call(action, input).await.map_err(|error| anyhow::anyhow!("{error:#}"))?;
        anyhow::ensure!(output == input, "answered {output}");
        Ok(())
    }

    async fn try_call(&self, action: &str, input: &str) -> wasmtime::Result<String> {
        let mut store =
            Store::new(&self.engine, State { wasi: WasiCtx::builder().build(), table: ResourceTable::new() });
        let context = Context {
            user_id: "operator".to_owned(),
            run_id: "bench".to_owned(),
            step_id: None,
            attempt: 1,
            idempotency_key: "bench".to_owned(),
        };
        let instance = self.pre.instantiate_async(&mut store).await?;
        let (actions, input) = (instance.workway_integration_actions(), input.to_owned());
        let answer = actions.call_execute(&mut store, action, &input, &context).await?;
        answer.map_err(|failure| wasmtime::Error::msg(failure.to_string()))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl types::Host for State {}
impl definition::Host for State {}
