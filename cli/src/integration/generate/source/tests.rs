//! Sources as people write them, and what becomes of them.

use super::*;

const TEMPLATE: &str = "//! About.\n#![forbid(unsafe_code)]\n\nmod actions;\n\nuse workway_sdk::prelude::*;\n\n\
                        integration! {\n    id: \"a\",\n    actions: [\n        actions::one::one,\n    ],\n}\n";

/// The edited source of one that is given before and after, with what is put in between in `⟨⟩`.
fn check(marked: &str, edit: impl Fn(&str) -> Result<String, Uncertain>) {
    let (mut before, mut after, mut inside) = (String::new(), String::new(), false);
    for character in marked.chars() {
        match character {
            '⟨' => inside = true,
            '⟩' => inside = false,
            character => {
                after.push(character);
                if !inside {
                    before.push(character);
                }
            }
        }
    }
    assert_eq!(edit(&before).as_deref(), Ok(after.as_str()), "{before}");
}

#[test]
fn an_entry_goes_behind_the_others() {
    let entry = |source: &str| with_entry(source, "actions", "a::new::new");
    for marked in [
        "integration! {\n    actions: [\n        a::b::b,⟨\n        a::new::new,⟩\n    ],\n}\n",
        "integration! {\n    actions: [\n        a::b::b⟨,⟩⟨\n        a::new::new,⟩\n    ]\n}\n",
        "integration! {\n    actions: [\n        a::b::b, // why\n        c, // that⟨\n        a::new::new,⟩\n        // more\n    ],\n}\n",
        "integration! { actions: [b⟨, a::new::new⟩] }",
        "integration! { actions: [b,⟨ a::new::new⟩] }",
        "integration! { actions: [⟨a::new::new⟩] }",
        "integration! { actions: [⟨a::new::new⟩/* none */] }",
        "integration! {\n\tactions: [⟨a::new::new⟩\n\t\t// none\n\t],\n}",
        "integration! {\n\tactions: [\n\t\tb,⟨\n\t\ta::new::new,⟩\n\t],\n}",
        "integration! {\r\n  actions: [\r\n    b,\r⟨\n    a::new::new,⟩\n  ]\r\n}\r\n",
        "integration! {\n    actions: [b,\n        c,⟨\n        a::new::new,⟩\n    ]\n}",
        "integration! {\n    actions: [b⟨,⟩⟨\n    a::new::new,⟩\n    ]\n}",
        "workway_sdk::integration!(actions: [b⟨, a::new::new⟩], name: \"ä, actions: [] ]}\");",
        "// integration! { actions: [] }\nintegration! { name: r#\"actions: [\"#, /* actions: [ */ actions: [b⟨, a::new::new⟩] }",
        "\u{feff}integration! { name: \"ä\", actions: [b⟨, a::new::new⟩] }",
    ] {
        check(marked, entry);
    }
}

#[test]
fn a_missing_field_is_added() {
    let entry = |source: &str| with_entry(source, "triggers", "t::new::new");
    for marked in [
        "integration! {\n    id: \"a\",\n    actions: [b],⟨\n    triggers: [\n        t::new::new,\n    ],⟩\n}\n",
        "integration! {\n    actions: [\n        b,\n    ]⟨,⟩⟨\n    triggers: [\n        t::new::new,\n    ],⟩\n}\n",
        "integration! { id: \"a\"⟨, triggers: [\n    t::new::new,\n]⟩ }",
    ] {
        check(marked, entry);
    }
}

#[test]
fn a_module_goes_behind_the_first_one() {
    let module = |source: &str| with_module(source, "", "m").map(|edited| edited.expect("it is not there"));
    for marked in [
        "mod a;⟨\nmod m;⟩\nmod z;\n",
        "mod n;⟨\nmod m;⟩\n",
        "mod a; // why⟨\nmod m;⟩\n",
        "mod a;⟨\nmod m;⟩",
        "#[macro_use]\nmod z;⟨\nmod m;⟩\nmod a;\n",
        "//! About.\n#![forbid(unsafe_code)]⟨\n\nmod m;⟩\n\nuse b;\n",
        "//! About.⟨\n\nmod m;⟩\n\nuse b;\n",
        "⟨mod m;\n\n⟩use b;\n\n#[cfg(test)]\nmod tests {}\n",
        "// Licence.\n\n⟨mod m;\n\n⟩/// Adds.\nfn add() {}\n",
        "#[cfg(test)]\nmod k;⟨\nmod m;⟩\n",
        "use b;\n\nmod a;⟨\nmod m;⟩\n",
        "⟨mod m;\n\n⟩",
        "//! ä\r\n\r\nmod a;\r⟨\nmod m;⟩\n",
    ] {
        check(marked, module);
    }
}

#[test]
fn a_module_that_is_there_stays() {
    assert_eq!(with_module("/// About.\nmod m;\n", "", "m"), Ok(None));
    for odd in ["mod m {}", "#[path = \"n.rs\"]\nmod m;", "#[cfg(x)]\nmod m;"] {
        assert_eq!(with_module(odd, "", "m"), Err(Uncertain::OddModule("m".to_owned())), "{odd}");
    }
}

#[test]
fn what_is_registered_is_known() {
    assert_eq!(registered(TEMPLATE), Ok(vec!["one".to_owned()]));
    let both = with_entry(TEMPLATE, "triggers", "triggers::two::two").expect("it is edited");
    assert_eq!(registered(&both), Ok(vec!["one".to_owned(), "two".to_owned()]));
}

#[test]
fn what_is_not_certain_is_not_edited() {
    for (source, problem) in [
        ("fn f( {", "does not parse"),
        ("use a;\nlet", "line 2"),
        ("use a;", "exactly one `integration!"),
        ("mod a { integration! {} }", "exactly one `integration!"),
        ("integration! {} integration! {}", "exactly one `integration!"),
        ("macro_rules! integration { () => {} }", "exactly one `integration!"),
        ("integration! { actions }", "field: value"),
        ("integration! { actions: LIST }", "must be a list"),
        ("integration! { actions: [a], actions: [b] }", "must be a list"),
        ("integration! { actions: [a].concat() }", "must be a list"),
        ("integration! {\n actions: [\n a /* one\n two */\n ] }", "a comment"),
        ("integration! {\n id: \"a\" /* one\n two */\n }", "a comment"),
    ] {
        let error = with_entry(source, "actions", "a::new::new").expect_err(source).to_string();
        assert!(error.contains(problem), "{source}: {error}");
    }
}

#[test]
fn rejects_a_module_that_would_land_in_a_comment() {
    assert_eq!(with_module("mod a; /* one\n two */", "", "m"), Err(Uncertain::Comment));
}
