//! What operators and filters give: Jinja2's values where the language is shared, and what is ours.

use serde_json::{Value, json};

use super::{SECRETS, scope};
use crate::{EvaluateError, Expression, Template, bounds::MAX_FUEL};

fn evaluate(source: &str, data: &Value) -> Result<Value, EvaluateError> {
    Expression::parse(source).unwrap_or_else(|error| panic!("{source}: {error}")).evaluate(&scope(data), MAX_FUEL)
}

fn gives(data: &Value, cases: &[(&str, Value)]) {
    for (source, expected) in cases {
        assert_eq!(evaluate(source, data), Ok(expected.clone()), "{source}");
    }
}

/// The message of an error has all these parts.
fn fails(data: &Value, cases: &[(&str, &[&str])]) {
    for (source, parts) in cases {
        let error = evaluate(source, data).expect_err(source).to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{source}: {error}");
    }
}

#[test]
fn a_filter_binds_tighter_than_an_operator() {
    let data = json!({"inputs": {"tags": ["a", "b"], "n": "3", "price": "12.50", "list": [1, 2, 3], "m": -3}});
    gives(
        &data,
        &[
            ("inputs.tags|length * 2", json!(4)),
            ("2 * inputs.tags|length", json!(4)),
            ("inputs.missing|default(1) * 2", json!(2)),
            ("inputs.n|int * 2", json!(6)),
            ("inputs.price|float * 100", json!(1250.0)),
            ("inputs.list|sum * 2", json!(12)),
            ("[inputs.list|length * 2]", json!([6])),
            ("inputs.price|float + 1", json!(13.5)),
            ("(inputs.tags|length) * 2", json!(4)),
            ("-inputs.m|abs", json!(3)),
            ("2 ** inputs.tags|length ** 3", json!(64)),
            ("inputs.tags|length is even and inputs.n|int is odd", json!(true)),
            ("inputs.tags|join ~ 'c' * 1 if false else 1 ~ 2 ~ 3", json!("123")),
            ("1 + 2 * 3 ** 2 // 4 - 5 % 3", json!(3)),
            ("not inputs.n == '4'", json!(true)),
            ("1 < 2 < 3 != 4", json!(true)),
        ],
    );
}

#[test]
fn values_of_different_kinds_are_equal_never_and_ordered_not() {
    let data = json!({"trigger": {"query": {"amount": "5"}}, "inputs": {"list": [1], "object": {"a": 1}, "nothing": null, "yes": true}});
    fails(
        &data,
        &[
            ("trigger.query.amount > 100", &["a string with a number", "`int` or `float`"]),
            ("trigger.query.amount < 100", &["a string with a number"]),
            ("100 >= trigger.query.amount", &["a number with a string"]),
            ("inputs.list > 100", &["a list with a number", "`length`"]),
            ("inputs.object > 3", &["an object with a number"]),
            ("inputs.object < inputs.object", &["an object with an object"]),
            ("inputs.nothing < 5", &["null with a number", "`default(0, true)`"]),
            ("inputs.nothing < inputs.nothing", &["null with null"]),
            ("inputs.yes > 0", &["a boolean with a number"]),
            ("[1, 'a'] < [1, 2]", &["a string with a number"]),
            ("1 < 2 < 'x'", &["a number with a string"]),
            ("[3, '2', 1]|sort", &["`sort`", "a number with a string"]),
            ("[3, '2']|max", &["`max`", "a number with a string"]),
            ("[3, none]|min", &["`min`", "a number with null"]),
            ("[{'a': 1}, {'a': '2'}]|sort(attribute='a')", &["a number with a string"]),
            ("{'a': 1, 'b': '2'}|dictsort(by='value')", &["a number with a string"]),
            ("[1, 'x']|select('gt', 0)|list", &["a string with a number"]),
            ("[{}]|sort", &["objects", "attribute='name'"]),
            ("'3' + 1", &["a string and a number"]),
            ("1 in 5", &["a number in a number"]),
            ("1 in '15'", &["a number in a string"]),
        ],
    );
    gives(
        &data,
        &[
            ("trigger.query.amount == 5", json!(false)),
            ("trigger.query.amount|int == 5", json!(true)),
            ("1 == 1.0 and 1 != true and none == inputs.nothing", json!(true)),
            ("18446744073709551615 > 9007199254740992.0", json!(true)),
            ("9007199254740993 > 9007199254740992.0", json!(true)),
            ("[1, [2]] == [1.0, [2.0]] and {'a': 1} == {'a': 1.0}", json!(true)),
            ("'a' < 'b' and [1, 2] < [1, 3] and false < true", json!(true)),
            ("['b', 'A', 'c']|sort", json!(["A", "b", "c"])),
            ("['b', 'A']|sort(case_sensitive=true, reverse=true)", json!(["b", "A"])),
        ],
    );
}

