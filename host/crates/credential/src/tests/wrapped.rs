//! Credentials in other forms: broken over lines, escaped, in base64, with invisible characters.

use super::*;

/// The longest definition of a workflow, in bytes.
const MAX_BYTES: usize = 256 * 1024;

const SHAPES: [&str; 9] = [
    "ghp_<a36>",
    "glpat-<a20>",
    "xoxb-<d12>-<d12>-<a24>",
    "SG.<a22>.<a43>",
    "npm_<a36>",
    "hf_<a34>",
    "shpat_<h32>",
    "whsec_<a32>",
    "https://hooks.slack.com/services/T00000000/B00000000/<a24>",
];

#[test]
fn tokens_that_are_broken_by_blanks_are_found() {
    for secret in SHAPES.map(made) {
        let keyword = secret.find(['_', '-', '.']).expect("a keyword ends in a sign") + 1;
        for (at, gap) in
            [(keyword, " "), (secret.len() / 2, "\n"), (secret.len() / 2, "\r\n    "), (secret.len() - 9, " ")]
        {
            let text = format!("Use {}{gap}{} for it.", &secret[..at], &secret[at..]);
            assert!(is_found(&text), "{text}");
        }
        let pieces: Vec<_> = secret.as_bytes().chunks(12).map(String::from_utf8_lossy).collect();
        assert!(secret.contains("://") || is_found(&pieces.join("\n")), "{secret}");
        let folded = format!("name: a\ntext: >-\n  {}\n  {}\n", &secret[..keyword + 6], &secret[keyword + 6..]);
        assert!(is_found(&folded), "{folded}");
    }
}

#[test]
fn escaped_tokens_are_found() {
    for secret in SHAPES.map(made) {
        for text in [
            format!("a%20{secret}"),
            format!(
                "next=%2Fa%3Ft%3D{}",
                secret.replace('_', "%5F").replace('-', "%2d").replace('/', "%2F").replace(':', "%3A")
            ),
            json!({"a": format!("\n{secret}")}).to_string(),
            json!({"a": json!({"b": format!("\t{secret}")}).to_string()}).to_string(),
            format!(r"\u003d{secret}"),
            format!("{}\u{200b}{}", &secret[..9], &secret[9..]),
            format!("{}\\\n{}", &secret[..9], &secret[9..]),
            base64(&secret),
            base64(&format!("token: {secret}\n")),
            format!("data:application/json;base64,{}", base64(&json!({"a": secret}).to_string())),
            base64(&format!("some text before it\n{secret}"))
                .as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
                .collect(),
        ] {
            assert!(is_found(&text), "{text}");
        }
    }
}

#[test]
fn words_are_not_put_together() {
    for text in [
        "npm_ configuration and other things that take thirty six characters",
        "npm_ Version 10 and Later Versions of Everything That Was Published 2026",
        "a token begins with xoxb- and sk- followed-by digits",
        "SK 9f86d081884c7d659a2feaa0c55ad015",
        "the key- 9f86d081",
        "hf_ ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH",
        "see https://example.com:8080 ann2@example.com",
    ] {
        assert!(!is_found(text), "{text}");
    }
}

/// Texts that start a token many times, or never end one. With a search that is not linear, this test would run for hours.
#[test]
fn the_worst_texts_take_linear_time() {
    for unit in [
        "sk-",
        "xoxb",
        "token=",
        "eyJ-",
        "eyJa.",
        "SG.a ",
        "{{",
        "://a:",
        "MT MT ",
        "%25",
        "\\u00",
        "bearer ",
        "Basic ",
        "a1B2c3D4 ",
    ] {
        let text = unit.repeat(MAX_BYTES / unit.len());
        let _ = find(&json!({"password": text}), MOST);
    }
}
