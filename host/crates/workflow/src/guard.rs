//! Takes out of expressions what fuel does not see. minijinja pays for what is made and visited, but a list that is
//! repeated, or shared a thousand times within a list, is large without being made, and comparing two of them is not paid
//! for. So products are of numbers alone, and no filter can put one value into many places.

use std::collections::BTreeSet;

use super::{
    expression::{ExpressionError, is_keyword},
    token::{Token, scan},
};

/// Filters that share or repeat values, and one that indents before it pays.
pub(super) const DENIED_FILTERS: [&str; 5] = ["batch", "chain", "pprint", "slice", "zip"];
/// Twice negated, a number is itself, and anything else is an error.
const NUMBER: &str = "- - ";

/// The expression as it is compiled.
pub(super) fn guarded(source: &str) -> Result<String, ExpressionError> {
    let (tokens, starts) = scan(source);
    let mut places = BTreeSet::new();
    for (place, token) in tokens.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| tokens.get(before));
        match token {
            Token::Sign("*" | "**") if matches!(before, Some(Token::Sign("(" | ",")) | None) => {
                return Err(ExpressionError::Syntax(
                    "arguments cannot be unpacked with `*`: write them one by one".to_owned(),
                ));
            }
            Token::Sign("*") => {
                places.insert(factor(&tokens, place)?);
                places.insert(place + 1);
            }
            Token::Name("map") if before == Some(&Token::Sign("|")) => check_map(&tokens, place + 1)?,
            // It would take an indentation, and writes that before it pays.
            Token::Name("tojson") if before == Some(&Token::Sign("|")) => match tokens.get(place + 1..place + 3) {
                Some([Token::Sign("("), argument]) if *argument != Token::Sign(")") => {
                    return Err(ExpressionError::Syntax("`tojson` takes no arguments".to_owned()));
                }
                _ => {}
            },
            _ => {}
        }
    }
    let mut written = source.to_owned();
    for start in places.into_iter().rev().filter_map(|place| starts.get(place)) {
        written.insert_str(*start, NUMBER);
    }
    Ok(written)
}

/// Where the factor begins that ends before `end`.
fn factor(tokens: &[Token<'_>], end: usize) -> Result<usize, ExpressionError> {
    let unclear = || ExpressionError::Syntax("the factors of `*` are ambiguous: put them in parentheses".to_owned());
    let at = |place: usize| place.checked_sub(1).and_then(|before| tokens.get(before));
    let mut start = end;
    loop {
        let last = at(start).filter(|last| ends_value(last)).ok_or_else(unclear)?;
        let is_bracket = matches!(last, Token::Sign(_));
        start = if is_bracket { opening(tokens, start - 1).ok_or_else(unclear)? } else { start - 1 };
        match at(start) {
            Some(Token::Sign("." | "|" | "**")) => start -= 1,
            Some(before) if ends_value(before) && is_bracket => {}
            Some(before) if ends_value(before) => return Err(unclear()),
            _ => return Ok(start),
        }
    }
}

fn ends_value(token: &Token<'_>) -> bool {
    match token {
        Token::Name(name) => {
            !is_keyword(name) || matches!(*name, "true" | "false" | "none" | "True" | "False" | "None")
        }
        Token::Number(_) | Token::Text(_) => true,
        Token::Sign(sign) => matches!(*sign, ")" | "]" | "}"),
    }
}

fn opening(tokens: &[Token<'_>], closing: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for place in (0..=closing).rev() {
        match tokens.get(place)? {
            Token::Sign(")" | "]" | "}") => depth += 1,
            Token::Sign("(" | "[" | "{") => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(place);
                }
            }
            _ => {}
        }
    }
    None
}

/// What `map` gives to every item has to be written out: anything else would be shared by all of them.
fn check_map(tokens: &[Token<'_>], open: usize) -> Result<(), ExpressionError> {
    if tokens.get(open) != Some(&Token::Sign("(")) {
        return Ok(());
    }
    // The same for what it names, however that is spelt.
    if let Some([Token::Text(name), Token::Sign(",")]) = tokens.get(open + 1..open + 3)
        && (*name == "tojson" || name.contains('\\'))
    {
        return Err(ExpressionError::Map);
    }
    for (place, token) in tokens.iter().enumerate().skip(open + 1) {
        let is_literal = match token {
            Token::Text(_) | Token::Number(_) => true,
            Token::Name(name) => is_keyword(name) || tokens.get(place + 1) == Some(&Token::Sign("=")),
            Token::Sign(sign) => matches!(*sign, "," | "=" | "-" | ")"),
        };
        if !is_literal {
            return Err(ExpressionError::Map);
        }
        if *token == Token::Sign(")") {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_factors_of_a_product_are_numbers() {
        for (source, expected) in [
            ("a * b", "- - a * - - b"),
            ("a*b*c", "- - a*- - b*- - c"),
            ("1 + a.b[0](x)|f(1) * (c)", "1 + - - a.b[0](x)|f(1) * - - (c)"),
            ("a if b else c * d", "a if b else - - c * - - d"),
            ("a ** b * c", "- - a ** b * - - c"),
            ("-a * -b", "-- - a * - - -b"),
            ("(a + b) * 2", "- - (a + b) * - - 2"),
            ("a ** 2", "a ** 2"),
            ("'a * b'", "'a * b'"),
        ] {
            assert_eq!(guarded(source).as_deref(), Ok(expected), "{source}");
        }
        for source in ["f(*a)", "f(1, **a)", "* a", "a b * c", ") * c", "+ * c"] {
            assert!(guarded(source).is_err(), "{source}");
        }
    }

    #[test]
    fn tojson_takes_nothing() {
        assert!(guarded("a|tojson").is_ok() && guarded("a|tojson()|upper").is_ok());
        for source in ["a|tojson(9)", "a|tojson(indent=9)", "a | tojson (true)"] {
            assert!(guarded(source).is_err(), "{source}");
        }
    }

    #[test]
    fn map_takes_what_is_written_out() {
        for source in ["a|map('upper')", "a|map(attribute='x', default=-1)", "a|map('default', none, true)", "a|map"] {
            assert!(guarded(source).is_ok(), "{source}");
        }
        for source in [
            "a|map('tojson', 9)",
            "a|map('to\\u006ason', 9)",
            "a|map('default', a)",
            "a|map('default', [])",
            "a|map(attribute='x', default=(1))",
        ] {
            assert_eq!(guarded(source), Err(ExpressionError::Map), "{source}");
        }
    }
}
