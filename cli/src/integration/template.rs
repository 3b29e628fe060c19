//! The files that `init` and `generate` begin with: templates that lie in `cli/templates/` and are part of the program.
//! What is filled in is checked before it comes here.

/// rustfmt's own line, unless a project says otherwise.
const LINE: usize = 100;

/// A new project's files, by their places in it.
pub const PROJECT: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("../../templates/init/Cargo.toml.tpl")),
    (".gitignore", include_str!("../../templates/init/gitignore.tpl")),
    ("README.md", include_str!("../../templates/init/README.md.tpl")),
    ("src/lib.rs", include_str!("../../templates/init/lib.rs.tpl")),
    ("src/actions/mod.rs", include_str!("../../templates/init/actions.rs.tpl")),
    ("src/actions/greet.rs", include_str!("../../templates/init/greet.rs.tpl")),
    ("tests/greet.yaml", include_str!("../../templates/init/greet.yaml.tpl")),
];

/// What is generated for one action or trigger.
pub struct Item {
    pub source: &'static str,
    pub case: &'static str,
    parameters: &'static [&'static str],
    answer: &'static str,
}

pub const ACTION: Item = Item {
    source: include_str!("../../templates/action/action.rs.tpl"),
    case: include_str!("../../templates/action/case.yaml.tpl"),
    parameters: &["ctx: &Context", "input: Input"],
    answer: "Result<Output>",
};

pub const POLL: Item = Item {
    source: include_str!("../../templates/poll/trigger.rs.tpl"),
    case: include_str!("../../templates/poll/case.yaml.tpl"),
    parameters: &["ctx: &Context", "config: Config", "cursor: Option<u64>"],
    answer: "Result<Polled<Item, u64>>",
};

pub const WEBHOOK: Item = Item {
    source: include_str!("../../templates/webhook/trigger.rs.tpl"),
    case: include_str!("../../templates/webhook/case.yaml.tpl"),
    parameters: &["ctx: &Context", "_config: Empty", "_state: ()", "request: WebhookRequest"],
    answer: "Result<Received<Item>>",
};

impl Item {
    /// The function's beginning, as rustfmt has it: in one line, if it fits.
    pub fn signature(&self, function: &str) -> String {
        let (parameters, answer) = (self.parameters, self.answer);
        let line = format!("pub(crate) fn {function}({}) -> {answer} {{", parameters.join(", "));
        if line.len() <= LINE {
            return line;
        }
        format!("pub(crate) fn {function}(\n    {},\n) -> {answer} {{", parameters.join(",\n    "))
    }
}

/// Puts values in place of `{{name}}`s.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let value = after.split_once("}}").and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((*value, after))
        });
        rest = match value {
            Some((value, after)) => {
                filled.push_str(value);
                after
            }
            None => {
                filled.push_str("{{");
                after
            }
        };
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_filled_in_once_and_is_no_template() {
        assert_eq!(fill("{{a}}-{{b}}-{{a}}", &[("a", "{{b}}"), ("b", "1")]), "{{b}}-1-{{b}}");
        assert_eq!(fill("{{other}} {{", &[("a", "1")]), "{{other}} {{");
    }

    #[test]
    fn every_template_names_only_what_is_filled_in() {
        let project = ["name", "words", "label", "sdk"].map(|name| (name, ""));
        for (path, template) in PROJECT {
            assert!(!fill(template, &project).contains("{{"), "{path}");
        }
        let item = ["name", "words", "function", "signature"].map(|name| (name, ""));
        for Item { source, case, .. } in [ACTION, POLL, WEBHOOK] {
            assert!(!fill(source, &item).contains("{{") && !fill(case, &item).contains("{{"), "{source}");
        }
    }

    #[test]
    fn a_signature_is_broken_where_it_is_too_long() {
        assert_eq!(ACTION.signature("ask"), "pub(crate) fn ask(ctx: &Context, input: Input) -> Result<Output> {");
        let fits = "a".repeat(LINE - ACTION.signature("").len());
        assert_eq!(ACTION.signature(&fits).len(), LINE);
        let long = ACTION.signature(&format!("{fits}a"));
        assert!(long.ends_with("(\n    ctx: &Context,\n    input: Input,\n) -> Result<Output> {"), "{long}");
    }
}
