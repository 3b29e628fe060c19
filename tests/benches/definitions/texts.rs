//! The texts: a workflow as people write it, and one for each way to make validating long.

use std::fmt::Write;

use workway_host::workflow::bounds::{MAX_BYTES, MAX_EXPRESSIONS, MAX_NESTING, MAX_STEPS};

const HEAD: &str = "name: bench\ntrigger: { manual: {} }\nsteps:\n";

/// 200 steps that read each other's outputs, in YAML.
pub fn typical() -> String {
    let mut text =
        "name: bench\ninputs: { type: object, required: [channel], properties: { channel: { type: string } } }\n\
                    trigger: { manual: {} }\nsteps:\n"
            .to_owned();
    for number in 0..MAX_STEPS / 2 {
        let _ = write!(
            text,
            "  - id: find-{number}\n    uses: github.list-issues\n    with: {{ owner: octocat, repo: hello, state: open, \
             perPage: {perPage}, since: '2026-11-29T00:00:00Z' }}\n  - id: post-{number}\n    uses: slack.post-message\n    if: \
             steps['find-{number}'].output.issues|length > 0\n    with:\n      channel: '{{{{ inputs.channel }}}}'\n      text: \
             'First: {{{{ steps[''find-{number}''].output.issues[0].title }}}} by {{{{ steps[''find-{number}''].output.issues[0].user.login }}}}'\n    \
             retry: {{ attempts: 3, backoff: 10s }}\n",
            perPage = 1 + number % 100,
        );
    }
    text
}

/// Each with its name. None has more than [`MAX_BYTES`].
pub fn hostile() -> Vec<(&'static str, String)> {
    let step = "  - { id: a, uses: bench.any }\n";
    let one = |with: String| format!("{HEAD}{step}  - {{ id: b, uses: bench.any, with: {{ x: {with} }} }}\n");
    let of = |action: &str, with: String| format!("{HEAD}  - {{ id: a, uses: {action}, with: {with} }}\n");
    let room = MAX_BYTES - 1_024;
    // As JSON, whose length counts too, these are longer.
    let less = room - room / 20;
    vec![
        (
            "many expressions",
            one(list(
                (0..MAX_EXPRESSIONS)
                    .map(|n| expression(&format!("run.id ~ {n} ~ {}", "run.id|upper ~ ".repeat(14) + "'x'"))),
                room,
            )),
        ),
        (
            "long expressions",
            one(list(
                (0..MAX_EXPRESSIONS)
                    .map(|n| expression(&format!("[{n}{}, '{}']|length", ", (run.id)".repeat(78), "x".repeat(1_000)))),
                room,
            )),
        ),
        (
            "long references",
            one(list((0..MAX_EXPRESSIONS).map(|_| expression(&format!("steps.a.output{}", ".next".repeat(49)))), room)),
        ),
        (
            "references to nothing",
            one(list(
                (0..MAX_EXPRESSIONS).map(|n| expression(&format!("steps.nothing{n}.output{}", ".next".repeat(40)))),
                room,
            )),
        ),
        ("deep nesting", one(list((0..2_000).map(|_| nested(MAX_NESTING - 10)), room))),
        ("wide lists", one(format!("[{}]", "0,".repeat(room / 2 - 1)))),
        ("long text", one(format!("\"{}\"", "a".repeat(room)))),
        (
            "text of dollars and braces",
            one(list((0..MAX_EXPRESSIONS).map(|_| format!("\"{}${{{{ run.id }}}}\"", "$ { ".repeat(55))), room)),
        ),
        ("choices, right", of("bench.choices", nodes(5, 1, less))),
        ("choices, wrong", of("bench.choices", nodes(25, 1, less))),
        ("choices in choices", of("bench.choices", nodes(19, 12, less))),
        ("choices and expressions", of("bench.choices", nodes(19, 12, less).replacen("'19'", "\"{{ run.id }}\"", 1))),
        ("members that are not evaluated", of("bench.unevaluated", members(room))),
        ("patterns that go back", of("bench.patterns", members(room))),
        ("patterns that go back in long texts", of("bench.patterns", format!("{{ x: '{}!' }}", "a".repeat(room)))),
        (
            "patterns that go back and expressions",
            of("bench.patterns", format!("{{ y: \"{{{{ run.id }}}}\", {}", &members(room - 100)[1..])),
        ),
        ("unknown members", of("slack.post-message", members(room))),
        ("unknown actions", unknown_actions()),
        ("unknown steps", unknown_steps()),
        ("what looks like secrets", one(list((0..).map(|n| format!("\"xoxb-{n:08}-abcdef\"")), room))),
        (
            "what looks like secrets in one text",
            one(format!("\"{}\"", "eyJhbGciOiJ.eyJ bearer AKIA sk- ".repeat(room / 33))),
        ),
        (
            "random identifiers",
            one(list(
                (0..).map(|n: u64| {
                    format!(
                        "\"a{:016x}{:016x}\"",
                        n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                        n.wrapping_mul(0xbf58_476d_1ce4_e5b9)
                    )
                }),
                room,
            )),
        ),
        ("brackets that never close", "[".repeat(room)),
        ("commas and colons", "{a: 1, ".repeat(room / 7)),
        ("faults of form", format!("{HEAD}{}", "  - { id: A, uses: x, with: 1, wrong: 2 }\n".repeat(room / 42))),
    ]
}

/// A list of as many items as there is room for.
fn list(items: impl Iterator<Item = String>, room: usize) -> String {
    let mut text = "[".to_owned();
    for item in items {
        if text.len() + item.len() + 2 > room {
            break;
        }
        text.push_str(&item);
        text.push(',');
    }
    text.push(']');
    text
}

fn expression(source: &str) -> String {
    format!("\"{{{{ {source} }}}}\"")
}

fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

/// Nodes of one variant for `bench.choices`, each with `levels` of others in it.
fn nodes(variant: usize, levels: usize, room: usize) -> String {
    let node = (0..levels).fold(String::new(), |inner, _| {
        format!("{{ type: variant-{variant}, text: '{variant}', children: [{inner}] }}")
    });
    format!("{{ nodes: {} }}", list((0..).map(|_| node.clone()), room))
}

fn members(room: usize) -> String {
    let mut text = "{".to_owned();
    for number in 0.. {
        let member = format!("a{number}: '{}', ", "a".repeat(number % 20));
        if text.len() + member.len() + 2 > room {
            break;
        }
        text.push_str(&member);
    }
    text.push('}');
    text
}

fn unknown_actions() -> String {
    let mut text = HEAD.to_owned();
    for number in 0..MAX_STEPS {
        let (integration, action) = if number % 2 == 0 {
            (format!("custmer-relationship-{number}"), "create-or-update-objct".to_owned())
        } else {
            (
                format!("customer-relationship-{}", number % 100),
                format!("craete-or-udpate-object-{number}-for-everybody"),
            )
        };
        let _ = writeln!(text, "  - {{ id: a{number}, uses: {integration}.{action} }}");
    }
    text
}

fn unknown_steps() -> String {
    let mut text = HEAD.to_owned();
    for number in 0..MAX_STEPS {
        let id = format!("a-step-with-a-rather-long-name-that-is-nearly-the-same-{number}");
        let _ = writeln!(
            text,
            "  - {{ id: {id}, uses: bench.any, with: {{ x: ['{{{{ steps[\"{id}0\"].output }}}}', '{{{{ steps[\"{id}1\"].output }}}}'] }} }}"
        );
    }
    text
}
