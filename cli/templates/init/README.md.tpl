# {{words}}

An integration for WORKWAY: `src/lib.rs` declares what it is and asks for, `src/actions/` holds its actions.

| what | command |
| --- | --- |
| run the unit tests, natively | `cargo test` |
| build the component and run `tests/*.yaml` in the sandbox | `workway integration test` |
| add an action | `workway integration generate action NAME` |
| add a trigger | `workway integration generate trigger NAME` |
| build and reload on every edit, beside `workway dev` | `workway integration dev --plugins FOLDER` |
| build the component alone | `cargo build --release --target wasm32-wasip2` |

A case in `tests/` says what the upstream answers, so that no test needs a network. `workway integration test --live --save`
asks the real upstream and records what it answers.
