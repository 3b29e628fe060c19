//! A guest that writes as much as it is told to, to the log and to its standard streams.

use workway_sdk::prelude::*;

integration! {
    id: "chatty",
    name: "Chatty",
    version: "1.0.0",
    description: "",
    actions: [log, print],
}

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

/// Writes lines to the log.
#[action]
fn log(context: &Context, input: Lines) -> Result<Written> {
    for number in 0..input.count {
        let fields = [("number", number.to_string())];
        let fields = fields.each_ref().map(|(key, value)| (*key, value.as_str()));
        context.log().info(&input.text(number), &fields);
    }
    Ok(Written { lines: input.count })
}

/// Prints lines to both streams.
#[action]
fn print(_context: &Context, input: Lines) -> Result<Written> {
    for number in 0..input.count {
        println!("out {}", input.text(number));
        eprintln!("err {}", input.text(number));
    }
    Ok(Written { lines: input.count })
}
