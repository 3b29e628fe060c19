//! The second version of an integration: it asks for one host more than the first.

use workway_sdk::prelude::*;

struct Upgrade;

impl Integration for Upgrade {
    fn definition() -> Definition {
        Definition::new("upgrade", "Upgrade", "2.0.0")
            .host("api.example.com")
            .host("files.example.com")
            .action(Action::new("version", version).description("Says which version answers."))
    }
}

workway_sdk::export!(Upgrade);

fn version(_context: &Context, _input: Empty) -> Result<String> {
    Ok("2".to_owned())
}
