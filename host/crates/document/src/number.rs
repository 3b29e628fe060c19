//! Numbers that arrive as they were written.

use serde_json::Number;

/// The most significant digits that a double can tell apart.
const MAX_DIGITS: usize = 17;
/// How much of a number an error repeats, in characters.
const MAX_QUOTED_CHARS: usize = 40;

/// Reads a number in JSON's notation (RFC 8259, section 6). An integer must fit 64 bits. A number with a fraction or an
/// exponent is a double, whose digits must be those that were written.
///
/// # Errors
/// A message for the author if the number would change.
pub(crate) fn exact(text: &str) -> Result<Number, String> {
    let quoted = clipped(text);
    if !text.contains(['.', 'e', 'E']) {
        let integer = text.parse().map(i64::into).or_else(|_| text.parse().map(u64::into));
        return integer
            .map_err(|_| format!("the number {quoted} does not fit 64 bits: put it in quotes to keep it as a text"));
    }
    let number = text.parse().ok().and_then(Number::from_f64);
    let number =
        number.ok_or_else(|| format!("the number {quoted} is too large: put it in quotes to keep it as a text"))?;
    if !keeps_digits(text, number.as_f64().unwrap_or_default()) {
        return Err(format!(
            "the number {quoted} has more digits than a number keeps: round it, or put it in quotes to keep it as a text"
        ));
    }
    Ok(number)
}

/// Whether `number`, written with as many significant digits as `text`, has the same ones.
fn keeps_digits(text: &str, number: f64) -> bool {
    let written = significant(text);
    match written.len() {
        0 => true,
        count if count > MAX_DIGITS => false,
        count => significant(&format!("{number:.*e}", count - 1)) == written,
    }
}

/// The digits of a number from the first to the last that is not zero, without the exponent.
fn significant(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

pub(crate) fn clipped(text: &str) -> String {
    text.chars().take(MAX_QUOTED_CHARS).collect()
}
