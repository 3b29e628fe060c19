//! The words of an expression, as far as finding what it reads needs them. minijinja decides whether a text is an
//! expression; this never does.

/// A part of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Name(&'a str),
    Number(&'a str),
    /// What stands between quotes, as it is written.
    Text(&'a str),
    Sign(&'a str),
}

/// Signs of two characters.
const LONG_SIGNS: [&str; 6] = ["==", "!=", "<=", ">=", "//", "**"];

/// Splits a text into tokens. The tokens of what is no expression mean nothing.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    scan(source).0
}

/// Tokens, and at which byte each of them begins.
pub(super) fn scan(source: &str) -> (Vec<Token<'_>>, Vec<usize>) {
    let (mut tokens, mut starts) = (Vec::new(), Vec::new());
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' => {
                let length = text_length(rest);
                let inner = rest[1..length].strip_suffix(first).unwrap_or(&rest[1..length]);
                (Token::Text(inner), length)
            }
            first if first.is_ascii_digit() => {
                let length = number_length(rest);
                (Token::Number(&rest[..length]), length)
            }
            first if first.is_alphabetic() || first == '_' => {
                let length = run(rest, |character| character.is_alphanumeric() || character == '_');
                (Token::Name(&rest[..length]), length)
            }
            first => {
                let long = LONG_SIGNS.iter().any(|sign| rest.starts_with(sign));
                let length = if long { 2 } else { first.len_utf8() };
                (Token::Sign(&rest[..length]), length)
            }
        };
        tokens.push(token);
        starts.push(source.len() - rest.len());
        rest = rest[length..].trim_start();
    }
    (tokens, starts)
}

/// Bytes of a text in quotes with which `rest` begins, the quotes included; all of `rest` where it does not end.
pub(super) fn text_length(rest: &str) -> usize {
    let mut characters = rest.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    while let Some((place, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if Some(character) == quote {
            return place + character.len_utf8();
        }
    }
    rest.len()
}

fn number_length(rest: &str) -> usize {
    let whole = run(rest, |character| character.is_ascii_alphanumeric() || character == '_');
    let fraction =
        rest[whole..].strip_prefix('.').filter(|after| after.starts_with(|digit: char| digit.is_ascii_digit()));
    fraction.map_or(whole, |after| {
        whole + 1 + run(after, |character| character.is_ascii_alphanumeric() || character == '_')
    })
}

fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|character| !belongs(character)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_numbers_and_signs_are_told_apart() {
        use Token::{Name, Number, Sign, Text};
        assert_eq!(
            tokens(r#" a.b-1 == "it's \" }}"|f(1.5e3, x[0]) "#),
            [
                Name("a"),
                Sign("."),
                Name("b"),
                Sign("-"),
                Number("1"),
                Sign("=="),
                Text(r#"it's \" }}"#),
                Sign("|"),
                Name("f"),
                Sign("("),
                Number("1.5e3"),
                Sign(","),
                Name("x"),
                Sign("["),
                Number("0"),
                Sign("]"),
                Sign(")"),
            ]
        );
        for odd in ["'", "\"a\\", "1.", "é€", "", "'é"] {
            tokens(odd);
        }
    }
}
