# {{words}}

An integration for WORKWAY. `src/lib.rs` declares its id, its hosts and its actions; `src/actions/` contains the actions.

| task | command |
| --- | --- |
| run the unit tests, natively | `cargo test` |
| build the component and run `tests/*.yaml` in the sandbox | `workway integration test` |
| add an action | `workway integration generate action NAME` |
| add a trigger | `workway integration generate trigger NAME` |
| build and reload on every change, while `workway dev` runs | `workway integration dev --plugins FOLDER` |
| build only the component | `cargo build --release --target wasm32-wasip2` |

A case in `tests/` defines the responses of the service, so tests need no network. `workway integration test --live --save`
sends the requests to the real service and records its responses.