#[test]
fn a_default_helps_below_what_is_missing() {
    let data = json!({"trigger": {"body": {}}, "inputs": {"nothing": null, "list": [], "empty": ""}});
    gives(
        &data,
        &[
            ("trigger.body.user.name|default('nobody')", json!("nobody")),
            ("trigger.body.user['name'].first[0]|default('nobody')", json!("nobody")),
            ("item.a.b|default(1) + 1", json!(2)),
            ("trigger.body.user.name is defined", json!(false)),
            ("trigger.body.user.name is undefined", json!(true)),
            ("trigger.body.user.name is not defined and true", json!(true)),
            ("inputs.nothing.member|default('x')", json!("x")),
            ("inputs.list[0].a|default('x')", json!("x")),
            ("inputs.list|first|default('x')", json!("x")),
            ("inputs.list|max|d('x')", json!("x")),
            ("inputs.empty|default('x')", json!("")),
            ("inputs.empty|default('x', true)", json!("x")),
            ("inputs.nothing|default('x')", json!(null)),
            ("inputs.nothing|default('x', boolean=true)", json!("x")),
            ("inputs.nothing ~ 'x'", json!("x")),
            ("'x' ~ none ~ 1 ~ true ~ [1, 'a']", json!("x1true[1,\"a\"]")),
            ("['a', none, 'b']|join('-')", json!("a--b")),
            ("none|string", json!("")),
        ],
    );
    for (source, name) in [
        ("trigger.body.user.name", "`trigger.body.user`"),
        ("trigger.body.user.name ~ 'x'", "`trigger.body.user`"),
        ("trigger.body.user|upper", "`trigger.body.user`"),
        ("not trigger.body.user", "`trigger.body.user`"),
        ("trigger.body.user or 1", "`trigger.body.user`"),
        ("[1, trigger.body.user]", "`trigger.body.user`"),
        ("trigger.body.a|default(trigger.body.b)", "`trigger.body.b`"),
        ("[{'a': 1}, {}]|map(attribute='a')", "`a` of an item"),
        ("1 if false", "the value of an `if` without `else`"),
        ("[][0] is mapping", "a member of what is computed"),
    ] {
        assert_eq!(evaluate(source, &data), Err(EvaluateError::Undefined(name.into())), "{source}");
    }
    gives(&data, &[("[{'a': 1}, {}]|map(attribute='a', default=0)", json!([1, 0]))]);
}

#[test]
fn nothing_is_repeated_by_multiplying() {
    let data = json!({"inputs": {"n": 3}});
    for source in [
        "inputs.n|string * 5",
        "1|string * 5",
        "[inputs.n|string|list * 99999999] == [inputs.n|string|list * 99999999]",
        "(inputs.n|string|list * 99999999)|string|length",
        "(inputs.n|string|list * 99999999) ~ 'x'",
        "{'a': inputs.n|string|list * 99999999} == {'a': inputs.n|string|list * 99999999}",
        "[inputs.n|string|list * 99999999, inputs.n|string|list * 99999999]|sort|length",
        "[1|string|list * 99999999] == [1|string|list * 99999999]",
        "5 * 'ab'",
        "true * 5",
    ] {
        fails(&data, &[(source, &["`*` is of numbers"])]);
    }
}

