//! Expressions for the search: parts, and how they are put together.

use serde_json::{Value, json};

const LEAVES: &[&str] = &[
    "inputs.text",
    "inputs.long",
    "inputs.words",
    "inputs.list",
    "inputs.floats",
    "inputs.rows",
    "inputs.object",
    "inputs.deep",
    "inputs.json",
    "inputs.n",
    "inputs",
    "'a'",
    "''",
    "1",
    "99999",
    "0.5",
    "none",
    "true",
    "[]",
    "{}",
    "range(99999)",
    "now()",
    "inputs.missing",
    "'%s'",
    "'%999s%.999f'",
    "'(a+)+b|[ab]*a[ab]{20}'",
    "'(?i)\\\\pL+'",
    "'.*'",
    "'(\\\\w+)\\\\W+(\\\\w+)'",
    "'$0$1$0$1$0'",
];
/// `{}` stands for what is already there, `<>` for another part.
const SHAPES: &[&str] = &[
    "{}|upper",
    "{}|lower",
    "{}|title",
    "{}|trim",
    "{}|trim(<>)",
    "{}|replace(<>, <>)",
    "{}|replace('a', <>)",
    "{}|split(<>)",
    "{}|split",
    "{}|lines",
    "{}|indent(100, true, true)",
    "{}|escape",
    "{}|format(<>)",
    "<>|format({}, {}, {})",
    "{}|length",
    "{}|list",
    "{}|first",
    "{}|last",
    "{}|reverse",
    "{}|join",
    "{}|join(<>)",
    "{}|sum",
    "{}|min",
    "{}|max",
    "{}|sort",
    "{}|sort(attribute='a')",
    "{}|sort(reverse=true, case_sensitive=true)",
    "{}|unique",
    "{}|groupby('a')",
    "{}|groupby('b')",
    "{}|items",
    "{}|dictsort",
    "{}|dictsort(by='value')",
    "{}|batch(1)",
    "{}|batch(3, <>)",
    "{}|slice(999)",
    "{}|slice(3, <>)",
    "{}|tojson",
    "{}|tojson|fromjson",
    "{}|fromjson",
    "{}|urlencode",
    "{}|base64",
    "{}|base64|base64decode",
    "{}|hash",
    "{}|hash('sha512')",
    "{}|string",
    "{}|int",
    "{}|float",
    "{}|round(99)",
    "{}|abs",
    "{}|default(<>)",
    "{}|default(<>, true)",
    "{}|regex_replace(<>, <>)",
    "{}|regex_replace('a', <>)",
    "{}|regex_replace('(a)(b)?', '$1$2$1')",
    "{}|regex_replace('', 'x')",
    "{}|map('upper')",
    "{}|map('string')",
    "{}|map('default', <>, true)",
    "{}|map(attribute='a', default=<>)",
    "{}|map('tojson')",
    "{}|map('list')",
    "{}|map('replace', 'a', <>)",
    "{}|map('regex_replace', 'a+', 'b')",
    "{}|map('hash')",
    "{}|map('sort')",
    "{}|select('in', <>)",
    "{}|reject('eq', <>)",
    "{}|select",
    "{}|selectattr('a', 'gt', 3)",
    "{}|selectattr('b', 'in', <>)",
    "{}|formatdate('%c %c %c')",
    "{}|timestamp",
    "{}|parsedate",
    "{} ~ <>",
    "{} + <>",
    "{} + {}",
    "{} ~ {}",
    "{} == {}",
    "{} == <>",
    "{} < {}",
    "{} in <>",
    "<> in {}",
    "{} and <>",
    "[{}, {}]",
    "[{}, <>]",
    "[{}, {}, {}, {}]",
    "{'a': {}, 'b': {}}",
    "dict(a={}, b=<>)",
    "{}[::-1]",
    "{}[1:]",
    "{}[0]",
    "{}.a",
    "({})",
    "{} if <> else {}",
    "{} ** 2",
    "{} * 3",
];

/// What the expressions read: about 1 MiB.
pub fn data() -> Value {
    let rows: Vec<Value> =
        (0..2_000_u32).map(|number| json!({ "a": number % 97, "b": format!("row {number}") })).collect();
    let object: serde_json::Map<String, Value> =
        (0..2_000_u32).map(|number| (format!("member {number}"), json!(number))).collect();
    let deep = (0..60).fold(json!([1, "a"]), |inner, _| json!({ "a": inner, "b": [0] }));
    json!({ "inputs": {
        "text": "ab aab <b> é 字 \u{1f980}\n".repeat(100), "long": "a".repeat(200_000), "words": "aa ab ba ".repeat(20_000),
        "list": (0..20_000).collect::<Vec<u32>>(), "floats": (0..5_000_u32).map(|number| f64::from(number) / 7.0).collect::<Vec<_>>(),
        "rows": rows, "object": object, "deep": deep, "json": "[1,".repeat(60) + &"]".repeat(60), "n": 3
    } })
}

/// A new expression: one of `known` or a leaf, changed once or more often. `random(n)` is a number below n.
pub fn changed(known: &[&str], random: &mut dyn FnMut(usize) -> usize) -> String {
    let part = |random: &mut dyn FnMut(usize) -> usize| {
        if known.is_empty() || random(3) > 0 { LEAVES[random(LEAVES.len())] } else { known[random(known.len())] }
            .to_owned()
    };
    let mut source =
        if known.is_empty() || random(4) == 0 { part(random) } else { known[random(known.len())].to_owned() };
    for _ in 0..=random(4) {
        let mut shape = SHAPES[random(SHAPES.len())].to_owned();
        while shape.contains("<>") {
            shape = shape.replacen("<>", &part(random), 1);
        }
        // A part may hold braces of its own: only those of the shape are filled.
        source = shape.split("{}").collect::<Vec<_>>().join(&source);
        if random(6) == 0 {
            let (old, new) = (LEAVES[random(LEAVES.len())], LEAVES[random(LEAVES.len())]);
            source = source.replacen(old, new, 1);
        }
    }
    source
}
