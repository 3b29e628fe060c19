//! Expressions of the language that ours and Jinja2's share, each of a kind that is known.

use proptest::{
    prelude::*,
    sample::select,
    strategy::{BoxedStrategy, Union},
};
use serde_json::{Value, json};

/// What the expressions read.
pub fn data() -> Value {
    json!({
        "inputs": {
            "n": 7, "m": -3, "f": 2.5, "g": -0.75, "text": "Hello World", "umlaut": "äÖß", "empty": "", "digits": "42",
            "list": [3, 1, 2], "floats": [1.5, -2.0, 0.25], "names": ["bob", "Ada", "cy", "ada"], "nothing": null, "yes": true,
            "user": { "name": "Ada", "age": 36 },
            "users": [{ "name": "Ada", "age": 36 }, { "name": "bob", "age": 41 }, { "name": "Cy", "age": 36 }]
        },
        "item": { "id": 5 }
    })
}

/// Mostly expressions that have a value; some that mix kinds, so that both fail.
pub fn any() -> BoxedStrategy<String> {
    let depth = 3;
    prop_oneof![
        4 => whole(depth),
        4 => number(depth),
        4 => text(depth),
        4 => truth(depth),
        3 => numbers(depth),
        3 => texts(depth),
        1 => mixed(depth),
    ]
    .boxed()
}

/// Expressions of one kind by what they are made of; `leaf` where nothing goes deeper.
fn made(
    depth: usize,
    leaf: BoxedStrategy<String>,
    deeper: impl FnOnce(usize) -> Vec<BoxedStrategy<String>>,
) -> BoxedStrategy<String> {
    match depth.checked_sub(1) {
        None => leaf,
        Some(depth) => {
            let mut weighted = vec![(3, leaf)];
            weighted.extend(deeper(depth).into_iter().map(|strategy| (1, strategy)));
            Union::new_weighted(weighted).boxed()
        }
    }
}

/// One of the texts.
fn one(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    select(texts).prop_map(ToOwned::to_owned).boxed()
}

/// A pattern with `{}` for parts, in parentheses where they would be of another kind without them: most stand bare, so that it shows
/// what binds tighter.
fn with(pattern: &'static str, parts: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    const LOOSE: [&str; 12] =
        [" if ", "and ", "or ", "not ", " in ", " is ", " < ", " > ", " <= ", " >= ", " == ", " != "];
    let of_truths = ["{} and {}", "{} or {}", "not {} or {}", "not {}", "not not {}"].contains(&pattern);
    let fill = move |made: String, part: String| {
        let is_loose = !of_truths && LOOSE.iter().any(|sign| part.contains(sign));
        made.replacen("{}", &if is_loose { format!("({part})") } else { part }, 1)
    };
    parts.prop_map(move |parts| parts.into_iter().fold(pattern.to_owned(), fill)).boxed()
}

fn chosen(patterns: &'static [&'static str], parts: impl Fn() -> Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    Union::new(patterns.iter().map(|pattern| with(pattern, parts()))).boxed()
}

fn whole(depth: usize) -> BoxedStrategy<String> {
    let leaf = one(&[
        "0",
        "1",
        "2",
        "3",
        "10",
        "-4",
        "inputs.n",
        "inputs.m",
        "inputs.list[1]",
        "inputs.list[-1]",
        "item.id",
        "inputs.user.age",
    ]);
    made(depth, leaf, |depth| {
        vec![
            chosen(&["{} + {}", "{} - {}", "{} * {}", "({} + {}) * 2", "{} // {}", "{} % {}", "{}|abs + {}"], || {
                vec![whole(depth), whole(depth)]
            }),
            chosen(&["-{}", "{}|abs", "({})|abs", "-{}|abs", "{}|int", "{} ** 2", "2 ** 3 ** {} // 99999"], || {
                vec![whole(depth)]
            }),
            chosen(&["{}|length", "{}|length * 2", "{}|list|length", "({})|count"], || vec![text(depth)]),
            chosen(&["{}|sum", "{}|first", "{}|last", "{}|min", "{}|max", "{}|length", "{}[0]", "{}|sum - 1"], || {
                vec![whole_numbers(depth)]
            }),
            with("{} if {} else {}", vec![whole(depth), truth(depth), whole(depth)]),
            chosen(&["{}|int", "{}|round|int"], || vec![number(depth)]),
            chosen(&["inputs.missing|default({})", "inputs.n|default({})", "(inputs.missing or {})"], || {
                vec![whole(depth)]
            }),
            one(&[
                "inputs.digits|int",
                "'12.7'|int",
                "'1f'|int(0, 16)",
                "inputs.users|sum(attribute='age')",
                "inputs.users[1].age",
                "inputs.users|map(attribute='age')|max",
            ]),
        ]
    })
}