#[test]
fn numbers_are_exact_or_refused() {
    let data = json!({});
    gives(
        &data,
        &[
            ("7 // 2", json!(3)),
            ("-7 // 2", json!(-4)),
            ("-7 % 3", json!(2)),
            ("7 % -3", json!(-2)),
            ("7.5 // 2", json!(3.0)),
            ("6 / 2", json!(3.0)),
            ("2 ** 10", json!(1024)),
            ("2 ** -1", json!(0.5)),
            ("(-1) ** 18446744073709551615", json!(-1)),
            ("18446744073709551615 - 1", json!(18_446_744_073_709_551_614_u64)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("2.5|round", json!(2.0)),
            ("42.55|round(1)", json!(42.5)),
            ("42.55|round(1, 'ceil')", json!(42.6)),
            ("1234|round(-2)", json!(1200)),
            ("'0x1f'|int(0)", json!(0)),
            ("'1f'|int(base=16)", json!(31)),
            ("' 12.9 '|int", json!(12)),
            ("'x'|int(default=7)", json!(7)),
            ("'1e3'|float", json!(1000.0)),
            ("-3|abs", json!(3)),
            ("[1, 2.5]|sum", json!(3.5)),
        ],
    );
    fails(
        &data,
        &[
            ("2 ** 64", &["more than 64 bits"]),
            ("18446744073709551615 + 1", &["more than 64 bits"]),
            ("-9223372036854775808 - 1", &["more than 64 bits"]),
            ("10.0 ** 400", &["infinite"]),
            ("1 / 0", &["divides by zero"]),
            ("1 // 0.0", &["divides by zero"]),
            ("'nan'|float", &["found no number"]),
            ("'inf'|float", &["found no number"]),
            ("'1_000'|int", &["found no number"]),
            ("none|int", &["found no number in null"]),
            ("[1, 'a']|sum", &["`sum` adds numbers"]),
            ("1|round(99999)", &["precision"]),
        ],
    );
    let large = Expression::parse("18446744073709551616").expect_err("does not fit").to_string();
    assert!(large.contains("64 bits (got 18446744073709551616)"), "{large}");
}

#[test]
fn lists_and_objects_are_taken_apart_and_put_together() {
    let data = json!({"inputs": {"users": [
        {"name": "Ada", "age": 36, "tags": ["x"]}, {"name": "bob", "age": 41, "tags": []}, {"name": "Cy", "age": 36, "tags": ["y"]}
    ], "o": {"b": 1, "a": 2}}});
    gives(
        &data,
        &[
            ("inputs.users|map(attribute='name')|join(', ')", json!("Ada, bob, Cy")),
            ("inputs.users|map(attribute='tags.0', default='-')", json!(["x", "-", "y"])),
            ("inputs.users|selectattr('age', 'gt', 40)|map(attribute='name')", json!(["bob"])),
            ("inputs.users|rejectattr('tags')|length", json!(1)),
            ("inputs.users|sort(attribute='age', reverse=true)|map(attribute='name')", json!(["bob", "Ada", "Cy"])),
            ("inputs.users|sum(attribute='age')", json!(113)),
            ("inputs.users|min(attribute='age')|attr('name')", json!("Ada")),
            ("inputs.users|groupby('age')|map(attribute='grouper')", json!([36, 41])),
            ("(inputs.users|groupby('age')|first).list|length", json!(2)),
            ("inputs.users|unique(attribute='age')|map(attribute='name')", json!(["Ada", "bob"])),
            ("['a', 'A', 'b']|unique", json!(["a", "b"])),
            ("range(10)|select('odd')|reject('gt', 6)", json!([1, 3, 5])),
            ("range(5, 0, -2)", json!([5, 3, 1])),
            ("[1, 2, 3, 4, 5]|batch(2, 0)", json!([[1, 2], [3, 4], [5, 0]])),
            ("[1, 2, 3, 4, 5]|slice(2)", json!([[1, 2, 3], [4, 5]])),
            ("[1, 2, 3, 4, 5]|slice(2, 0)", json!([[1, 2, 3], [4, 5, 0]])),
            ("inputs.o|items", json!([["a", 2], ["b", 1]])),
            ("inputs.o|dictsort", json!([["a", 2], ["b", 1]])),
            ("inputs.o|dictsort(by='value')", json!([["b", 1], ["a", 2]])),
            ("'hello'[1:-1] ~ 'abc'[::-1] ~ 'x'[5:]", json!("ellcba")),
            ("[1, 2, 3][-1] + [1, 2, 3][::2]|length", json!(5)),
            ("[1] + [2, [3]]", json!([1, 2, [3]])),
            ("[3, 1]|reverse + 'ab'|list", json!([1, 3, "a", "b"])),
            ("'a' in inputs.o and 'z' not in inputs.o and 'b' in 'abc'", json!(true)),
            ("dict(a=1, b=[2])", json!({"a": 1, "b": [2]})),
            ("'äö'|length + 'äö'|list|length", json!(4)),
        ],
    );
}

#[test]
fn texts_are_changed() {
    gives(
        &json!({"inputs": {"text": "hello World-wide (web)", "lines": "a\nb\n\nc"}}),
        &[
            ("inputs.text|title", json!("Hello World-Wide (Web)")),
            ("inputs.text|capitalize", json!("Hello world-wide (web)")),
            ("' x '|trim ~ 'xxaxx'|trim('x')", json!("xa")),
            ("'aaa'|replace('a', 'b', 2)", json!("bba")),
            ("'a, b'|split(', ')", json!(["a", "b"])),
            ("' a  b c '|split", json!(["a", "b", "c"])),
            ("'a b c'|split(maxsplit=1)", json!(["a", "b c"])),
            ("inputs.lines|lines|length", json!(4)),
            ("inputs.lines|indent(2)", json!("a\n  b\n\n  c")),
            ("'<a href=\"x\">&'|escape", json!("&lt;a href=&#34;x&#34;&gt;&amp;")),
            ("'%s has %05.1f %% of %d, %x'|format('x', 2.25, 7.9, 255)", json!("x has 002.2 % of 7, ff")),
            ("'%-4s|%4s'|format('a', 'b')", json!("a   |   b")),
            ("'2026-11-29'|regex_replace('(\\\\d+)-(\\\\d+)-(\\\\d+)', '$3.$2.$1')", json!("29.11.2026")),
            ("'aXbX'|regex_replace('(?i)x', '')", json!("ab")),
            ("'abc'|regex_replace('', '-')", json!("-a-b-c-")),
            ("'äöü'|regex_replace('x*', '.')", json!(".ä.ö.ü.")),
            ("'héllo wörld'|regex_replace('\\\\w+', '<$0>')", json!("<héllo> <wörld>")),
        ],
    );
    let long = format!("'a'|regex_replace('{}', '')", "a".repeat(201));
    fails(
        &json!({}),
        &[
            (&long, &["at most 200 bytes (got 201)"]),
            ("'a'|regex_replace('(a', '')", &["regular expression"]),
            ("'a'|regex_replace('(?=a)', '')", &["without look-around"]),
            ("'a'|regex_replace('(a|b){999}', '')", &["moderate size"]),
            ("'%q'|format(1)", &["does not know `%q`"]),
            ("'%s'|format", &["fewer values"]),
            ("'%999999999s'|format('x')", &["at most"]),
            ("'a'|split('')", &["not empty"]),
        ],
    );
}

#[test]
fn values_are_encoded_and_hashed() {
    gives(
        &json!({"inputs": {"o": {"q": "a b&c", "n": 1, "none": null}}}),
        &[
            ("'a b/ü?&'|urlencode", json!("a%20b/%C3%BC%3F%26")),
            ("inputs.o|urlencode", json!("n=1&none=&q=a+b%26c")),
            ("{'a': [1, none]}|tojson", json!("{\"a\":[1,null]}")),
            ("'{\"a\": [1, 2.5]}'|fromjson", json!({"a": [1, 2.5]})),
            ("('[1]'|fromjson)[0] + 1", json!(2)),
            ("'hällo'|base64", json!("aMOkbGxv")),
            ("'aMOkbGxv'|base64decode", json!("hällo")),
            // NIST's example for "abc" (FIPS 180-4).
            ("'abc'|hash", json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
            ("'abc'|hash('sha1')", json!("a9993e364706816aba3e25717850c26c9cd0d89d")),
            // RFC 4231, section 4.3.
            (
                "'what do ya want for nothing?'|hmac(inputs.signing_key)",
                json!("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            ),
            (
                "'what do ya want for nothing?'|hmac(inputs['signing_key'], 'sha1', 'base64')",
                json!("7/zfauXrL6LSdBbV8YTfnCWafHk="),
            ),
        ],
    );
    fails(
        &json!({}),
        &[
            ("'{'|fromjson", &["no JSON at line 1, column 1"]),
            ("'a'|hmac('key')", &["secret input", "format: secret"]),
            ("'a'|hash('md4')", &["sha256, sha512 and sha1"]),
            ("'%%%'|base64decode", &["RFC 4648"]),
        ],
    );
}

#[test]
fn times_are_read_and_written_in_zones() {
    gives(
        &json!({}),
        &[
            ("now()", json!("2026-11-29T08:30:00.000Z")),
            ("now()|formatdate", json!("2026-11-29")),
            ("now()|formatdate('%H:%M %Z', 'Europe/Rome')", json!("09:30 CET")),
            ("now()|timestamp", json!(1_795_941_000)),
            ("(now()|timestamp + 3600)|formatdate('%H:%M')", json!("09:30")),
            ("'29.11.2026 08:30'|parsedate('%d.%m.%Y %H:%M', 'Europe/Rome')", json!("2026-11-29T08:30:00+01:00")),
            ("'29.11.2026'|parsedate('%d.%m.%Y')", json!("2026-11-29T00:00:00Z")),
            ("'2026-11-29'|parsedate|timestamp", json!(1_795_910_400)),
            ("'2026-11-29T08:30:00+01:00'|parsedate", json!("2026-11-29T07:30:00Z")),
            // Clocks are set back in Rome at 03:00 on this day: 02:30 is there twice, the first time in summer time.
            ("'2026-10-25 02:30'|parsedate('%Y-%m-%d %H:%M', 'Europe/Rome')", json!("2026-10-25T02:30:00+02:00")),
            ("0|formatdate('%Y-%m-%dT%H:%M:%S%z')", json!("1970-01-01T00:00:00+0000")),
        ],
    );
    fails(
        &json!({}),
        &[
            ("'2026-03-29 02:30'|parsedate('%Y-%m-%d %H:%M', 'Europe/Rome')", &["Europe/Rome skips"]),
            ("now()|formatdate('%Q')", &["unknown part"]),
            ("now()|formatdate('%Y', 'Europe/Nowhere')", &["time zone", "Europe/Nowhere"]),
            ("'yesterday'|formatdate", &["2026-11-29T08:30:00Z"]),
            ("'29.11.2026'|parsedate('%Y-%m-%d')", &["by this format"]),
        ],
    );
}

#[test]
fn secrets_are_handed_on_whole_and_never_seen() {
    let data = json!({"inputs": {"name": "x"}});
    for source in [
        "inputs.token",
        "inputs['token']",
        "inputs['tok' ~ 'en']",
        "inputs.token ~ ''",
        "inputs.token == 's3cr3t'",
        "inputs.token|length",
        "[inputs.token]",
        "{'a': inputs.token}",
        "inputs.token|default('x')",
        "inputs.token if inputs.token else 1",
        "'a'|hash(inputs.token)",
        "inputs.token|hmac(inputs.token)",
        "inputs.token[0]",
        "inputs.token is string",
    ] {
        assert_eq!(evaluate(source, &data), Err(EvaluateError::Secret("inputs.token".into())), "{source}");
    }
    assert_eq!(evaluate("inputs|tojson", &data), Ok(json!("{\"name\":\"x\"}")), "the data does not hold them");
    let read = |text: &str| Template::parse_text(text).expect("is a template");
    let template = Template::Object(
        [
            ("a".to_owned(), read("{{ inputs.token }}")),
            ("b/c".to_owned(), Template::List(vec![read("Bearer {{ inputs.token }}.")])),
        ]
        .into(),
    );
    let given = template.evaluate(&scope(&data), MAX_FUEL).expect("has a value");
    assert_eq!(given.value, json!({"a": null, "b/c": [null]}));
    assert!(!format!("{given:?}").contains("s3cr3t"));
    let revealed: Vec<_> = given
        .secrets
        .iter()
        .map(|(pointer, text)| {
            (
                pointer.as_str(),
                secrecy::ExposeSecret::expose_secret(&text.reveal(&SECRETS).expect("is there")).to_owned(),
            )
        })
        .collect();
    assert_eq!(revealed, [("/a", "s3cr3t".to_owned()), ("/b~1c/0", "Bearer s3cr3t.".to_owned())]);
    assert!(given.secrets["/a"].reveal(&Default::default()).is_err());
}

#[test]
fn arguments_have_to_fit() {
    for (source, part) in [
        ("1|upper(2)", "`upper` takes nothing (got 1)"),
        ("'a'|replace('b')", "`replace` takes old, new, count? (got no `new`)"),
        ("'a'|join(sep=',')", "`join` takes d?, attribute? (got `sep`)"),
        ("'a'|join(',', d=',')", "(got `d`)"),
        ("1 is divisibleby", "`divisibleby` takes 1 values without names (got 0)"),
        ("[1]|map", "must name"),
        ("[1]|map(inputs.x)", "must name"),
        ("[1]|map('nope')", "unknown filter `nope`"),
        ("[1]|select('nope')", "unknown test `nope`"),
        ("[1]|map(attribute='')", "dots"),
        ("[1]|map(attribute='a', x=1)", "(got `x`)"),
        ("range()", "`range` takes"),
        ("dict(1)", "`dict` takes values with names"),
        ("now(1)", "`now` takes nothing"),
        ("[1]|join(*[1])", "unpacked"),
    ] {
        let error = Expression::parse(source).expect_err(source).to_string();
        assert!(error.contains(part), "{source}: {error}");
    }
}
