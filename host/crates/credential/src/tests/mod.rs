//! What counts as a credential and what does not. Everything that looks like one is put together here, so that no file of
//! this repository holds what scanners look for.

mod found;
mod generated;
mod names;
mod ordinary;
mod shapes;
mod wrapped;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::*;

/// More than any test has.
const MOST: usize = 1_000;

/// What is found in a value.
fn told(value: &Value) -> Vec<&'static str> {
    find(value, MOST).into_iter().map(|found| found.what).collect()
}

/// Whether one text, which has no telling name, counts as a credential.
fn is_found(text: &str) -> bool {
    !told(&json!({"text": text})).is_empty()
}

/// A text in which `<a20>` stands for 20 mixed letters and digits, `<h20>` for hexadecimal ones, `<d20>` for digits, `<u20>`
/// for upper case and digits, `<l20>` for lower case and digits.
fn made(shape: &str) -> String {
    let mut text = String::new();
    let mut rest = shape;
    let mut used = 0;
    while let Some((before, after)) = rest.split_once('<') {
        let (run, after) = after.split_once('>').expect("a run is closed");
        let alphabet = match &run[..1] {
            "a" => "q7Zk2Xv9Lm4Tb8Wc1Rf6Hn3Yp5Gd0Js",
            "h" => "9f86d081884c7d659a2feaa0c55ad015",
            "d" => "2718281828459045",
            "u" => "Q7ZK2XV9LM4TB6WC3RF5HN",
            "l" => "q7zk2xv9wm4tb8wc1rf6hn3yp5",
            other => panic!("unknown run {other}"),
        };
        text.push_str(before);
        let length: usize = run[1..].parse().expect("a run has a length");
        text.extend(alphabet.chars().cycle().skip(used % alphabet.len()).take(length));
        used += length;
        rest = after;
    }
    text + rest
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// A JSON Web Token with this head and nothing to hide.
fn token_of(head: &str) -> String {
    let part = |text: &str| base64(text).trim_end_matches('=').replace('+', "-").replace('/', "_");
    format!("{}.{}.{}", part(head), part(r#"{"sub":"1"}"#), made("<a43>"))
}