fn number(depth: usize) -> BoxedStrategy<String> {
    let leaf = one(&["0.5", "1.25", "inputs.f", "inputs.g", "inputs.floats[0]", "2", "inputs.n", "100.0", "1e3"]);
    made(depth, leaf, |depth| {
        vec![
            chosen(&["{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} // {}", "{} % {}", "({} - {}) / 3"], || {
                vec![number(depth), number(depth)]
            }),
            chosen(
                &[
                    "-{}",
                    "{}|abs",
                    "{}|float",
                    "{}|round",
                    "{}|round(1)",
                    "{}|round(2, 'floor')",
                    "{}|round(1, 'ceil')",
                    "({}) ** 2",
                    "-({})|round",
                ],
                || vec![number(depth)],
            ),
            chosen(&["{}|sum", "{}|min", "{}|max", "{}|first"], || vec![numbers(depth)]),
            with("{} if {} else {}", vec![number(depth), truth(depth), number(depth)]),
            with("{} / {}", vec![whole(depth), whole(depth)]),
            one(&["inputs.digits|float", "' 1.5 '|float", "'1e2'|float"]),
        ]
    })
}

fn text(depth: usize) -> BoxedStrategy<String> {
    let leaf = one(&[
        "'a'",
        "\"b'c\"",
        "''",
        "'x y'",
        "'<b>&'",
        "inputs.text",
        "inputs.umlaut",
        "inputs.empty",
        "inputs.user.name",
        "inputs['user']['name']",
        "inputs.names[0]",
        "inputs.digits",
    ]);
    made(depth, leaf, |depth| {
        vec![
            chosen(
                &[
                    "{} ~ {}",
                    "{} + {}",
                    "({} ~ {})|upper",
                    "{}|upper ~ {}",
                    "{}|replace({}, '-')",
                    "{}|trim({})",
                    "{}|default({})",
                ],
                || vec![text(depth), text(depth)],
            ),
            chosen(
                &[
                    "{}|upper",
                    "{}|lower",
                    "{}|title",
                    "{}|capitalize",
                    "{}|trim",
                    "{}|reverse",
                    "{}[1:]",
                    "{}[::-1]",
                    "{}[:-1]",
                    "{}[-3:5:2]",
                    "{}|urlencode",
                    "{}|escape|string",
                    "{}|replace('a', 'b', 1)",
                    "{}|indent(2)",
                    "{}|string",
                ],
                || vec![text(depth)],
            ),
            chosen(&["{}|join(', ')", "{}|join", "{}|first", "{}|last", "{}|min", "{}|max", "{}[0]"], || {
                vec![texts(depth)]
            }),
            chosen(&["{}|string", "{} ~ 'x'", "'%d|%s'|format({}, 'x')", "'%05d'|format({})"], || vec![whole(depth)]),
            with("{}|join('-')", vec![whole_numbers(depth)]),
            with("{} if {} else {}", vec![text(depth), truth(depth), text(depth)]),
            one(&[
                "inputs.users|map(attribute='name')|join('/')",
                "inputs.user|dictsort|first|last|string",
                "'%.2f'|format(inputs.f)",
                "'a' 'b'",
            ]),
        ]
    })
}

fn truth(depth: usize) -> BoxedStrategy<String> {
    let leaf = one(&[
        "true",
        "false",
        "inputs.yes",
        "inputs.missing is defined",
        "inputs.n is defined",
        "inputs.nothing is none",
        "True",
        "inputs.text is string",
    ]);
    made(depth, leaf, |depth| {
        vec![
            chosen(
                &[
                    "{} < {}",
                    "{} <= {}",
                    "{} > {}",
                    "{} >= {}",
                    "{} == {}",
                    "{} != {}",
                    "{} is gt({})",
                    "{} is eq {}",
                    "{} is le({})",
                ],
                || vec![number(depth), number(depth)],
            ),
            chosen(
                &["{} < {}", "{} == {}", "{} != {}", "{} in {}", "{} not in {}", "{} >= {}", "{} is lt({})"],
                || vec![text(depth), text(depth)],
            ),
            chosen(&["{} and {}", "{} or {}", "not {} or {}", "({} or {}) and true", "not ({} and {})"], || {
                vec![truth(depth), truth(depth)]
            }),
            chosen(&["not {}", "not not {}", "{} is boolean", "({}) == true"], || vec![truth(depth)]),
            chosen(
                &[
                    "{} is odd",
                    "{} is even",
                    "{} is divisibleby 3",
                    "{} is divisibleby(2) and true",
                    "{} is number",
                    "{} is not odd",
                ],
                || vec![whole(depth)],
            ),
            chosen(
                &["{} is upper", "{} is lower", "{} is string", "{} is mapping", "{} is iterable", "{} is sequence"],
                || vec![text(depth)],
            ),
            with("{} in {}", vec![whole(depth), whole_numbers(depth)]),
            with("{} in {}", vec![text(depth), texts(depth)]),
            with("{} == {}", vec![texts(depth), numbers(depth)]),
            with("{} < {} <= {}", vec![whole(depth), whole(depth), number(depth)]),
            one(&[
                "'name' in inputs.user",
                "inputs.user == {'name': 'Ada', 'age': 36}",
                "1 == 1.0",
                "inputs.nothing == none",
                "[1, [2]] == [1.0, [2]]",
                "'1' == 1",
            ]),
        ]
    })
}

