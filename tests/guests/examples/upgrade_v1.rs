//! The first version of an integration whose second version asks for more.

use workway_sdk::prelude::*;

struct Upgrade;

impl Integration for Upgrade {
    fn definition() -> Definition {
        Definition::new("upgrade", "Upgrade", "1.0.0")
            .host("api.example.com")
            .action(Action::new("version", version).description("Says which version answers."))
    }
}

workway_sdk::export!(Upgrade);

fn version(_context: &Context, _input: Empty) -> Result<String> {
    Ok("1".to_owned())
}
