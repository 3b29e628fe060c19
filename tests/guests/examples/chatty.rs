//! A guest that writes as much as it is told to, to the log and to its standard streams.

use workway_sdk::prelude::*;

struct Chatty;

impl Integration for Chatty {
    fn definition() -> Definition {
        Definition::new("chatty", "Chatty", "1.0.0")
            .action(Action::new("log", log).description("Writes lines to the log."))
            .action(Action::new("print", print).description("Prints lines to both streams."))
    }
}

workway_sdk::export!(Chatty);

#[derive(Deserialize, JsonSchema)]
struct Lines {
    /// How many lines.
    count: usize,
    /// How many bytes a line, at least.
    size: usize,
}

impl Lines {
    fn text(&self, number: usize) -> String {
        format!("line {number} {}", "x".repeat(self.size))
    }
}

#[derive(Serialize, JsonSchema)]
struct Written {
    lines: usize,
}

fn log(context: &Context, input: Lines) -> Result<Written> {
    for number in 0..input.count {
        let fields = [("number", number.to_string())];
        let fields = fields.each_ref().map(|(key, value)| (*key, value.as_str()));
        context.log().info(&input.text(number), &fields);
    }
    Ok(Written { lines: input.count })
}

fn print(_context: &Context, input: Lines) -> Result<Written> {
    for number in 0..input.count {
        println!("out {}", input.text(number));
        eprintln!("err {}", input.text(number));
    }
    Ok(Written { lines: input.count })
}