fn numbers(depth: usize) -> BoxedStrategy<String> {
    let leaf = one(&["inputs.list", "inputs.floats", "[1, 2.5]", "[]", "range(4)|list", "range(5, 0, -2)|list"]);
    made(depth, leaf, |depth| {
        vec![
            chosen(
                &[
                    "{}|sort",
                    "{}|sort(reverse=true)",
                    "{}|reverse|list",
                    "{}|unique|list",
                    "{}[1:]",
                    "{}[::-1]",
                    "{}|map('abs')|list",
                    "{}|select('gt', 1)|list",
                    "{}|reject('lt', 1)|list",
                    "{}|batch(2)|list|first",
                    "{}|map('round', 1)|list",
                ],
                || vec![numbers(depth)],
            ),
            with("{} + {}", vec![numbers(depth), numbers(depth)]),
            with("[{}, {}]", vec![number(depth), number(depth)]),
            whole_numbers(depth),
        ]
    })
}

fn whole_numbers(depth: usize) -> BoxedStrategy<String> {
    let leaf = one(&["inputs.list", "[5]", "[2, -7, 3]", "range(4)|list", "(1, 2)|list"]);
    made(depth, leaf, |depth| {
        vec![
            chosen(
                &[
                    "{}|sort",
                    "{}|reverse|list",
                    "{}|select('odd')|list",
                    "{}|reject('even')|list",
                    "{}[:2]",
                    "{}|map('abs')|list",
                ],
                || vec![whole_numbers(depth)],
            ),
            with("{} + {}", vec![whole_numbers(depth), whole_numbers(depth)]),
            with("[{}, {}]", vec![whole(depth), whole(depth)]),
            one(&[
                "inputs.users|map(attribute='age')|list",
                "inputs.users|selectattr('age', 'lt', 40)|map(attribute='age')|list",
            ]),
        ]
    })
}

fn texts(depth: usize) -> BoxedStrategy<String> {
    let leaf = one(&["inputs.names", "['a', 'B', 'b']", "[]", "'hello'|list", "inputs.user|list|sort"]);
    made(depth, leaf, |depth| {
        vec![
            chosen(
                &[
                    "{}|sort",
                    "{}|sort(case_sensitive=true)",
                    "{}|sort(true)",
                    "{}|unique|list",
                    "{}|unique(true)|list",
                    "{}|map('upper')|list",
                    "{}|map('replace', 'a', 'xx')|list",
                    "{}|reverse|list",
                    "{}[1:]",
                    "{}|select|list",
                    "{}|slice(2)|list|first",
                    "{}|slice(3, 'f')|list|last",
                    "{}|batch(2, 'f')|list|last|default([])",
                ],
                || vec![texts(depth)],
            ),
            with("{} + {}", vec![texts(depth), texts(depth)]),
            with("[{}, {}]", vec![text(depth), text(depth)]),
            with("{}|list", vec![text(depth)]),
            one(&[
                "inputs.users|sort(attribute='name')|map(attribute='name')|list",
                "inputs.users|rejectattr('age', 'eq', 36)|map(attribute='name')|list",
                "inputs.user|items|map('first')|list",
            ]),
        ]
    })
}

/// Two kinds where one belongs, in operators that take neither.
fn mixed(depth: usize) -> BoxedStrategy<String> {
    prop_oneof![
        with("{} < {}", vec![number(depth), text(depth)]),
        with("{} > {}", vec![texts(depth), whole(depth)]),
        with("{} + {}", vec![text(depth), number(depth)]),
        with("{} - {}", vec![text(depth), text(depth)]),
        with("{} / {}", vec![texts(depth), whole(depth)]),
        with("{} in {}", vec![text(depth), number(depth)]),
        with("[{}, {}]|sort", vec![text(depth), number(depth)]),
        with("{} // 0 + {}", vec![whole(depth), whole(depth)]),
        with("{} % (1 - 1) + {}", vec![whole(depth), whole(depth)]),
        with("inputs.missing + {}", vec![whole(depth)]),
        with("{} ~ inputs.missing", vec![text(depth)]),
        with("inputs.missing.deeper ~ {}", vec![text(depth)]),
        with("inputs.user.missing or {}", vec![truth(depth)]),
        with("{} if inputs.missing else 1", vec![whole(depth)]),
    ]
    .boxed()
}
