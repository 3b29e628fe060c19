//! The files that `init` and `generate` begin with: templates that lie in `cli/templates/` and are part of the program.
//! What is filled in is checked before it comes here.

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
}

pub const ACTION: Item = Item {
    source: include_str!("../../templates/action/action.rs.tpl"),
    case: include_str!("../../templates/action/case.yaml.tpl"),
};

pub const POLL: Item = Item {
    source: include_str!("../../templates/poll/trigger.rs.tpl"),
    case: include_str!("../../templates/poll/case.yaml.tpl"),
};

pub const WEBHOOK: Item = Item {
    source: include_str!("../../templates/webhook/trigger.rs.tpl"),
    case: include_str!("../../templates/webhook/case.yaml.tpl"),
};

/// Puts values in place of `{{name}}`s. Only the last value may contain braces: the others would be filled in again.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_every_place_of_a_name() {
        assert_eq!(fill("{{a}}-{{b}}-{{a}} {{other}}", &[("a", "1"), ("b", "{{a}}")]), "1-{{a}}-1 {{other}}");
    }

    #[test]
    fn every_template_names_only_what_is_filled_in() {
        let project = ["name", "words", "label", "sdk"].map(|name| (name, ""));
        for (path, template) in PROJECT {
            assert!(!fill(template, &project).contains("{{"), "{path}");
        }
        let item = ["name", "words", "function"].map(|name| (name, ""));
        for Item { source, case } in [ACTION, POLL, WEBHOOK] {
            assert!(!fill(source, &item).contains("{{") && !fill(case, &item).contains("{{"), "{source}");
        }
    }
}
