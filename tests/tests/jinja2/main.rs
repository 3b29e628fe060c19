//! Expressions give what Python's Jinja2 gives, wherever the two languages are one: the same value, or an error in both.
//!
//! Where they differ, on purpose, nothing is generated or the difference is let pass:
//! - booleans are no numbers: `true + 1` and `true == 1` (Python: 2 and true);
//! - text of null, booleans, lists and objects in `~`, `join` and `string` is JSON and not Python's, and null is empty: Python's side
//!   is told to do the same;
//! - `*` is of numbers, and `%` formats no text (Python: `'ab' * 2`, `'%s' % 1`); whole numbers have 64 bits;
//! - `int` and `float` fail where there is no number (Jinja2: 0), and take no `1_000`;
//! - a value of null has no order, and a missing value is an error in every test but `defined` and `undefined`;
//! - `odd`, `even` and `divisibleby` are of whole numbers; `tojson` writes `<`, `>`, `&` and `'` as they are;
//! - `map`, `select`, `unique`, `reverse` and others give lists and not generators: `|list` is written after them here;
//! - a test may follow a test (`x is defined is true`);
//! - `groupby` gives objects, `format` knows fewer conversions, and members have no methods.

mod expression;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use workway_host::{
    model::Timestamp,
    workflow::{Expression, Scope, bounds::MAX_FUEL},
};
use workway_tests::skip;

/// Expressions that are compared.
const CASES: u32 = 5_000;

/// What our errors say where Python has a value.
const DIFFERENCES: [&str; 5] =
    ["of what is empty", "a boolean", "more than 64 bits", "`*` is of numbers", "`%` is of numbers"];

/// A Jinja2 that answers questions.
struct Jinja2 {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Jinja2 {
    /// `None` where `cargo xtask test` could not install it.
    fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let python = root.join("target/tools/jinja2/venv/bin/python");
        if !python.exists() {
            return None;
        }
        let mut command = Command::new(python);
        command.arg(root.join("tests/jinja2/evaluate.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Python starts");
        let answers = BufReader::new(child.stdout.take().expect("its output is piped"));
        Some(Self { child, answers })
    }

    fn evaluate(&mut self, source: &str, data: &Value) -> Result<Value, String> {
        let question = json!({ "source": source, "data": data });
        let input = self.child.stdin.as_mut().expect("its input is piped");
        writeln!(input, "{question}").expect("Python reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("Python answers");
        let mut answer: Value = serde_json::from_str(&line).expect("its answer is JSON");
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["value"].take()),
        }
    }
}

impl Drop for Jinja2 {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn evaluate(source: &str, data: &Value) -> Result<Value, String> {
    let scope = Scope { data, layers: &[], now: Timestamp::UNIX_EPOCH, secrets: &Default::default() };
    let expression = Expression::parse(source).map_err(|error| error.to_string())?;
    expression.evaluate(&scope, MAX_FUEL).map_err(|error| error.to_string())
}

#[test]
fn expressions_give_what_jinja2_gives() {
    let Some(jinja2) = Jinja2::start() else {
        return skip("expressions_give_what_jinja2_gives", "Jinja2");
    };
    let jinja2 = std::cell::RefCell::new(jinja2);
    let values = std::cell::Cell::new(0_u32);
    let data = expression::data();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        max_shrink_iters: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&expression::any(), |source| {
        let (ours, theirs) = (evaluate(&source, &data), jinja2.borrow_mut().evaluate(&source, &data));
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => {
                values.set(values.get() + 1);
                prop_assert_eq!(ours, theirs, "{}", source);
            }
            (Err(_), Err(_)) => {}
            // What is listed above.
            (Err(ours), Ok(_)) if DIFFERENCES.iter().any(|difference| ours.contains(difference)) => {}
            (Err(ours), Ok(Value::Bool(_))) if ours.contains("is undefined") => {}
            (Ok(_), Err(theirs)) if theirs.contains("cannot chain multiple tests") => {}
            _ => prop_assert!(false, "{}: ours {:?}, theirs {:?}", source, ours, theirs),
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(values.get() > CASES / 2, "only {} of {CASES} expressions have a value", values.get());
}
